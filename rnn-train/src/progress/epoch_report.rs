use serde::{Deserialize, Serialize};

use super::keys::{train_keys, valid_keys};
use crate::metrics::Metrics;

/// The results of an epoch, or of the steps between two validations where
/// [`valid_every`](crate::FitConfig::valid_every) sets them apart.
///
/// As JSON an object, in which the metrics stand beside the loss under `train_<name>` and
/// `valid_<name>`:
///
/// ```
/// use rnn_train::progress::EpochReport;
///
/// let line = r#"{"epoch":3,"train_loss":0.5,"train_accuracy":0.8,"valid_loss":0.6,
///     "valid_accuracy":0.75,"learning_rate":0.001,"seconds":1.5,"step_seconds":1.25}"#;
/// let report: EpochReport = serde_json::from_str(line)?;
/// assert_eq!(report.valid_metric("accuracy"), Some(0.75));
/// assert_eq!(report.metric("loss"), Some(0.6));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch, from 1, in which it ends.
    pub epoch: usize,
    /// Mean loss over the training predictions since the last report, each computed before its step; in
    /// nats if it is a cross entropy.
    pub train_loss: f64,
    /// The metrics of the training predictions.
    #[serde(flatten, with = "train_keys")]
    pub train_metrics: Metrics,
    /// Mean loss on the validation data, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_loss: Option<f64>,
    /// The metrics of the validation predictions; empty if there are none.
    #[serde(flatten, with = "valid_keys")]
    pub valid_metrics: Metrics,
    /// Whether the [monitored metric](crate::FitConfig::monitor) is the best so far.
    #[serde(default)]
    pub best: bool,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// Mean over the steps of the norm of all gradients before clipping, if they are clipped by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Steps of the optimiser since the training began: where the report was made.
    #[serde(default)]
    pub steps: usize,
    /// Items since the last report: images, sentences, windows.
    #[serde(default)]
    pub items: usize,
    /// Predictions since the last report: one per image, word, character or value.
    #[serde(default)]
    pub targets: usize,
    /// Seconds since the last report, with the validation.
    pub seconds: f64,
    /// Seconds of those inside training steps.
    pub step_seconds: f64,
    /// The classes predicted for the last batch, if the model predicts classes and
    /// [`keep_predictions`](crate::FitConfig::keep_predictions) asks for them. Checkpoints do not hold
    /// them.
    #[serde(skip)]
    pub predictions: Vec<usize>,
}

impl EpochReport {
    /// The loss on the validation data, or on the training data if there are none.
    pub fn loss(&self) -> f64 {
        self.valid_loss.unwrap_or(self.train_loss)
    }

    /// A metric of the training predictions; none if there is no metric of this name.
    pub fn train_metric(&self, name: &str) -> Option<f64> {
        self.train_metrics.get(name)
    }

    /// A metric of the validation predictions; none if there is no metric of this name.
    pub fn valid_metric(&self, name: &str) -> Option<f64> {
        self.valid_metrics.get(name)
    }

    /// The loss (`loss`) or a metric on the validation data, or on the training data if there are none:
    /// what a [`Monitor`](crate::config::Monitor) compares reports by.
    pub fn metric(&self, name: &str) -> Option<f64> {
        match (name, self.valid_loss) {
            ("loss", _) => Some(self.loss()),
            (name, Some(_)) => self.valid_metric(name),
            (name, None) => self.train_metric(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_keys_and_the_order_of_older_versions() -> serde_json::Result<()> {
        let report = EpochReport {
            epoch: 2,
            train_loss: 0.5,
            train_metrics: [("accuracy", 0.75)].into_iter().collect(),
            valid_loss: Some(0.625),
            valid_metrics: [("accuracy", 0.7)].into_iter().collect(),
            ..EpochReport::default()
        };
        let line = serde_json::to_string(&report)?;
        assert_eq!(
            line,
            r#"{"epoch":2,"train_loss":0.5,"train_accuracy":0.75,"valid_loss":0.625,"valid_accuracy":0.7,"best":false,"learning_rate":0.0,"steps":0,"items":0,"targets":0,"seconds":0.0,"step_seconds":0.0}"#
        );
        assert_eq!(serde_json::from_str::<EpochReport>(&line)?, report);
        Ok(())
    }

    #[test]
    fn without_validation_there_are_no_keys_of_it() -> serde_json::Result<()> {
        let line = serde_json::to_string(&EpochReport::default())?;
        assert!(!line.contains("valid_"), "{line}");
        let report: EpochReport = serde_json::from_str(&line)?;
        assert_eq!(report, EpochReport::default());
        Ok(())
    }

    #[test]
    fn numbers_come_back_to_the_last_bit_and_infinity_as_nan() -> serde_json::Result<()> {
        let accuracy = 0.1 + 0.2;
        let report = EpochReport {
            train_metrics: [("accuracy", accuracy), ("perplexity", f64::INFINITY)]
                .into_iter()
                .collect(),
            ..EpochReport::default()
        };
        let again: EpochReport = serde_json::from_str(&serde_json::to_string(&report)?)?;
        assert_eq!(again.train_metric("accuracy"), Some(accuracy));
        assert!(again.train_metric("perplexity").is_some_and(f64::is_nan));
        Ok(())
    }
}
