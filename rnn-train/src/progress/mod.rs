//! Watching a training: an [`Observer`] is told where it begins, of each step, and of each epoch or
//! validation; a hook has the model there ([`EpochEnd`]).

mod epoch_end;
mod epoch_report;
mod keys;
mod observer;
mod step_report;

pub use epoch_end::EpochEnd;
pub(crate) use epoch_end::EpochHook;
pub use epoch_report::EpochReport;
pub use observer::Observer;
pub use step_report::{StartReport, StepReport};
