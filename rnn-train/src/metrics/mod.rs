//! How well a model does: named metrics, the evaluation of a whole dataset, confusion matrices, and the
//! score of a tagger.

mod confusion;
mod evaluation;
mod named;
mod results;
mod running;
mod sums;
mod tagging;

pub use confusion::Confusion;
pub use evaluation::{Evaluation, evaluate, evaluate_carrying};
pub use named::Metrics;
pub(crate) use running::{NotFinite, RunningSums};
pub(crate) use sums::Sums;
pub use tagging::TaggingScore;
