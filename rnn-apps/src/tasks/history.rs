//! Keeps a run's history on the disk.

use rnn_train::RunDir;
use rnn_train::progress::{EpochReport, Observer, StartReport};

use crate::ui::Output;

/// Writes the history of a run after each epoch.
pub struct History {
    run: RunDir,
    epochs: Vec<EpochReport>,
    out: Output,
}

impl History {
    /// The history of `run`; `out` hears of what can't be written.
    pub fn new(run: RunDir, out: Output) -> Self {
        Self {
            run,
            epochs: Vec::new(),
            out,
        }
    }

    fn write(&self) {
        if let Err(error) = self.run.write_history(&self.epochs) {
            // The training is worth more than its history.
            self.out.warn(error);
        }
    }
}

impl Observer for History {
    fn start(&mut self, report: &StartReport) {
        self.epochs.clone_from(&report.history);
        // The history on the disk may hold epochs after the checkpoint, which are done again.
        if report.steps_done > 0 {
            self.write();
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.epochs.push(report.clone());
        self.write();
    }
}
