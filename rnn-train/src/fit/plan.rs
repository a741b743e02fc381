//! How long a training is, and where its results are reported.

use crate::checkpoint::Position;
use crate::config::{FitConfig, ValidEvery};
use crate::data::{ItemCount, Loader};

/// A training's steps, as they follow from its settings and its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Steps of an epoch.
    pub steps: usize,
    /// Steps in all.
    pub total_steps: usize,
    /// Steps from one report to the next.
    interval: usize,
    /// Batches of a step; the last one of an epoch may have fewer.
    accumulate: usize,
    items: ItemCount,
}

impl Plan {
    pub fn new<B: 'static>(config: &FitConfig, train: &Loader<B>) -> Self {
        let steps = train.num_batches().div_ceil(config.accumulate);
        Self {
            steps,
            total_steps: config.total_steps(steps),
            interval: match config.valid_every {
                ValidEvery::Epoch => steps,
                ValidEvery::Steps(steps) => steps,
            },
            accumulate: config.accumulate,
            items: train.item_count(),
        }
    }

    /// Epochs that are begun in all.
    pub fn epochs(&self) -> usize {
        self.total_steps.div_ceil(self.steps)
    }

    pub fn is_done(&self, position: &Position) -> bool {
        position.steps_done >= self.total_steps
    }

    /// Whether a report is to be made after `step` steps.
    pub fn has_report_after(&self, step: usize) -> bool {
        step == self.total_steps || step.is_multiple_of(self.interval)
    }

    /// Whether a report is to be made here that is not made yet.
    pub fn is_report_due(&self, position: &Position) -> bool {
        let done = position.steps_done;
        done > position.steps_reported() && self.has_report_after(done)
    }

    /// Reports in all: those there are, and those still to be made.
    pub fn reports(&self, position: &Position) -> usize {
        let until = |step: usize| step / self.interval;
        let reported = position.steps_reported().min(self.total_steps);
        let is_extra = !self.total_steps.is_multiple_of(self.interval);
        let left = until(self.total_steps) - until(reported)
            + usize::from(is_extra && reported < self.total_steps);
        position.history.len() + left
    }

    /// The step after which the next report is made.
    pub fn next_report(&self, position: &Position) -> usize {
        let next = (position.steps_reported() / self.interval + 1).saturating_mul(self.interval);
        next.min(self.total_steps)
    }

    /// Items from one step to another, over all epochs.
    pub fn items_between(&self, from: usize, to: usize) -> usize {
        let until = |step: usize| {
            let batches = (step % self.steps).saturating_mul(self.accumulate);
            (step / self.steps).saturating_mul(self.items.items) + self.items.of_first(batches)
        };
        until(to).saturating_sub(until(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::EpochReport;

    /// Epochs of 44 items in five steps, the last one of 4.
    fn plan(total_steps: usize, interval: usize) -> Plan {
        Plan {
            steps: 5,
            total_steps,
            interval,
            accumulate: 1,
            items: ItemCount {
                items: 44,
                batches: 5,
                batch_size: Some(10),
            },
        }
    }

    fn at(steps_done: usize, reported: Option<usize>) -> Position {
        let report = |steps| EpochReport {
            steps,
            ..EpochReport::default()
        };
        Position {
            steps_done,
            history: reported.map(report).into_iter().collect(),
            ..Position::start()
        }
    }

    #[test]
    fn reports_are_made_by_steps_and_once_at_the_end() {
        for (total, interval, expected) in [
            (10, 5, vec![5, 10]),
            (12, 5, vec![5, 10, 12]),
            (12, 4, vec![4, 8, 12]),
            (3, 5, vec![3]),
            (7, 3, vec![3, 6, 7]),
        ] {
            let plan = plan(total, interval);
            let mut reported = None;
            let mut made = Vec::new();
            for step in 0..=total {
                assert_eq!(
                    plan.next_report(&at(step, reported)),
                    expected[made.len().min(expected.len() - 1)]
                );
                if plan.is_report_due(&at(step, reported)) {
                    made.push(step);
                    reported = Some(step);
                    assert!(!plan.is_report_due(&at(step, reported)));
                }
            }
            assert_eq!(made, expected);
            assert_eq!(plan.reports(&at(0, None)), expected.len());
            assert_eq!(plan.reports(&at(total, Some(total))), 1);
            assert!(plan.is_done(&at(total, reported)));
        }
    }

    #[test]
    fn items_are_counted_over_the_ends_of_epochs() {
        let plan = plan(12, 4);
        assert_eq!(plan.epochs(), 3);
        for (from, to, items) in [(0, 4, 40), (4, 8, 34), (8, 12, 34), (0, 5, 44), (5, 5, 0)] {
            assert_eq!(plan.items_between(from, to), items, "{from} to {to}");
        }
    }
}
