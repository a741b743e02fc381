//! Weights to and from files and PyTorch.

mod error;
mod file;
mod layout;
mod module;
#[cfg(feature = "pytorch")]
mod pytorch;
mod safetensors;
mod state_dict;

#[cfg(feature = "pytorch")]
pub use error::PyTorchError;
pub use error::{Mismatch, StateDictError};
pub use state_dict::StateDict;
