//! Recurrent modules: depth, direction and time, for every cell.

mod any;
mod cells;
mod config;
mod init;
mod interface;
mod layer;
mod lengths;
mod module;
mod regularization;
#[cfg(not(feature = "kernel"))]
mod shapes;
mod step;
mod weights;

pub use any::{AnyConfig, AnyRecurrent, AnyState};
pub use cells::{
    GruCell, GruCellConfig, LstmCell, LstmCellConfig, RecurrentCell, RecurrentCellConfig, RnnCell,
    RnnCellConfig,
};
#[cfg(feature = "serde")]
pub(crate) use config::is_zero;
pub use config::{ConfigError, GruConfig, LstmConfig, RecurrentConfig, RnnConfig};
pub use init::RecurrentInit;
pub use interface::{RecurrentModule, RecurrentModuleConfig};
pub use lengths::{Lengths, LengthsError};
pub use module::{Gru, Lstm, Recurrent, Rnn};
pub use regularization::{dropout, variational_dropout, with_noise_seed, without_noise};
pub use step::{Cell, GruStep, LstmState, LstmStep, ModuleState, Nonlinearity, RnnStep};

#[cfg(feature = "kernel")]
use crate::kernel::shapes;

#[cfg(all(test, feature = "cpu-kernel"))]
pub(crate) use {layer::Layer, regularization::Noise, step::Parts};
