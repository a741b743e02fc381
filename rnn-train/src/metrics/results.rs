//! Results of batches, on the device and as numbers.

use burn::tensor::{DType, Tensor};

use crate::error::TrainError;
use crate::objective::{BatchLoss, Metric};

/// Results of a batch that are still on the device.
pub(super) struct Unread {
    step: usize,
    batch: usize,
    loss: Tensor<1>,
    count: usize,
    metrics: Vec<Metric>,
    /// Of the gradients.
    pub norm: Option<Tensor<1>>,
}

/// The same as numbers.
pub(super) struct Results {
    pub step: usize,
    pub batch: usize,
    pub loss: f64,
    pub count: usize,
    pub metrics: Vec<(Metric, f64)>,
    pub norm: Option<f64>,
}

impl Unread {
    pub fn new(step: usize, number: usize, batch: &BatchLoss) -> Result<Self, TrainError> {
        let metrics = batch.metrics();
        if let Some(metric) = metrics.iter().find(|metric| !is_name(&metric.name)) {
            return Err(TrainError::MetricName(metric.name.clone()));
        }
        Ok(Self {
            step,
            batch: number,
            loss: batch.loss.clone(),
            count: batch.count,
            metrics,
            norm: None,
        })
    }

    /// The loss, the metrics, and the norm if there is one.
    fn tensors(&self) -> impl Iterator<Item = &Tensor<1>> {
        let metrics = self.metrics.iter().map(|metric| &metric.value);
        std::iter::once(&self.loss).chain(metrics).chain(&self.norm)
    }

    fn with_values(self, values: &mut impl Iterator<Item = f64>) -> Option<Results> {
        let loss = values.next()?;
        let mut metrics = Vec::with_capacity(self.metrics.len());
        for metric in self.metrics {
            metrics.push((metric, values.next()?));
        }
        let norm = match self.norm {
            Some(_) => Some(values.next()?),
            None => None,
        };
        Some(Results {
            step: self.step,
            batch: self.batch,
            loss,
            count: self.count,
            metrics,
            norm,
        })
    }
}

/// Keys of JSON, columns of CSV.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    !name.is_empty() && name != "loss" && name.chars().all(is_part)
}

/// Reads all results at once: each read waits for the device.
pub(super) fn read(unread: Vec<Unread>) -> Result<Vec<Results>, TrainError> {
    let tensors: Vec<&Tensor<1>> = unread.iter().flat_map(Unread::tensors).collect();
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let is_wide = tensors.iter().any(|tensor| tensor.dtype() == DType::F64);
    let dtype = if is_wide { DType::F64 } else { DType::F32 };
    let tensors = tensors.into_iter().map(|tensor| tensor.clone().cast(dtype));
    let values = Tensor::cat(tensors.collect(), 0).try_into_data();
    let values = values.map_err(TrainError::device)?;
    let mut values = values.iter::<f64>();
    let results: Option<Vec<Results>> = unread
        .into_iter()
        .map(|results| results.with_values(&mut values))
        .collect();
    results.ok_or_else(|| TrainError::device("fewer values than were asked for"))
}
