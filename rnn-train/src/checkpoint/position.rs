//! Where a training stands: what a checkpoint holds beside tensors.

use serde::{Deserialize, Serialize};

use crate::config::{FitConfig, Monitor};
use crate::metrics::Sums;
use crate::optim::Plateau;
use crate::progress::EpochReport;

/// A training's place in its data, with its results so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// The epoch under way, from 1; beyond the last one when all are done to their ends.
    pub epoch: usize,
    /// Steps of it that are done.
    pub step: usize,
    /// Steps of all epochs that are done.
    pub steps_done: usize,
    /// The learning rate of the last of them.
    pub learning_rate: f64,
    /// The predictions since the last report.
    pub sums: Sums,
    /// Seconds since the last report.
    pub seconds: f64,
    /// Seconds of those inside steps.
    pub step_seconds: f64,
    /// Seconds of the whole training so far.
    pub total_seconds: f64,
    pub plateau: Plateau,
    /// The report with the best value of the monitored metric.
    pub best: Option<Best>,
    /// Whether patience has run out.
    pub gave_up: bool,
    /// Whether a hook has stopped it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub stopped: bool,
    /// Where the training was extended for the last time.
    #[serde(default)]
    pub extended: Extended,
    /// A report for each epoch that is done, or for each stretch of steps.
    pub history: Vec<EpochReport>,
}

/// What was done when a training was extended; nothing if it never was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extended {
    /// Whole epochs, for versions that count patience from them.
    pub epochs: usize,
    /// Steps, from which patience is counted and a schedule that depends on the training's length is
    /// laid.
    pub steps: usize,
}

/// The best report so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Best {
    /// The epoch in which it was made.
    pub epoch: usize,
    /// Steps that were done when it was made, over all epochs.
    pub step: usize,
    /// Of the monitored metric; in older checkpoints always the loss.
    #[serde(alias = "loss")]
    pub value: f64,
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
            stopped: false,
            extended: Extended::default(),
            history: Vec::new(),
        }
    }

    /// Steps that were done at the last report.
    pub fn steps_reported(&self) -> usize {
        self.history.last().map_or(0, |report| report.steps)
    }

    /// Epochs that are done.
    pub fn epochs_done(&self) -> usize {
        self.epoch - 1
    }

    /// The same place as the start of an extension.
    pub fn extend(self) -> Self {
        Self {
            gave_up: false,
            stopped: false,
            extended: Extended {
                epochs: self.epochs_done(),
                steps: self.steps_done,
            },
            ..self
        }
    }

    /// Adds a report to the history: whether it is the best one, and whether `patience` has run out.
    pub fn add_report(&mut self, mut report: EpochReport, config: &FitConfig) -> EpochReport {
        let Monitor { metric, goal } = &config.monitor;
        let value = report.metric(metric).unwrap_or(f64::NAN);
        if goal.is_better(value, self.best.map(|best| best.value)) {
            let (epoch, step) = (report.epoch, report.steps);
            self.best = Some(Best { epoch, step, value });
            report.best = true;
        }
        self.history.push(report.clone());
        let best = self.best.map_or(0, |best| best.step);
        let from = best.max(self.extended.steps);
        let since = self.history.iter().filter(|report| report.steps > from);
        let since = since.count();
        self.gave_up = config.patience.is_some_and(|patience| since >= patience);
        self.sums = Sums::default();
        self.seconds = 0.0;
        self.step_seconds = 0.0;
        report
    }

    /// Goes on to the next epoch if all `steps` steps of this one are done; true if it does.
    pub fn end_epoch(&mut self, steps: usize) -> bool {
        let is_at_end = self.step >= steps;
        if is_at_end {
            self.epoch += 1;
            self.step = 0;
        }
        is_at_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_older_checkpoints_are_read() -> serde_json::Result<()> {
        let old = r#"{"epoch":2,"step":76,"steps_done":196,"learning_rate":0.0037,"sums":{"loss":1738.5,
            "correct":950,"predictions":1520,"norm":340.5,"norms":76},"seconds":0.5,"step_seconds":0.25,
            "total_seconds":1.5,"plateau":{"factor":1.0,"best":null,"bad_epochs":0},"best":{"epoch":1,
            "step":120,"loss":1.47},"gave_up":false,"history":[{"epoch":1,"train_loss":2.125,
            "train_accuracy":0.25,"valid_loss":1.47,"valid_accuracy":0.5,"best":true,
            "learning_rate":0.0037,"steps":120,"items":2400,"targets":2400,"seconds":0.75,
            "step_seconds":0.5}]}"#;
        let position: Position = serde_json::from_str(old)?;
        let (epoch, step, value) = (1, 120, 1.47);
        assert_eq!(position.best, Some(Best { epoch, step, value }));
        assert_eq!(
            position.sums.metrics().get("accuracy"),
            Some(950.0 / 1520.0)
        );
        assert_eq!(position.history[0].valid_metric("accuracy"), Some(0.5));

        let again: Position = serde_json::from_str(&serde_json::to_string(&position)?)?;
        assert_eq!((again.best, again.sums), (position.best, position.sums));
        assert_eq!(again.history, position.history);
        Ok(())
    }

    #[test]
    fn only_finite_values_are_the_best() {
        let mut position = Position::start();
        let config = FitConfig {
            patience: Some(2),
            monitor: Monitor::highest("f1"),
            ..FitConfig::new(9)
        };
        let report = |epoch, f1: f64| EpochReport {
            epoch,
            steps: 5 * epoch,
            train_metrics: [("f1", f1)].into_iter().collect(),
            ..EpochReport::default()
        };
        for (epoch, f1, best, gave_up) in [
            (1, f64::NAN, None, false),
            (2, 0.5, Some(2), false),
            (3, f64::INFINITY, Some(2), false),
            (4, 0.4, Some(2), true),
        ] {
            position.add_report(report(epoch, f1), &config);
            assert_eq!(position.best.map(|best| best.epoch), best);
            assert_eq!(position.gave_up, gave_up, "epoch {epoch}");
        }
    }
}
