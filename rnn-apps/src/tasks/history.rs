//! Writes a run's history while it is trained.

use rnn_train::RunDir;
use rnn_train::progress::{EpochReport, Observer, StartReport};

use crate::ui::Output;

/// An observer that writes the history of a run after each report.
pub struct History {
    run: RunDir,
    reports: Vec<EpochReport>,
    out: Output,
}

impl History {
    /// The history of `run`; `out` prints warnings if it can't be written.
    pub fn new(run: RunDir, out: Output) -> Self {
        Self {
            run,
            reports: Vec::new(),
            out,
        }
    }

    fn write(&self) {
        if let Err(error) = self.run.write_history(&self.reports) {
            // A failure to write the history does not stop the training.
            self.out.warn_of(error);
        }
    }
}

impl Observer for History {
    fn start(&mut self, report: &StartReport) {
        self.reports.clone_from(&report.history);
        // The file may contain reports after the checkpoint, which will be repeated.
        if report.steps_done > 0 {
            self.write();
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.reports.push(report.clone());
        self.write();
    }
}
