//! Character language models that were trained: opening their runs, and letting them write.
//!
//! [`CharModel`] is a network with its vocabulary; [`CharModel::sample`] is an iterator over the characters
//! that it writes.

mod char_model;
mod error;

pub use char_model::{CharModel, Characters};
pub use error::CharModelError;
