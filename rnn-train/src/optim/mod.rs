//! Optimisers and learning rate schedules under PyTorch's names, clipping of gradients, and the
//! precision of the steps.

mod goal;
mod gradients;
mod optimizer;
mod precision;
mod schedule;

pub use goal::Goal;
pub(crate) use gradients::{Accumulated, has_trainable};
pub use gradients::{clip_global_norm, clip_value};
pub use optimizer::Optimizer;
pub(crate) use precision::in_numbers_of;
pub use precision::{Precision, PrecisionError};
pub(crate) use schedule::{Factor, Plateau, Rate, Span};
pub use schedule::{OneCycle, Schedule};
