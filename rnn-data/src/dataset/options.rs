//! Where datasets are looked for, how they are downloaded, and what is told meanwhile.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use super::MirrorError;

/// Where datasets are looked for, and how they are downloaded.
///
/// ```
/// use rnn_data::dataset::Options;
///
/// let options = Options {
///     mirror: Some("https://intranet.example.org/mnist/".to_owned()),
///     ..Options::default()
/// };
/// assert!(!options.offline);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folders that hold folders of datasets: by default `$RNN_DATA` if it is set, `data`, and
    /// `/usr/share/datasets`.
    pub roots: Vec<PathBuf>,
    /// The folder into which datasets are downloaded, each into one of its own, and where they are looked
    /// for last: by default `$RNN_CACHE`, or else `rnn` in the platform's folder for caches. `None` if
    /// there is no such folder, since the user has no home.
    pub cache: Option<PathBuf>,
    /// Asked instead of the dataset's own mirrors: a URL to which a file's name is appended.
    pub mirror: Option<String>,
    /// Whether nothing is downloaded.
    pub offline: bool,
    /// How long looking up a mirror's address may take, and connecting to it.
    pub connect_timeout: Duration,
    /// How long a mirror may send nothing.
    pub stall_timeout: Duration,
    /// How often a mirror is asked again after a download was cut or stalled without having come any
    /// further, or after an error of the server (status 5xx, 429 or 408).
    pub retries: u32,
    /// The pause before a mirror is asked again; each further one is twice as long.
    pub retry_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let variable = |name| std::env::var_os(name);
        Self::with_folders(variable("RNN_DATA"), variable("RNN_CACHE"))
    }
}

impl Options {
    /// The defaults with the values of the variables `RNN_DATA` and `RNN_CACHE`; an empty one is none.
    fn with_folders(data: Option<OsString>, cache: Option<OsString>) -> Self {
        let folder = |value: Option<OsString>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
        let platform = || {
            let folders = etcetera::base_strategy::choose_native_strategy().ok()?;
            Some(folders.cache_dir().join("rnn"))
        };
        let rest = ["data", "/usr/share/datasets"].map(PathBuf::from);
        Self {
            roots: folder(data).into_iter().chain(rest).collect(),
            cache: folder(cache).or_else(platform),
            mirror: None,
            offline: false,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            retries: 3,
            retry_pause: Duration::from_secs(1),
        }
    }
}

/// What is told while a dataset is downloaded, for a progress bar or a line of text.
///
/// ```no_run
/// use rnn_data::dataset::{Dataset, Options, Progress};
///
/// let mut show = |progress: Progress<'_>| match progress {
///     Progress::Connecting { file, url } => eprintln!("{file}: {url}"),
///     Progress::Received { file, bytes, total: Some(total) } => {
///         eprint!("\r{file}: {bytes} of {total} bytes");
///     }
///     Progress::Failed { file, error, .. } => eprintln!("{file}: {error}"),
///     _ => {}
/// };
/// Dataset::tiny_shakespeare().find_or_fetch(&Options::default(), &mut show)?;
/// # Ok::<(), rnn_data::dataset::FetchError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Another process downloads the same dataset, and is waited for.
    Waiting {
        /// The file that it has locked.
        lock: &'a Path,
    },
    /// A mirror is asked, for the first time or again.
    Connecting {
        /// The file's name.
        file: &'a str,
        /// Where it is asked for.
        url: &'a str,
    },
    /// More of a file has arrived.
    Received {
        /// The file's name.
        file: &'a str,
        /// How many bytes of it are there, those of an earlier attempt included. A mirror that cannot go
        /// on from there begins with 0 again.
        bytes: u64,
        /// How many there will be, if the mirror says so.
        total: Option<u64>,
    },
    /// A mirror has failed; it is asked again, or the next one is.
    Failed {
        /// The file's name.
        file: &'a str,
        /// Where it was asked for.
        url: &'a str,
        /// What is wrong.
        error: &'a MirrorError,
    },
    /// A file is whole, checked, and under its name.
    Finished {
        /// The file's name.
        file: &'a str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_go_first_and_empty_ones_count_as_none() {
        let set = Options::with_folders(Some("/my/data".into()), Some("/my/cache".into()));
        let roots = ["/my/data", "data", "/usr/share/datasets"].map(PathBuf::from);
        assert_eq!(set.roots, roots);
        assert_eq!(set.cache, Some("/my/cache".into()));

        let empty = Options::with_folders(Some("".into()), Some("".into()));
        assert_eq!(empty.roots, roots[1..]);
        assert_eq!(empty, Options::with_folders(None, None));
        // Without a home there is none.
        assert!(empty.cache.is_none_or(|folder| folder.ends_with("rnn")));
    }
}
