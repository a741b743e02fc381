//! Checkpoints: all that a training needs to resume as if it had never stopped.
//!
//! A checkpoint is one file. It is written under a temporary name, synced and renamed, so that the
//! folder always holds a complete one once it held one. It is a `.safetensors` file with
//!
//! | entry | holds |
//! |---|---|
//! | `model` | the weights, as `.safetensors` |
//! | `optimizer` | Burn's record of the optimiser's state, in its own format |
//! | `state` | the recurrent state that the next step begins with, if it is carried, as `.safetensors` |
//! | metadata `training` | JSON: the settings, the position in the data with all sums and the history, and the ids by which `optimizer` refers to the parameters |
//! | metadata `sha256` | of all of that |

mod about;
mod file;
mod folder;
mod format;
mod identities;
mod position;

pub use crate::error::CheckpointError;
pub(crate) use about::{About, Data};
pub use file::Checkpoint;
pub use folder::Checkpoints;
pub(crate) use format::Snapshot;
pub(crate) use identities::identities;
pub(crate) use position::Position;
