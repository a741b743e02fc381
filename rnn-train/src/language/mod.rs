//! Character language models that were trained: opening their runs, and letting them write.
//!
//! [`CharModel`] is a network with its vocabulary; [`CharModel::sample`] is an iterator over the characters
//! that it writes.

mod char_model;
mod dynamic;
mod error;

pub use char_model::{CharModel, CharModelConfig, Characters, check_characters};
pub use dynamic::evaluate_dynamic;
pub use error::CharModelError;
