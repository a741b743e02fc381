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

/// A step that is the end of a training.
pub(crate) struct NotFinite {
    pub step: usize,
    pub what: &'static str,
    pub value: f64,
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

    /// Reads what has lain there for long, and the first results at once.
    pub fn read_some(&mut self) -> Result<Option<NotFinite>, TrainError> {
        let is_time = self.unread.len() >= UNREAD || self.last_read.elapsed() >= READ_EVERY;
        match is_time || self.latest.is_none() {
            true => self.read(),
            false => Ok(None),
        }
    }

    /// Reads everything, and adds it up to what is no number.
    pub fn read(&mut self) -> Result<Option<NotFinite>, TrainError> {
        let unread = std::mem::take(&mut self.unread);
        self.last_read = Instant::now();
        if unread.is_empty() {
            return Ok(None);
        }
        let losses = unread.iter().map(|results| results.loss.clone());
        let losses: Vec<f64> = together(losses.collect())?;
        let correct = unread.iter().map(|results| results.correct.clone());
        let correct = Tensor::cat(correct.collect(), 0).try_into_data();
        let correct: Vec<i64> = correct.map_err(TrainError::device)?.iter().collect();
        let norms: Vec<Tensor<1>> = unread
            .iter()
            .filter_map(|results| results.norm.clone())
            .collect();
        let norms = if norms.is_empty() {
            Vec::new()
        } else {
            together(norms)?
        };
        let mut norms = norms.into_iter();
        for ((results, loss), correct) in unread.iter().zip(losses).zip(correct) {
            let norm = results.norm.as_ref().and_then(|_| norms.next());
            for (what, value) in [("loss", Some(loss)), ("gradients' norm", norm)] {
                let step = results.step;
                match value {
                    Some(value) if !value.is_finite() => {
                        return Ok(Some(NotFinite { step, what, value }));
                    }
                    _ => {}
                }
            }
            self.sums.loss += loss * results.predictions as f64;
            self.sums.correct += correct as u64;
            self.sums.predictions += results.predictions;
            if let Some(norm) = norm {
                self.sums.norm += norm;
                self.sums.norms += 1;
            }
            self.latest = Some((loss, norm));
        }
        Ok(None)
    }
}

/// Values of one number each, in one read.
fn together(values: Vec<Tensor<1>>) -> Result<Vec<f64>, TrainError> {
    let values = Tensor::cat(values, 0).try_into_data();
    Ok(values.map_err(TrainError::device)?.iter().collect())
}
