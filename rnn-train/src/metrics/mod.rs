//! How well a model does: named metrics, the evaluation of a whole dataset, visits of its batches, confusion
//! matrices, and the scores of a tagger's words and spans.

mod confusion;
mod evaluation;
mod f_score;
mod for_each_batch;
mod named;
mod results;
mod running;
mod spans;
mod sums;
mod tagging;

pub use confusion::Confusion;
pub(crate) use evaluation::add_loss;
pub use evaluation::{Evaluation, evaluate, evaluate_carrying, evaluate_loss};
pub use f_score::FScore;
pub use for_each_batch::for_each_batch;
pub use named::Metrics;
pub(crate) use results::is_name;
pub(crate) use running::{NotFinite, RunningSums};
pub use spans::SpanScore;
pub(crate) use sums::Sums;
pub use tagging::TaggingScore;
