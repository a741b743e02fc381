use serde::{Deserialize, Serialize};

use super::Metrics;
use super::results::Results;
use crate::objective::Transform;

/// Sums over the predictions of an epoch so far, from which its means are made. Checkpoints hold them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub(crate) struct Sums {
    loss: f64,
    pub predictions: usize,
    metrics: Vec<MetricSum>,
    norm: f64,
    norms: usize,
}

/// The sum of a metric over its predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricSum {
    name: String,
    /// None if it is not finite, which JSON has no number for.
    sum: Option<f64>,
    count: usize,
    transform: Transform,
}

impl Sums {
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.predictions as f64
    }

    /// The values of all metrics that had a prediction.
    pub fn metrics(&self) -> Metrics {
        let counted = self.metrics.iter().filter(|metric| metric.count > 0);
        let values = counted.map(|metric| {
            let mean = metric.sum.unwrap_or(f64::NAN) / metric.count as f64;
            (metric.name.as_str(), metric.transform.apply(mean))
        });
        values.collect()
    }

    /// The mean of the gradients' norms; none if there was none.
    pub fn mean_norm(&self) -> Option<f64> {
        (self.norms > 0).then(|| self.norm / self.norms as f64)
    }

    /// Adds the results of a batch.
    pub(super) fn add(&mut self, results: &Results) {
        // A mean over nothing is NaN.
        if results.count > 0 {
            self.loss += results.loss * results.count as f64;
            self.predictions += results.count;
        }
        for (metric, value) in &results.metrics {
            let sum = self.entry(&metric.name, metric.transform);
            if metric.count > 0 {
                let total = sum.sum.unwrap_or(f64::NAN) + value * metric.factor;
                sum.sum = Some(total).filter(|total| total.is_finite());
                sum.count += metric.count;
            }
        }
        if let Some(norm) = results.norm {
            self.norm += norm;
            self.norms += 1;
        }
    }

    fn entry(&mut self, name: &str, transform: Transform) -> &mut MetricSum {
        let found = self.metrics.iter().position(|metric| metric.name == name);
        let index = found.unwrap_or_else(|| {
            self.metrics.push(MetricSum {
                name: name.to_owned(),
                sum: Some(0.0),
                count: 0,
                transform,
            });
            self.metrics.len() - 1
        });
        &mut self.metrics[index]
    }
}

/// Sums as checkpoints hold them, those of older versions included, whose only metric was the accuracy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    loss: f64,
    correct: Option<u64>,
    predictions: usize,
    #[serde(default)]
    metrics: Vec<MetricSum>,
    norm: f64,
    norms: usize,
}

impl From<Stored> for Sums {
    fn from(stored: Stored) -> Self {
        let accuracy = stored.correct.map(|correct| MetricSum {
            name: "accuracy".to_owned(),
            sum: Some(correct as f64),
            count: stored.predictions,
            transform: Transform::Identity,
        });
        Self {
            loss: stored.loss,
            predictions: stored.predictions,
            metrics: accuracy.into_iter().chain(stored.metrics).collect(),
            norm: stored.norm,
            norms: stored.norms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_older_checkpoints_are_read() -> serde_json::Result<()> {
        let old = r#"{"loss":3.5,"correct":6,"predictions":8,"norm":2.5,"norms":2}"#;
        let sums: Sums = serde_json::from_str(old)?;
        assert_eq!(sums.mean_loss(), 3.5 / 8.0);
        assert_eq!(sums.metrics().get("accuracy"), Some(0.75));
        assert_eq!(sums.mean_norm(), Some(1.25));

        let again: Sums = serde_json::from_str(&serde_json::to_string(&sums)?)?;
        assert_eq!(again, sums);
        Ok(())
    }

    #[test]
    fn sums_that_are_no_numbers_are_kept() -> serde_json::Result<()> {
        let mut sums = Sums::default();
        sums.entry("odd", Transform::Identity).sum = None;
        sums.entry("odd", Transform::Identity).count = 2;
        let again: Sums = serde_json::from_str(&serde_json::to_string(&sums)?)?;
        let value = again.metrics().get("odd");
        assert!(value.is_some_and(f64::is_nan), "{value:?}");
        Ok(())
    }

    #[test]
    fn a_batch_without_predictions_has_no_part_in_the_mean() {
        let mut sums = Sums::default();
        for (loss, count) in [(2.0, 3), (f64::NAN, 0)] {
            sums.add(&Results {
                batch: 0,
                step: 0,
                loss,
                count,
                metrics: Vec::new(),
                norm: None,
            });
        }
        assert_eq!((sums.mean_loss(), sums.predictions), (2.0, 3));
    }
}
