//! Weights to and from files and PyTorch.

#[cfg(feature = "pytorch")]
mod archive;
mod error;
mod file;
mod format;
mod forms;
mod layout;
mod listing;
mod module;
mod numpy;
#[cfg(feature = "pytorch")]
mod pytorch;
mod safetensors;
mod state_dict;

#[cfg(feature = "pytorch")]
pub use error::PyTorchError;
pub use error::{ArrayError, Mismatch, StateDictError};
pub use format::FileFormat;
pub use listing::{Listing, TensorInfo};
pub use state_dict::StateDict;
