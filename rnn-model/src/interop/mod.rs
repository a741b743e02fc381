//! Weights to and from files and PyTorch.

#[cfg(feature = "pytorch")]
mod archive;
mod bookkeeping;
mod error;
mod file;
mod format;
mod forms;
mod layers;
mod layout;
mod listing;
mod mismatch;
mod module;
mod numpy;
#[cfg(feature = "pytorch")]
mod pytorch;
mod safetensors;
mod shown;
mod state_dict;
mod strided;

pub use bookkeeping::belongs_to_no_model;
#[cfg(feature = "pytorch")]
pub use error::PyTorchError;
pub use error::{ArrayError, StateDictError};
pub use format::FileFormat;
pub use layers::{CellType, RecurrentShape, recurrent_layers};
pub use listing::{Listing, TensorInfo};
pub use mismatch::Mismatch;
pub use state_dict::StateDict;
