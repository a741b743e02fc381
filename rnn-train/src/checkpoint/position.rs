//! Where a training stands: what a checkpoint knows beside tensors.

use serde::{Deserialize, Serialize};

use crate::metrics::Sums;
use crate::optim::Plateau;
use crate::progress::EpochReport;

/// A training's place in its data, and what it has seen so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// The epoch that goes on, from 1; beyond the last one when all are done.
    pub epoch: usize,
    /// Steps of it that are done.
    pub step: usize,
    /// Steps of all epochs that are done.
    pub steps_done: usize,
    /// The learning rate of the last of them.
    pub learning_rate: f64,
    /// The epoch's predictions so far.
    pub sums: Sums,
    /// Seconds of the epoch so far.
    pub seconds: f64,
    /// Seconds of those inside steps.
    pub step_seconds: f64,
    /// Seconds of the whole training so far.
    pub total_seconds: f64,
    pub plateau: Plateau,
    /// The epoch with the least loss.
    pub best: Option<Best>,
    /// Whether the loss has not got better for too long.
    pub gave_up: bool,
    /// A report for each epoch that is done.
    pub history: Vec<EpochReport>,
}

/// An epoch that none was better than.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Best {
    pub epoch: usize,
    /// Steps that are done then, over all epochs.
    pub step: usize,
    pub loss: f64,
}

impl Position {
    pub fn start() -> Self {
        Self {
            epoch: 1,
            step: 0,
            steps_done: 0,
            learning_rate: 0.0,
            sums: Sums::default(),
            seconds: 0.0,
            step_seconds: 0.0,
            total_seconds: 0.0,
            plateau: Plateau::default(),
            best: None,
            gave_up: false,
            history: Vec::new(),
        }
    }

    /// Closes the epoch: whether it is the best one, and whether `patience` is at its end.
    pub fn end_epoch(&mut self, mut report: EpochReport, patience: Option<usize>) -> EpochReport {
        let loss = report.loss();
        if self.best.is_none_or(|best| loss < best.loss) {
            let (epoch, step) = (report.epoch, self.steps_done);
            self.best = Some(Best { epoch, step, loss });
            report.best = true;
        }
        let since = report.epoch - self.best.map_or(0, |best| best.epoch);
        self.gave_up = patience.is_some_and(|patience| since >= patience);
        self.history.push(report.clone());
        self.epoch += 1;
        self.step = 0;
        self.sums = Sums::default();
        self.seconds = 0.0;
        self.step_seconds = 0.0;
        report
    }
}
