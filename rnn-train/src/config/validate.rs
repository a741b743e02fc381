use super::{FitConfig, ValidEvery};
use crate::optim::{Optimizer, Schedule};

/// A setting whose value no training can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}, found {found}")]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The field of [`FitConfig`], with that inside it if there is one: `learning_rate`,
    /// `optimizer.momentum`.
    pub field: &'static str,
    /// What it could be.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

const AT_LEAST_ONE: &str = "at least 1";
const NOT_NEGATIVE: &str = "a finite number of at least 0";
const POSITIVE: &str = "a finite number above 0, or none";
const SHARE: &str = "a number from 0 to below 1";

impl FitConfig {
    /// Checks the range of every setting: for settings that come from outside.
    /// [`Trainer::fit`](crate::Trainer::fit) calls it.
    ///
    /// # Errors
    ///
    /// The first setting, in the order of the fields, that is out of range.
    ///
    /// ```
    /// use rnn_train::FitConfig;
    ///
    /// let config = FitConfig { learning_rate: f64::NAN, ..FitConfig::new(3) };
    /// let error = config.validate().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "learning_rate: expected a finite number of at least 0, found NaN"
    /// );
    /// ```
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match self.max_steps {
            None => check("epochs", AT_LEAST_ONE, self.epochs, |&n| n > 0)?,
            Some(steps) => check("max_steps", "at least 1, or none", steps, |&n| n > 0)?,
        }
        if let ValidEvery::Steps(steps) = self.valid_every {
            check("valid_every", "at least 1 step, or epoch", steps, |&n| {
                n > 0
            })?;
        }
        check_not_negative("learning_rate", self.learning_rate)?;
        match self.optimizer {
            Optimizer::Adam => {}
            Optimizer::AdamW { weight_decay } => {
                check_not_negative("optimizer.weight_decay", weight_decay)?;
            }
            Optimizer::Sgd {
                momentum,
                weight_decay,
            }
            | Optimizer::RmsProp {
                momentum,
                weight_decay,
            } => {
                check("optimizer.momentum", SHARE, momentum, is_share)?;
                check_not_negative("optimizer.weight_decay", weight_decay)?;
            }
        }
        match self.schedule {
            Schedule::Constant | Schedule::OneCycle => {}
            Schedule::Step { every, gamma } => {
                check("schedule.every", AT_LEAST_ONE, every, |&n| n > 0)?;
                check_not_negative("schedule.gamma", gamma)?;
            }
            Schedule::Cosine { warmup } => check("schedule.warmup", SHARE, warmup, is_share)?,
            Schedule::ReduceOnPlateau { factor, .. } => {
                check("schedule.factor", SHARE, factor, is_share)?;
            }
        }
        for (field, limit) in [
            ("clip_norm", self.clip_norm),
            ("clip_value", self.clip_value),
        ] {
            if let Some(limit) = limit {
                check(field, POSITIVE, limit, |x| x.is_finite() && *x > 0.0)?;
            }
        }
        check("accumulate", AT_LEAST_ONE, self.accumulate, |&n| n > 0)?;
        if let Some(patience) = self.patience {
            check("patience", "at least 1, or none", patience, |&n| n > 0)?;
        }
        Ok(())
    }
}

fn is_share(x: &f64) -> bool {
    (0.0..1.0).contains(x)
}

fn check_not_negative(field: &'static str, found: f64) -> Result<(), InvalidSetting> {
    check(field, NOT_NEGATIVE, found, |x| x.is_finite() && *x >= 0.0)
}

fn check<T: core::fmt::Display>(
    field: &'static str,
    expected: &'static str,
    found: T,
    is_valid: impl FnOnce(&T) -> bool,
) -> Result<(), InvalidSetting> {
    match is_valid(&found) {
        true => Ok(()),
        false => Err(InvalidSetting {
            field,
            expected,
            found: found.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_out_of_range_is_named() {
        let valid = FitConfig {
            clip_norm: Some(f64::MAX),
            clip_value: Some(1e-9),
            patience: Some(1),
            learning_rate: 0.0,
            ..FitConfig::new(1)
        };
        assert_eq!(valid.validate(), Ok(()));
        let sgd = |momentum, weight_decay| Optimizer::Sgd {
            momentum,
            weight_decay,
        };
        let mut cases = Vec::new();
        let mut case = |field, found, change: &dyn Fn(&mut FitConfig)| {
            let mut config = valid.clone();
            change(&mut config);
            cases.push((field, found, config));
        };
        case("epochs", "0", &|c| c.epochs = 0);
        case("max_steps", "0", &|c| c.max_steps = Some(0));
        case("valid_every", "0", &|c| {
            c.valid_every = ValidEvery::Steps(0);
        });
        case("accumulate", "0", &|c| c.accumulate = 0);
        case("patience", "0", &|c| c.patience = Some(0));
        for (x, found) in [(f64::NAN, "NaN"), (-0.5, "-0.5"), (f64::INFINITY, "inf")] {
            case("learning_rate", found, &|c| c.learning_rate = x);
            case("clip_norm", found, &|c| c.clip_norm = Some(x));
            case("clip_value", found, &|c| c.clip_value = Some(x));
            case("optimizer.momentum", found, &|c| c.optimizer = sgd(x, 0.0));
            case("optimizer.weight_decay", found, &|c| {
                c.optimizer = sgd(0.9, x)
            });
            case("optimizer.weight_decay", found, &|c| {
                c.optimizer = Optimizer::AdamW { weight_decay: x };
            });
            case("optimizer.momentum", found, &|c| {
                c.optimizer = Optimizer::RmsProp {
                    momentum: x,
                    weight_decay: 0.0,
                };
            });
            case("schedule.gamma", found, &|c| {
                c.schedule = Schedule::Step { every: 1, gamma: x };
            });
            case("schedule.warmup", found, &|c| {
                c.schedule = Schedule::Cosine { warmup: x };
            });
            case("schedule.factor", found, &|c| {
                c.schedule = Schedule::ReduceOnPlateau {
                    factor: x,
                    patience: 1,
                };
            });
        }
        for limit in [0.0, -1.0] {
            let found = if limit == 0.0 { "0" } else { "-1" };
            case("clip_norm", found, &|c| c.clip_norm = Some(limit));
        }
        case("optimizer.momentum", "1", &|c| c.optimizer = sgd(1.0, 0.0));
        case("schedule.every", "0", &|c| {
            c.schedule = Schedule::Step {
                every: 0,
                gamma: 0.1,
            };
        });
        for (field, found, config) in cases {
            let error = config.validate().expect_err(field);
            assert_eq!((error.field, error.found.as_str()), (field, found));
        }
    }
}
