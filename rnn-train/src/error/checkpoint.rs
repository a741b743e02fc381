use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use rnn_model::StateDictError;

/// What can be wrong with a checkpoint, or with the folder that holds it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// A file or folder could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is not a complete checkpoint.
    #[error("{}: damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The weights are those of another model.
    #[error("{}: of another model", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What differs.
        source: StateDictError,
    },
    /// The checkpoint belongs to another training.
    #[error("{}: of another training: expected {what} {expected}, found {found}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
        /// What this training has.
        expected: String,
        /// What the checkpoint has.
        found: String,
    },
    /// A new training would remove the checkpoints of another one.
    #[error(
        "{}: expected an empty folder for the checkpoints of a new training, found {}: resume from one of \
         them (Trainer::resume), or choose another folder",
        folder.display(),
        first(there)
    )]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// The names of what it holds, in order.
        there: Vec<String>,
    },
    /// There is no checkpoint of this name.
    #[error("{}: no checkpoint {name}, expected {}", folder.display(), expected(there))]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// The name.
        name: String,
        /// The names there are.
        there: Vec<String>,
    },
}

impl CheckpointError {
    /// Makes an error of what the system says about a file or folder.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

fn expected(there: &[String]) -> String {
    match there {
        [] => "one, and there is none".to_owned(),
        names => names.join(" or "),
    }
}

/// The first few names, and how many more there are.
fn first(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
