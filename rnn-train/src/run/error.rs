use std::io;
use std::path::{Path, PathBuf};

use rnn_data::VocabError;
use rnn_model::StateDictError;

/// What is wrong with a run's folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A new run would mix with what is there.
    #[error("{}: the folder is not empty; a run needs one of its own", .0.display())]
    NotEmpty(PathBuf),
    /// There is no run.
    #[error("{}: not a run folder: it has neither config.json nor model.safetensors", .0.display())]
    NotARun(PathBuf),
    /// Two programs would write over each other.
    #[error("{}: another program is writing to this run", .0.display())]
    InUse(PathBuf),
    /// The file system refused.
    #[error("{}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A line of the history is damaged.
    #[error("{}: line {line}", path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why; the line in this message is that of the epoch's own JSON.
        source: serde_json::Error,
    },
    /// A vocabulary can't be written or read; the error names the file.
    #[error(transparent)]
    Vocab(#[from] VocabError),
    /// A vocabulary does not have the size that the settings say.
    #[error("{}: expected {expected} symbols, as config.json says, found {found}", path.display())]
    Symbols {
        /// The file.
        path: PathBuf,
        /// How many the model was made for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The training has not written its weights.
    #[error(
        "{}: no model.safetensors: the training has not ended, or was cut short",
        .0.display()
    )]
    NoModel(PathBuf),
    /// A weight is infinite or NaN.
    #[error("{}: {name} holds a number that is not finite", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The parameter.
        name: String,
    },
    /// The settings ask for far more weights than there are.
    #[error(
        "{}: expected {parameters} numbers, as config.json says, found {bytes} bytes",
        path.display()
    )]
    TooSmall {
        /// The file.
        path: PathBuf,
        /// How many numbers the model has.
        parameters: usize,
        /// How long the file is.
        bytes: u64,
    },
    /// The weights are damaged or belong to another model.
    #[error("{}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StateDictError,
    },
}

impl RunError {
    /// Makes an error of what the system says about a file or folder.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
