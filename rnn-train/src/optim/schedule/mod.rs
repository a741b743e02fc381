//! How the learning rate changes over a training.

mod one_cycle;
mod plateau;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::{LrScheduler, LrSchedulerRecord};
use serde::{Deserialize, Serialize};

pub use one_cycle::OneCycle;
pub(crate) use plateau::Plateau;

/// How the learning rate changes. η is the configured rate, and each schedule's highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// η at every step.
    #[default]
    Constant,
    /// η·γ^⌊epochs done / every⌋, PyTorch's `StepLR`.
    Step {
        /// Epochs of one rate.
        every: usize,
        /// What the rate is multiplied by between them.
        gamma: f64,
    },
    /// Half a cosine wave down to 0, PyTorch's `CosineAnnealingLR` per step: at step s of S,
    /// η·(1 + cos(π·(s − W)/(S − W)))/2, and η·(s + 1)/(W + 1) in the first W steps.
    Cosine {
        /// W as a share of all steps, 0 to below 1.
        warmup: f64,
    },
    /// Up and down once: [`OneCycle`].
    OneCycle,
    /// η until the monitored metric ([`FitConfig::monitor`](crate::FitConfig::monitor)) has not
    /// improved for more than `patience` validations; then η·`factor`, and so on: PyTorch's
    /// `ReduceLROnPlateau` with its relative threshold of 1e-4.
    ReduceOnPlateau {
        /// What the rate is multiplied by.
        factor: f64,
        /// How many validations (one an epoch, unless
        /// [`valid_every`](crate::FitConfig::valid_every) says otherwise) without an improvement are
        /// tolerated.
        patience: usize,
    },
}

impl Schedule {
    /// Whether it is laid over all steps of a training, so that it depends on how many there are.
    pub fn depends_on_length(self) -> bool {
        matches!(self, Self::Cosine { .. } | Self::OneCycle)
    }

    /// The learning rate of step `step` (from 0) of a training with epochs of `steps` each, before a
    /// plateau's reductions. A schedule that depends on the training's length begins at step
    /// `start` and ends at step `end`.
    fn rate(self, learning_rate: f64, step: usize, steps: usize, Span { start, end }: Span) -> f64 {
        let total = end.saturating_sub(start);
        let since_start = step.saturating_sub(start);
        match self {
            Self::Constant | Self::ReduceOnPlateau { .. } => learning_rate,
            Self::Step { every, gamma } => {
                let reductions = step / steps.saturating_mul(every).max(1);
                learning_rate * gamma.powi(i32::try_from(reductions).unwrap_or(i32::MAX))
            }
            Self::Cosine { warmup } => {
                let warm = (warmup * total as f64) as usize;
                if since_start < warm {
                    return learning_rate * (since_start + 1) as f64 / (warm + 1) as f64;
                }
                let share = (since_start - warm) as f64 / (total - warm).max(1) as f64;
                anneal(learning_rate, 0.0, share.min(1.0))
            }
            Self::OneCycle => OneCycle::new(learning_rate, total).rate(since_start),
        }
    }
}

/// The steps over which a schedule is laid.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
}

/// A schedule as the learner steps it, from any step on.
#[derive(Clone)]
pub(crate) struct Rate {
    pub schedule: Schedule,
    pub learning_rate: f64,
    /// Steps of an epoch.
    pub steps: usize,
    /// From the first step, or from the one at which the training was extended, to the last.
    pub span: Span,
    /// The step that comes next, from 0.
    pub step: usize,
    pub plateau: Factor,
}

impl Rate {
    pub fn scheduler(self) -> ModuleLrScheduler {
        ModuleLrScheduler::new(self)
    }
}

impl LrScheduler for Rate {
    fn step(&mut self) -> f64 {
        let rate = self
            .schedule
            .rate(self.learning_rate, self.step, self.steps, self.span);
        self.step += 1;
        rate * self.plateau.get()
    }

    // Empty: the learning rate follows from the position, which a checkpoint has.
    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new()
    }

    fn load_record(&mut self, _: LrSchedulerRecord) {}
}

/// The factor by which plateaus have reduced the learning rate. Shared: the training loop sets it, and
/// the scheduler, which the learner owns, reads it.
#[derive(Clone)]
pub(crate) struct Factor(Arc<AtomicU64>);

impl Factor {
    pub fn new(factor: f64) -> Self {
        Self(Arc::new(AtomicU64::new(factor.to_bits())))
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, factor: f64) {
        self.0.store(factor.to_bits(), Ordering::Relaxed);
    }
}

/// Half a cosine wave from `from` (at 0) to `to` (at 1).
fn anneal(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule, steps: usize, epochs: usize) -> Vec<f64> {
        let end = steps * epochs;
        (0..end)
            .map(|step| schedule.rate(0.1, step, steps, Span { start: 0, end }))
            .collect()
    }

    #[test]
    fn an_extension_lays_anew_what_depends_on_the_length_and_nothing_else() {
        let (steps, epochs, start) = (4, 5, 6);
        let end = steps * epochs;
        let extended = |schedule: Schedule| -> Vec<f64> {
            (start..end)
                .map(|step| schedule.rate(0.1, step, steps, Span { start, end }))
                .collect()
        };
        for schedule in [Schedule::OneCycle, Schedule::Cosine { warmup: 0.3 }] {
            assert_eq!(extended(schedule), rates(schedule, end - start, 1));
        }
        let (every, gamma) = (2, 0.5);
        for schedule in [Schedule::Constant, Schedule::Step { every, gamma }] {
            assert_eq!(extended(schedule), rates(schedule, steps, epochs)[start..]);
        }
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{found}, expected {expected}"
            );
        }
    }

    // schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=2, gamma=0.5), stepped once an
    // epoch of two steps, five epochs
    #[test]
    fn a_step_schedule_is_pytorchs() {
        let found = rates(
            Schedule::Step {
                every: 2,
                gamma: 0.5,
            },
            2,
            5,
        );
        let by_epoch = [0.1, 0.1, 0.05, 0.05, 0.025];
        let expected: Vec<f64> = by_epoch.into_iter().flat_map(|rate| [rate; 2]).collect();
        assert_close(&found, &expected);
    }

    // torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=8), for _ in range(8)
    #[test]
    fn a_cosine_is_pytorchs() {
        #[rustfmt::skip]
        let expected = [
            0.1, 0.09619397662556434, 0.08535533905932738, 0.06913417161825448,
            0.05, 0.03086582838174551, 0.014644660940672619, 0.0038060233744356625,
        ];
        assert_close(&rates(Schedule::Cosine { warmup: 0.0 }, 4, 2), &expected);
    }

    #[test]
    fn a_warm_up_rises_evenly_to_the_cosines_top() {
        let found = rates(Schedule::Cosine { warmup: 0.3 }, 10, 1);
        assert_close(&found[..4], &[0.025, 0.05, 0.075, 0.1]);
        assert!(found[3..].is_sorted_by(|a, b| a > b), "{found:?}");
    }
}
