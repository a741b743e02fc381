//! Sums over an epoch's predictions.

use std::time::{Duration, Instant};

use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::objective::Scores;

/// How long results may lie on the device before somebody looks at them: each look waits for it.
const READ_EVERY: Duration = Duration::from_millis(100);
/// And how many of them.
const UNREAD: usize = 100;

/// What the predictions so far came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    loss: f64,
    correct: u64,
    pub predictions: usize,
    norm: f64,
    norms: usize,
}

impl Sums {
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.predictions as f64
    }

    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.predictions as f64
    }

    pub fn mean_norm(&self) -> Option<f64> {
        (self.norms > 0).then(|| self.norm / self.norms as f64)
    }
}

/// Results that are still on the device.
struct Unread {
    step: usize,
    loss: Tensor<1>,
    correct: Tensor<1, Int>,
    norm: Option<Tensor<1>>,
    predictions: usize,
}

/// Sums, and what is to be added to them.
pub(crate) struct Tally {
    pub sums: Sums,
    unread: Vec<Unread>,
    last_read: Instant,
    /// The loss and the gradients' norm that were read last.
    pub latest: Option<(f64, Option<f64>)>,
}

/// The step whose loss is not finite, and that loss.
pub(crate) struct NotFinite {
    pub step: usize,
    pub loss: f64,
}

impl Tally {
    pub fn new(sums: Sums) -> Self {
        Self {
            sums,
            unread: Vec::new(),
            last_read: Instant::now(),
            latest: None,
        }
    }

    /// Adds the results of a step, or of a batch of it.
    pub fn add(&mut self, step: usize, scores: &Scores) {
        let best = scores.logits.clone().argmax(1).squeeze_dim::<1>(1);
        self.unread.push(Unread {
            step,
            loss: scores.loss.clone(),
            correct: best.equal(scores.targets.clone()).int().sum(),
            norm: None,
            predictions: scores.targets.dims()[0],
        });
    }

    /// Adds the norm of the gradients to what was added last.
    pub fn add_norm(&mut self, norm: Option<Tensor<1>>) {
        if let Some(last) = self.unread.last_mut() {
            last.norm = norm;
        }
    }

    /// Reads what has lain there for long.
    pub fn read_some(&mut self) -> Result<Option<NotFinite>, TrainError> {
        if self.unread.len() >= UNREAD || self.last_read.elapsed() >= READ_EVERY {
            return self.read();
        }
        Ok(None)
    }

    /// Reads everything, up to a loss that is no number.
    pub fn read(&mut self) -> Result<Option<NotFinite>, TrainError> {
        for Unread {
            step,
            loss,
            correct,
            norm,
            predictions,
        } in self.unread.drain(..)
        {
            let loss: f64 = loss.try_into_scalar().map_err(device)?;
            if !loss.is_finite() {
                return Ok(Some(NotFinite { step, loss }));
            }
            let correct: i64 = correct.try_into_scalar().map_err(device)?;
            let norm = norm.map(|norm| norm.try_into_scalar::<f64>());
            let norm = norm.transpose().map_err(device)?;
            self.sums.loss += loss * predictions as f64;
            self.sums.correct += correct as u64;
            self.sums.predictions += predictions;
            if let Some(norm) = norm {
                self.sums.norm += norm;
                self.sums.norms += 1;
            }
            self.latest = Some((loss, norm));
        }
        self.last_read = Instant::now();
        Ok(None)
    }
}

fn device(error: impl core::fmt::Display) -> TrainError {
    TrainError::Device(error.to_string())
}
