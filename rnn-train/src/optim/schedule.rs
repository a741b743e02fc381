use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::{LrScheduler, LrSchedulerRecord};
use serde::{Deserialize, Serialize};

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
    /// η until an epoch's loss (on the validation data, if there are any) is no better than the best
    /// for more than `patience` epochs; then η·`factor`, and so on: PyTorch's `ReduceLROnPlateau` with
    /// its relative threshold of 1e-4.
    ReduceOnPlateau {
        /// What the rate is multiplied by.
        factor: f64,
        /// Epochs without a better loss that are let pass.
        patience: usize,
    },
}

impl Schedule {
    /// The learning rate of step `step` (from 0) of a training with `epochs` of `steps` each, but for
    /// what a plateau takes away.
    fn rate(self, learning_rate: f64, step: usize, steps: usize, epochs: usize) -> f64 {
        let total = steps.saturating_mul(epochs);
        match self {
            Self::Constant | Self::ReduceOnPlateau { .. } => learning_rate,
            Self::Step { every, gamma } => {
                let reductions = step / steps.saturating_mul(every).max(1);
                learning_rate * gamma.powi(i32::try_from(reductions).unwrap_or(i32::MAX))
            }
            Self::Cosine { warmup } => {
                let warm = (warmup * total as f64) as usize;
                if step < warm {
                    return learning_rate * (step + 1) as f64 / (warm + 1) as f64;
                }
                let share = (step - warm) as f64 / (total - warm).max(1) as f64;
                anneal(learning_rate, 0.0, share.min(1.0))
            }
            Self::OneCycle => OneCycle::new(learning_rate, total).rate(step),
        }
    }
}

/// The scheduler that the learner steps, which can begin anywhere.
#[derive(Clone)]
pub(crate) struct Rate {
    pub schedule: Schedule,
    pub learning_rate: f64,
    /// Steps of an epoch.
    pub steps: usize,
    pub epochs: usize,
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
            .rate(self.learning_rate, self.step, self.steps, self.epochs);
        self.step += 1;
        rate * self.plateau.get()
    }

    // A checkpoint has the position, from which the learning rate follows.
    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new()
    }

    fn load_record(&mut self, _: LrSchedulerRecord) {}
}

/// What plateaus have left of the learning rate: set by the training loop, read by the scheduler,
/// which the learner owns.
#[derive(Clone)]
pub(crate) struct Factor(Arc<AtomicU64>);

impl Factor {
    pub fn new(factor: f64) -> Self {
        Self(Arc::new(AtomicU64::new(factor.to_bits())))
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, factor: f64) {
        self.0.store(factor.to_bits(), Ordering::Relaxed);
    }
}

/// How long the loss has not got better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plateau {
    pub factor: f64,
    best: Option<f64>,
    bad_epochs: usize,
}

impl Default for Plateau {
    fn default() -> Self {
        Self {
            factor: 1.0,
            best: None,
            bad_epochs: 0,
        }
    }
}

impl Plateau {
    const THRESHOLD: f64 = 1e-4;

    /// Takes an epoch's loss into account.
    pub fn epoch(&mut self, schedule: Schedule, loss: f64, factor: &Factor) {
        let Schedule::ReduceOnPlateau {
            factor: gamma,
            patience,
        } = schedule
        else {
            return;
        };
        if self
            .best
            .is_none_or(|best| loss < best * (1.0 - Self::THRESHOLD))
        {
            self.best = Some(loss);
            self.bad_epochs = 0;
        } else {
            self.bad_epochs += 1;
        }
        if self.bad_epochs > patience {
            self.factor *= gamma;
            self.bad_epochs = 0;
        }
        factor.set(self.factor);
    }
}

