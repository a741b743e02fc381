#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![deny(unsafe_code)]

#[cfg(feature = "optim")]
mod adam;
mod cell;
mod char_rnn;
mod classifier;
mod config;
mod embedding;
mod init;
#[cfg(feature = "kernel")]
mod kernel;
mod lengths;
mod linear;
mod noise;
mod recurrent;
mod recurrent_cell;
mod sampling;
mod sequence;
mod state_dict;
mod tagger;
mod weights;

#[cfg(feature = "optim")]
pub use adam::Adam;
/// The version of Burn whose tensors and devices these modules take.
pub use burn;
pub use cell::{Cell, GruStep, LstmState, LstmStep, Nonlinearity, RnnStep};
pub use char_rnn::{CharRnn, CharRnnConfig};
pub use classifier::{Classifier, ClassifierConfig};
pub use config::{ConfigError, GruConfig, LstmConfig, RecurrentConfig, RnnConfig};
pub use init::RecurrentInit;
pub use lengths::{Lengths, LengthsError};
pub use recurrent::{Gru, Lstm, Recurrent, Rnn};
pub use recurrent_cell::{
    GruCell, GruCellConfig, LstmCell, LstmCellConfig, RecurrentCell, RecurrentCellConfig, RnnCell,
    RnnCellConfig,
};
pub use sampling::{SamplingError, multinomial, temperature_weights};
#[cfg(feature = "pytorch")]
pub use state_dict::PyTorchError;
pub use state_dict::{Mismatch, StateDict, StateDictError};
pub use tagger::{LstmTagger, LstmTaggerConfig};
