//! How well a model does: named metrics, the evaluation of a whole dataset, visits of its batches, confusion matrices, and the
//! score of a tagger.

mod confusion;
mod evaluation;
mod for_each_batch;
mod named;
mod results;
mod running;
mod sums;
mod tagging;

pub use confusion::Confusion;
pub(crate) use evaluation::add_loss;
pub use evaluation::{Evaluation, evaluate, evaluate_carrying, evaluate_loss};
pub use for_each_batch::for_each_batch;
pub use named::Metrics;
pub(crate) use results::is_name;
pub(crate) use running::{NotFinite, RunningSums};
pub(crate) use sums::Sums;
pub use tagging::TaggingScore;
