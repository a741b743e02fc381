use std::path::PathBuf;

use rnn_data::VocabError;
use rnn_model::ConfigError;

use crate::error::TrainError;
use crate::run::RunError;

/// Why a tagger can't be opened or can't tag.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SentenceTaggerError {
    /// A file of the run can't be read, is damaged, or does not fit the others.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A run of another kind of model, or of a tagger before taggers had a `model.json`.
    #[error("{}: expected a model.json that describes a tagger, found none or that of another model", .0.display())]
    NotTagger(PathBuf),
    /// No model can be made from the run's `model.json`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model has another number of symbols than a vocabulary.
    #[error("expected a vocabulary of {expected} {what}, as the model has, found {found}")]
    Size {
        /// Words, characters or tags.
        what: &'static str,
        /// The model's.
        expected: usize,
        /// The vocabulary's.
        found: usize,
    },
    /// The model reads characters and there is no vocabulary of them, or the other way round.
    #[error(
        "expected {} vocabulary of characters, as the model has, found {}",
        if *.expected { "a" } else { "no" },
        if *.expected { "none" } else { "one" }
    )]
    Characters {
        /// Whether the model reads characters.
        expected: bool,
    },
    /// A sentence without words, which has no tags.
    #[error("sentence {index}: expected at least one word, found none")]
    Empty {
        /// Which sentence, from 0.
        index: usize,
    },
    /// A word without characters.
    #[error("sentence {index}, word {word}: expected at least one character, found none")]
    EmptyWord {
        /// Which sentence, from 0.
        index: usize,
        /// Which word, from 0.
        word: usize,
    },
    /// A word, or a character, that the vocabulary has not, and no symbol for unknown ones either.
    #[error("sentence {index}")]
    Unknown {
        /// Which sentence, from 0.
        index: usize,
        /// The word.
        source: VocabError,
    },
    /// The model has no parameters, or the device fails.
    #[error(transparent)]
    Device(#[from] TrainError),
}
