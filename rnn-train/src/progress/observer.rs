use super::{EpochReport, StartReport, StepReport};

/// Is told how a training goes, on the thread that trains. All methods do nothing by default.
///
/// A [`Trainer`](crate::Trainer) takes several, and tells them in the order in which they were added.
pub trait Observer {
    /// The training starts, or resumes from a checkpoint.
    fn start(&mut self, _report: &StartReport) {}

    /// A step is done.
    fn step(&mut self, _report: &StepReport) {}

    /// An epoch is done, validation included; or so many steps, where
    /// [`valid_every`](crate::FitConfig::valid_every) counts them.
    fn epoch(&mut self, _report: &EpochReport) {}
}
