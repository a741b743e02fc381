//! What can be wrong when a dataset is looked for or downloaded.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no folder with a dataset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No dataset is known by the name.
    #[error("expected the name of a dataset, {}, found {name}", known.join(" or "))]
    Unknown {
        /// The name.
        name: String,
        /// The names that are known.
        known: Vec<String>,
    },
    /// The dataset lies in none of the usual places.
    #[error("the dataset {} was not found; {missing}", .0.name, missing = .0)]
    NotFound(Box<Missing>),
    /// The dataset, or a part of it, would have to be downloaded.
    #[error(
        "the dataset {} was not found, and nothing is downloaded, as was asked for; {missing}",
        .0.name,
        missing = .0
    )]
    Offline(Box<Missing>),
    /// There is no folder to download into.
    #[error(
        "there is no folder for caches, to download {name} into: the user has no home; set RNN_CACHE to a \
         folder"
    )]
    NoCache {
        /// The dataset.
        name: String,
    },
    /// The name of a dataset, or of a file of one, is none that a file could have.
    #[error("expected the name of a file or folder, found {found:?}")]
    Name {
        /// The name.
        found: String,
    },
    /// No mirror gave a file.
    #[error(
        "{file} could not be downloaded from {}; put {} into {} by hand, or give another mirror",
        answers(mirrors),
        missing.join(", "),
        folder.display()
    )]
    Download {
        /// The file.
        file: String,
        /// The files that are still missing, this one first.
        missing: Vec<String>,
        /// Where they would be.
        folder: PathBuf,
        /// Where it was asked for, with the last answer of each.
        mirrors: Vec<(String, MirrorError)>,
    },
    /// A file or a folder of the cache could not be written or read.
    #[error("{}", path.display())]
    Io {
        /// The file or the folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// A dataset that was not found: where it was looked for, and what to put where. As text, it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The dataset.
    pub name: String,
    /// Where it was looked for.
    pub places: Vec<Place>,
    /// Its files.
    pub files: Vec<String>,
    /// Where they can be downloaded: URLs to which a file's name is appended.
    pub mirrors: Vec<String>,
    /// A folder where they will be found: that in the cache, if there is one.
    pub target: PathBuf,
}

/// A folder in which a dataset was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// The files that are not there; `None` if there is no such folder.
    pub missing: Option<Vec<String>>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |place: &Place| {
            let folder = place.folder.display();
            match &place.missing {
                None => folder.to_string(),
                Some(missing) if missing.len() == self.files.len() => {
                    format!("{folder} (which holds none of its files)")
                }
                Some(missing) => format!("{folder} (which lacks {})", missing.join(", ")),
            }
        };
        let places: Vec<String> = self.places.iter().map(place).collect();
        write!(
            f,
            "looked for {}; put {}",
            places.join(", "),
            self.files.join(", ")
        )?;
        if !self.mirrors.is_empty() {
            write!(f, " from {}", self.mirrors.join(" or "))?;
        }
        write!(
            f,
            " into {}, or set RNN_DATA to the folder that holds {}",
            self.target.display(),
            self.name
        )
    }
}

fn answers(mirrors: &[(String, MirrorError)]) -> String {
    if mirrors.is_empty() {
        return "anywhere, since no mirror is known".to_owned();
    }
    let answers: Vec<String> = mirrors
        .iter()
        .map(|(url, error)| format!("{url} ({error})"))
        .collect();
    answers.join(", nor from ")
}

/// Why a mirror gave no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// It could not be asked: the URL is none, the host is unknown, nobody listens there, or not
    /// over TLS as it should be.
    #[error("no connection: {reason}")]
    Connection {
        /// What is wrong.
        reason: String,
    },
    /// It answered with an error.
    #[error("status {status} {reason}")]
    Status {
        /// The status: 404 if the file is not there.
        status: u16,
        /// What the status means.
        reason: &'static str,
    },
    /// It sent a page for a browser, as networks do that want one to log in first.
    #[error(
        "expected the file, found an HTML page: if the network wants you to log in, do so in a browser and \
         try again"
    )]
    Html,
    /// It sent nothing for too long.
    #[error("nothing came for {} s, after {received} bytes", after.as_secs_f32())]
    Stalled {
        /// How long.
        after: Duration,
        /// How many bytes had come.
        received: u64,
    },
    /// It sent next to nothing for as long as it may send nothing.
    #[error(
        "fewer than 256 bytes a second came for {} s, after {received} bytes", after.as_secs_f32()
    )]
    Slow {
        /// How long.
        after: Duration,
        /// How many bytes had come.
        received: u64,
    },
    /// The connection ended, or what came over it is not HTTP.
    #[error("the connection failed after {received} bytes{}: {reason}", of(total))]
    Cut {
        /// How many bytes had come.
        received: u64,
        /// How many were to come, if the mirror said so.
        total: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// What it said of the part that it would send does not fit what was asked for.
    #[error("expected the bytes from {expected} on, found {found}")]
    Range {
        /// How many bytes were there.
        expected: u64,
        /// The answer: its status or its header `Content-Range`.
        found: String,
    },
    /// It sent more than the file can have.
    #[error("expected at most {limit} bytes, found {found} or more")]
    TooLarge {
        /// The limit.
        limit: u64,
        /// How many came or were announced, or came out when they were decompressed.
        found: u64,
    },
    /// The content is not that of the file.
    #[error("expected content of SHA-256 {expected}, found {found} in {bytes} bytes")]
    Sum {
        /// The sum of the file's content.
        expected: String,
        /// The sum of what was sent.
        found: String,
        /// How many (decompressed) bytes were sent.
        bytes: u64,
    },
    /// The file is damaged: it cannot be decompressed.
    #[error("damaged gzip in {bytes} bytes: {reason}")]
    Gzip {
        /// How many bytes were sent.
        bytes: u64,
        /// What is wrong with them.
        reason: String,
    },
}

fn of(total: &Option<u64>) -> String {
    total.map_or_else(String::new, |total| format!(" of {total}"))
}
