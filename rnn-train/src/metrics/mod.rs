//! How well a model does: sums over an epoch, evaluation on a whole dataset, confusion of classes.

mod confusion;
mod evaluation;
mod sums;

pub use confusion::Confusion;
pub(crate) use evaluation::device_of;
pub use evaluation::{Evaluation, evaluate};
pub(crate) use sums::{NotFinite, Sums, Tally};
