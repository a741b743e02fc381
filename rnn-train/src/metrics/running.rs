//! The sums of an epoch under way, with the results that are still on the device.

use std::time::{Duration, Instant};

use burn::tensor::Tensor;

use super::Sums;
use super::results::{Unread, read};
use crate::error::TrainError;
use crate::objective::BatchLoss;

/// How long results may stay on the device before they are read: each read waits for the device.
const READ_EVERY: Duration = Duration::from_millis(100);
/// How many of them may.
const UNREAD: usize = 100;

/// A step whose result is infinite or NaN, which ends a training.
pub(crate) struct NotFinite {
    pub step: usize,
    /// The batch of the epoch, from 0.
    pub batch: usize,
    pub what: &'static str,
    pub value: f64,
}

/// Sums, and what is to be added to them.
pub(crate) struct RunningSums {
    pub sums: Sums,
    unread: Vec<Unread>,
    last_read: Instant,
    skips_empty: bool,
    /// The loss and the gradients' norm that were read last.
    pub latest: Option<(f64, Option<f64>)>,
}

impl RunningSums {
    pub fn new(sums: Sums) -> Self {
        Self {
            sums,
            unread: Vec::new(),
            last_read: Instant::now(),
            skips_empty: false,
            latest: None,
        }
    }

    /// Sums over validation data, which leave out the loss of a batch without predictions.
    pub fn of_validation() -> Self {
        Self {
            skips_empty: true,
            ..Self::new(Sums::default())
        }
    }

    /// Adds the results of a step, or of a batch of it; `number` is the batch's in the epoch.
    pub fn add(&mut self, step: usize, number: usize, batch: &BatchLoss) -> Result<(), TrainError> {
        self.unread.push(Unread::new(step, number, batch)?);
        Ok(())
    }

    /// Adds the norm of the gradients to what was added last.
    pub fn add_norm(&mut self, norm: Option<Tensor<1>>) {
        if let Some(last) = self.unread.last_mut() {
            last.norm = norm;
        }
    }

    /// Reads the first results at once, and later ones when they have waited for long.
    pub fn read_some(&mut self) -> Result<Option<NotFinite>, TrainError> {
        let is_time = self.unread.len() >= UNREAD || self.last_read.elapsed() >= READ_EVERY;
        match is_time || self.latest.is_none() {
            true => self.read(),
            false => Ok(None),
        }
    }

    /// Reads everything, and adds it up to the first loss or norm that is not finite.
    pub fn read(&mut self) -> Result<Option<NotFinite>, TrainError> {
        let unread = std::mem::take(&mut self.unread);
        self.last_read = Instant::now();
        for results in read(unread)? {
            let (step, batch) = (results.step, results.batch);
            let has_loss = results.count > 0 || !self.skips_empty;
            for (what, value) in [
                ("loss", Some(results.loss).filter(|_| has_loss)),
                ("gradients' norm", results.norm),
            ] {
                if let Some(value) = value.filter(|value| !value.is_finite()) {
                    return Ok(Some(NotFinite {
                        step,
                        batch,
                        what,
                        value,
                    }));
                }
            }
            self.sums.add(&results);
            self.latest = Some((results.loss, results.norm));
        }
        Ok(None)
    }
}
