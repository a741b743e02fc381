use std::path::PathBuf;

use rnn_model::{ConfigError, SamplingError};

use crate::run::RunError;

/// Why a character language model can't be opened or can't write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CharModelError {
    /// A file of the run can't be read, is damaged, or does not fit the others.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A run of another kind of model.
    #[error("{}: expected a run of a character language model, which has a model.json, found none", .0.display())]
    NotCharModel(PathBuf),
    /// No model can be made from the run's `model.json`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A symbol of the vocabulary that is neither a character nor the one for unknown ones.
    #[error("expected a vocabulary of characters, found {symbol:?} under id {id}")]
    Symbol {
        /// The symbol.
        symbol: String,
        /// Its id.
        id: usize,
    },
    /// The model scores another number of symbols than the vocabulary has.
    #[error("expected a vocabulary of {expected} symbols, as the model has, found {found}")]
    Size {
        /// The model's.
        expected: usize,
        /// The vocabulary's.
        found: usize,
    },
    /// Characters of a prompt that the vocabulary has not, and it has no symbol for unknown ones either.
    #[error("the model does not know these characters of the prompt: {0:?}")]
    Unknown(Vec<char>),
    /// The settings of the draws are out of range, or the prompt is empty.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
}
