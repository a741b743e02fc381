//! Optimisers, learning rate schedules, and what is done to gradients between the two.

mod gradients;
mod optimizer;
mod precision;
mod schedule;

pub(crate) use gradients::Accumulated;
pub use gradients::{clip_global_norm, clip_value};
pub use optimizer::Optimizer;
pub use precision::Precision;
pub(crate) use precision::in_numbers_of;
pub(crate) use schedule::{Factor, Plateau, Rate};
pub use schedule::{OneCycle, Schedule};