/// The one-cycle policy with cosine annealing (Smith and Topin, [Super-convergence], 2018), as
/// the learning rate of PyTorch's `OneCycleLR` (its `cycle_momentum=False`): from 1/25 of the maximum up to it over the first 30 %
/// of the steps, then down to 1/10,000 of where it began.
///
/// ```
/// use burn::lr_scheduler::LrScheduler;
/// let mut schedule = rnn_train::OneCycle::new(0.1, 10);
/// let rates: Vec<f64> = (0..10).map(|_| schedule.step()).collect();
/// assert!((rates[0] - 0.1 / 25.0).abs() < 1e-12);
/// assert!((rates[2] - 0.1).abs() < 1e-12);
/// assert!(rates[9] < 1e-6);
/// ```
///
/// [Super-convergence]: https://arxiv.org/abs/1708.07120
#[derive(Clone, Debug)]
pub struct OneCycle {
    max: f64,
    total_steps: usize,
    step: usize,
}

impl OneCycle {
    const RISE: f64 = 0.3;
    const DIV_FACTOR: f64 = 25.0;
    const FINAL_DIV_FACTOR: f64 = 1e4;

    /// `total_steps` steps with `max` as the highest rate. Past the last step it stays there.
    pub fn new(max: f64, total_steps: usize) -> Self {
        Self {
            max,
            total_steps,
            step: 0,
        }
    }

    fn rate(&self, step: usize) -> f64 {
        let initial = self.max / Self::DIV_FACTOR;
        let total = self.total_steps.max(1) as f64;
        // Below four steps the peak lies before the first one, as in PyTorch.
        let (last, peak) = (total - 1.0, Self::RISE * total - 1.0);
        let step = (step as f64).min(last);
        if step < peak {
            anneal(initial, self.max, step / peak)
        } else {
            let end = initial / Self::FINAL_DIV_FACTOR;
            anneal(self.max, end, (step - peak) / (last - peak))
        }
    }
}

/// Half a cosine wave from `from` (at 0) to `to` (at 1).
fn anneal(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share).cos())
}

impl LrScheduler for OneCycle {
    fn step(&mut self) -> f64 {
        let rate = self.rate(self.step);
        self.step += 1;
        rate
    }

    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new().with_scalar("step", self.step as u64)
    }

    fn load_record(&mut self, record: LrSchedulerRecord) {
        if let Some(step) = record.scalar::<u64>("step") {
            self.step = step as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    // schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=12)
    // for _ in range(12): print(optimiser.param_groups[0]["lr"]); optimiser.step(); schedule.step()
    // (torch 2.9.0)
    #[rustfmt::skip]
    const PYTORCH: [f64; 12] = [
        0.0040000000000000036, 0.0349789654219583, 0.08792851591221287,
        0.09944154354509119, 0.09330129698414118, 0.0811745653949763,
        0.06473789976951033, 0.046263710266697504, 0.028306099820869922,
        0.01334775301888306, 0.0034566987425395223, 4e-07,
    ];

    #[test]
    fn rates_are_those_of_pytorch() {
        let mut schedule = OneCycle::new(0.1, 12);
        for (step, expected) in PYTORCH.into_iter().enumerate() {
            let found = schedule.step();
            assert!(
                (found - expected).abs() < 1e-12,
                "step {step}: {found}, expected {expected}"
            );
        }
    }

    fn rates(schedule: Schedule, steps: usize, epochs: usize) -> Vec<f64> {
        (0..steps * epochs)
            .map(|step| schedule.rate(0.1, step, steps, epochs))
            .collect()
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

    // torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=1), lr after each
    // schedule.step(loss)
    #[test]
    fn a_plateau_is_pytorchs() {
        let schedule = Schedule::ReduceOnPlateau {
            factor: 0.5,
            patience: 1,
        };
        let (mut plateau, factor) = (Plateau::default(), Factor::new(1.0));
        let losses = [1.0, 0.9, 0.9, 0.95, 0.89999, 0.8, 0.8, 0.8, 0.8, 0.8];
        let expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.0125];
        for (loss, expected) in losses.into_iter().zip(expected) {
            plateau.epoch(schedule, loss, &factor);
            assert_close(&[0.1 * factor.get()], &[expected]);
        }
    }

    #[test]
    fn a_restored_schedule_goes_on_where_it_was() {
        let mut whole = OneCycle::new(1e-3, 50);
        for _ in 0..20 {
            whole.step();
        }
        let mut restored = OneCycle::new(1e-3, 50);
        restored.load_record(whole.to_record());
        assert_eq!(restored.step(), whole.step());
    }
}
