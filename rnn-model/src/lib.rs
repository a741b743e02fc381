#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![deny(unsafe_code)]

mod interop;
#[cfg(feature = "kernel")]
mod kernel;
mod models;
#[cfg(feature = "optim")]
mod optim;
mod recurrent;
mod sampling;

/// The version of Burn whose tensors and devices these modules take.
pub use burn;
#[cfg(feature = "pytorch")]
pub use interop::PyTorchError;
pub use interop::{Mismatch, StateDict, StateDictError};
pub use models::{
    CharRnn, CharRnnConfig, Classifier, ClassifierConfig, LstmTagger, LstmTaggerConfig,
};
#[cfg(feature = "optim")]
pub use optim::Adam;
pub use recurrent::{
    Cell, ConfigError, Gru, GruCell, GruCellConfig, GruConfig, GruStep, Lengths, LengthsError,
    Lstm, LstmCell, LstmCellConfig, LstmConfig, LstmState, LstmStep, Nonlinearity, Recurrent,
    RecurrentCell, RecurrentCellConfig, RecurrentConfig, RecurrentInit, Rnn, RnnCell,
    RnnCellConfig, RnnConfig, RnnStep,
};
pub use sampling::{SamplingError, multinomial, temperature_weights};
