//! Weights to and from files and PyTorch.

mod error;
mod file;
#[cfg(feature = "pytorch")]
mod pytorch;
mod safetensors;
mod state_dict;

pub use error::{Mismatch, StateDictError};
#[cfg(feature = "pytorch")]
pub use pytorch::PyTorchError;
pub use state_dict::StateDict;
