//! How to get the optimiser's state, which Burn's learner keeps private: the learner passes it to a
//! "checkpointer", and this one passes it on.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};

use burn::optim::OptimizerRecord;
use burn::train::checkpoint::{
    Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy,
};
use burn::train::metric::store::EventStoreClient;

/// Saves whenever it is asked to.
pub(crate) struct Always;

impl CheckpointingStrategy for Always {
    fn checkpointing(&mut self, _: usize, _: &EventStoreClient) -> Vec<CheckpointingAction> {
        vec![CheckpointingAction::Save]
    }
}

/// Passes the optimiser's record on.
pub(crate) struct Pass(Mutex<Sender<OptimizerRecord>>);

/// The records that were passed on.
pub(crate) struct Records(Receiver<OptimizerRecord>);

impl Records {
    /// The record of the learner's last save; none if it has gone.
    pub fn next(&self) -> Option<OptimizerRecord> {
        self.0.recv().ok()
    }
}

pub(crate) fn optimizer_records() -> (Pass, Records) {
    let (sender, receiver) = mpsc::channel();
    (Pass(sender.into()), Records(receiver))
}

impl Checkpointer<OptimizerRecord> for Pass {
    fn save(&self, _: usize, record: OptimizerRecord) -> Result<(), CheckpointerError> {
        let sender = self.0.lock().map_err(unknown)?;
        sender.send(record).map_err(unknown)
    }

    fn delete(&self, _: usize) -> Result<(), CheckpointerError> {
        Ok(())
    }

    fn restore(&self, _: usize) -> Result<OptimizerRecord, CheckpointerError> {
        Err(unknown("nothing is kept here"))
    }
}

/// Keeps nothing: the weights are known without the learner's help, and the learning rate follows from
/// the position.
pub(crate) struct Nothing;

impl<R: Checkpoint> Checkpointer<R> for Nothing {
    fn save(&self, _: usize, _: R) -> Result<(), CheckpointerError> {
        Ok(())
    }

    fn delete(&self, _: usize) -> Result<(), CheckpointerError> {
        Ok(())
    }

    fn restore(&self, _: usize) -> Result<R, CheckpointerError> {
        Err(unknown("nothing is kept here"))
    }
}

fn unknown(error: impl core::fmt::Display) -> CheckpointerError {
    CheckpointerError::Unknown(error.to_string())
}
