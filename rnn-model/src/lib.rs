#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![deny(unsafe_code)]

mod auto_traits;
mod ids;
mod interop;
#[cfg(feature = "kernel")]
mod kernel;
mod models;
#[cfg(feature = "optim")]
mod optim;
mod recurrent;
mod sampling;
#[cfg(all(test, feature = "cpu-kernel"))]
mod tests;
mod threads;

/// The version of Burn whose tensors and devices these modules take.
pub use burn;
#[cfg(feature = "pytorch")]
pub use interop::PyTorchError;
pub use interop::{
    ArrayError, CellType, FileFormat, Listing, Mismatch, RecurrentShape, StateDict, StateDictError,
    TensorInfo, belongs_to_no_model, recurrent_layers,
};
pub use models::{
    CharRnn, CharRnnConfig, CharacterEncoder, CharacterEncoderConfig, Classifier, ClassifierConfig,
    ClassifierHead, Crf, Generation, LanguageModel, LanguageModelConfig, LstmTagger,
    LstmTaggerConfig, Spelling, Tagger, TaggerConfig, TokenModel, TokenModelConfig, Words, linear,
};
#[cfg(feature = "optim")]
pub use optim::Adam;
pub use recurrent::{
    AnyConfig, AnyRecurrent, AnyState, Cell, ConfigError, Gru, GruCell, GruCellConfig, GruConfig,
    GruStep, Lengths, LengthsError, Lstm, LstmCell, LstmCellConfig, LstmConfig, LstmState,
    LstmStep, ModuleState, Nonlinearity, Recurrent, RecurrentCell, RecurrentCellConfig,
    RecurrentConfig, RecurrentInit, RecurrentModule, RecurrentModuleConfig, Rnn, RnnCell,
    RnnCellConfig, RnnConfig, RnnStep, dropout, variational_dropout, with_noise_seed,
    without_noise,
};
pub use sampling::{Sampling, SamplingError, multinomial, temperature_weights};
pub use threads::{set_threads, threads};
