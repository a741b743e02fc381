//! Watching a training: an [`Observer`] is told where it begins, of each step, and of each epoch.

mod epoch_report;
mod keys;
mod observer;
mod step_report;

pub use epoch_report::EpochReport;
pub use observer::Observer;
pub use step_report::{StartReport, StepReport};
