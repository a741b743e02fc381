use serde::{Deserialize, Serialize};

use super::{Factor, Schedule};
use crate::optim::Goal;

/// For how many reports the monitored metric has not improved.
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

    /// Takes a report's value of the monitored metric into account.
    pub fn report(&mut self, schedule: Schedule, value: f64, goal: Goal, factor: &Factor) {
        let Schedule::ReduceOnPlateau {
            factor: gamma,
            patience,
        } = schedule
        else {
            return;
        };
        let bar = self
            .best
            .map(|best| goal.with_threshold(best, Self::THRESHOLD));
        if goal.is_better(value, bar) {
            self.best = Some(value);
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

#[cfg(test)]
mod tests {
    use super::*;

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
            plateau.report(schedule, loss, Goal::Lowest, &factor);
            let found = 0.1 * factor.get();
            assert!(
                (found - expected).abs() < 1e-12,
                "{found}, expected {expected}"
            );
        }
    }

    // The same with mode="max".
    #[test]
    fn a_plateau_of_a_metric_that_should_rise_is_pytorchs() {
        let schedule = Schedule::ReduceOnPlateau {
            factor: 0.5,
            patience: 1,
        };
        let (mut plateau, factor) = (Plateau::default(), Factor::new(1.0));
        let values = [0.5, 0.6, 0.6, 0.60001, 0.7, 0.6, f64::NAN, 0.7];
        let expected = [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25];
        for (value, expected) in values.into_iter().zip(expected) {
            plateau.report(schedule, value, Goal::Highest, &factor);
            assert_eq!(factor.get(), expected, "{value}");
        }
    }
}
