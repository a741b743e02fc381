use serde::{Deserialize, Serialize};

use super::{Monitor, ValidEvery};
use crate::optim::{Optimizer, Precision, Schedule};

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitConfig {
    /// Passes over the training data, unless [`max_steps`](Self::max_steps) says how long the training is.
    pub epochs: usize,
    /// Steps of the optimiser in all, after which the training ends, within an epoch if need be. With it
    /// `epochs` does not count: passes over the training data are made until the steps are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// How often the training is validated and its results are reported: after each epoch, or after each
    /// so many steps. The history, the best weights, `patience` and
    /// [`ReduceOnPlateau`](Schedule::ReduceOnPlateau) go by these reports. A report is made at the end of
    /// the training in any case.
    #[serde(default, skip_serializing_if = "ValidEvery::is_epoch")]
    pub valid_every: ValidEvery,
    /// The learning rate; with a schedule the highest one.
    pub learning_rate: f64,
    /// The optimiser that makes the steps.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// How the learning rate changes over the steps.
    pub schedule: Schedule,
    /// The largest allowed norm of all gradients together; none for no limit.
    pub clip_norm: Option<f64>,
    /// The largest allowed absolute value of an element of a gradient, after clipping by `clip_norm`;
    /// none for no limit.
    #[serde(default)]
    pub clip_value: Option<f64>,
    /// How many batches make a step. Their gradients are averaged, weighted by their predictions: the
    /// step is that of one large batch.
    #[serde(default = "one")]
    pub accumulate: usize,
    /// After how many validations (one an epoch, unless `valid_every` says otherwise) without an
    /// improvement of the monitored metric the training stops early. With it the weights of the best
    /// validation are the result, without it the last ones, unless `keep_best` is set.
    #[serde(default)]
    pub patience: Option<usize>,
    /// Whether the weights of the best validation are the result of a training that goes on to its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_best: bool,
    /// By which metric validations are compared: the loss, unless another one is named.
    #[serde(default, skip_serializing_if = "Monitor::is_loss")]
    pub monitor: Monitor,
    /// The dtype in which steps are computed.
    #[serde(default)]
    pub precision: Precision,
    /// The seed of the randomness inside steps: dropout, recurrent dropout and zoneout of the models of
    /// `rnn-model`, and of Burn's `Dropout` where it is called through [`rnn_model::dropout`]. A training
    /// neither uses nor changes the device's random state, unless the model does: Burn's own
    /// `Dropout::forward` draws from it. Initial weights and the order of the data have seeds of their
    /// own (`Device::seed`, [`Loader::shuffled`](crate::Loader::shuffled)).
    pub seed: u64,
    /// Whether a batch starts from the state in which the one before it ended, in validation too.
    pub carry_state: bool,
    /// Whether reports hold the classes predicted for the last batch (for small data: it costs a read
    /// from the device per report).
    pub keep_predictions: bool,
}

fn one() -> usize {
    1
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl FitConfig {
    /// `epochs` epochs of Adam at a constant rate of 0.001, without clipping, in 32 bits, with seed 0.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            max_steps: None,
            valid_every: ValidEvery::Epoch,
            learning_rate: 1e-3,
            optimizer: Optimizer::Adam,
            schedule: Schedule::Constant,
            clip_norm: None,
            clip_value: None,
            accumulate: 1,
            patience: None,
            keep_best: false,
            monitor: Monitor::loss(),
            precision: Precision::F32,
            seed: 0,
            carry_state: false,
            keep_predictions: false,
        }
    }

    /// Steps in all, of a training whose epochs have `steps_of_epoch` steps each.
    ///
    /// ```
    /// use rnn_train::FitConfig;
    ///
    /// let by_epochs = FitConfig::new(3);
    /// assert_eq!(by_epochs.total_steps(100), 300);
    /// let by_steps = FitConfig { max_steps: Some(250), ..FitConfig::new(1) };
    /// assert_eq!(by_steps.total_steps(100), 250);
    /// ```
    pub fn total_steps(&self, steps_of_epoch: usize) -> usize {
        let of_epochs = || self.epochs.saturating_mul(steps_of_epoch);
        self.max_steps.unwrap_or_else(of_epochs)
    }

    /// Whether the result has the weights of the best validation, and not the last ones.
    pub fn keeps_best(&self) -> bool {
        self.keep_best || self.patience.is_some()
    }

    /// Whether the training is measured in steps and not in epochs: by `max_steps`, or since it is
    /// validated by steps.
    pub fn counts_steps(&self) -> bool {
        self.max_steps.is_some() || !self.valid_every.is_epoch()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_written_only_if_they_are_set() -> serde_json::Result<()> {
        let by_epochs = FitConfig::new(3);
        let json = serde_json::to_value(&by_epochs)?;
        assert_eq!(
            (json.get("max_steps"), json.get("valid_every")),
            (None, None)
        );
        assert_eq!(serde_json::from_value::<FitConfig>(json)?, by_epochs);
        assert!(!by_epochs.counts_steps());

        let by_steps = FitConfig {
            max_steps: Some(4000),
            valid_every: ValidEvery::Steps(500),
            ..by_epochs
        };
        let json = serde_json::to_value(&by_steps)?;
        assert_eq!(
            (&json["max_steps"], &json["valid_every"]),
            (&4000.into(), &"500".into())
        );
        assert_eq!(serde_json::from_value::<FitConfig>(json)?, by_steps);
        assert!(by_steps.counts_steps());
        Ok(())
    }

    #[test]
    fn the_default_monitor_is_not_written_and_another_one_is() -> serde_json::Result<()> {
        let by_loss = FitConfig::new(3);
        let json = serde_json::to_value(&by_loss)?;
        assert_eq!(json.get("monitor"), None);
        assert_eq!(serde_json::from_value::<FitConfig>(json)?, by_loss);

        let by_accuracy = FitConfig {
            monitor: Monitor::highest("accuracy"),
            ..by_loss
        };
        let json = serde_json::to_value(&by_accuracy)?;
        assert_eq!(json["monitor"]["goal"], "highest");
        assert_eq!(serde_json::from_value::<FitConfig>(json)?, by_accuracy);
        Ok(())
    }
}
