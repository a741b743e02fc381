//! Watching a training.

use serde::{Deserialize, Serialize};

/// Is told how a training goes, on the thread that trains. All methods do nothing by default.
pub trait Observer {
    /// The training begins, or goes on from a checkpoint.
    fn start(&mut self, _report: &StartReport) {}

    /// A step is done.
    fn step(&mut self, _report: &StepReport) {}

    /// An epoch is done, validation included.
    fn epoch(&mut self, _report: &EpochReport) {}
}

/// Watches nothing.
impl Observer for () {}

/// Where a training begins.
#[derive(Clone, Debug)]
pub struct StartReport {
    /// Epochs in all.
    pub epochs: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Steps that a checkpoint has behind it, over all epochs; 0 for a new training.
    pub steps_done: usize,
    /// The epochs that it has behind it.
    pub history: Vec<EpochReport>,
}

/// Where a training stands after a step.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// The step, from 1, over all epochs.
    pub step: usize,
    /// Items of this epoch that are done.
    pub items: usize,
    /// Items of an epoch.
    pub total_items: usize,
    /// The step's predictions: as many as items for a classifier, one per word or character otherwise.
    pub predictions: usize,
    /// How many classes a prediction chooses from.
    pub num_classes: usize,
    /// The latest loss that was read from the device, in nats: of this step, or one up to a tenth of a
    /// second before it.
    pub loss: Option<f64>,
    /// The gradients' joint norm before it was clipped, if it was; of the same step as `loss`.
    pub grad_norm: Option<f64>,
    /// The learning rate of this step.
    pub learning_rate: f64,
}

/// What an epoch came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's training predictions, in nats, each taken before its step.
    pub train_loss: f64,
    /// Share of the training predictions that were right, 0 to 1.
    pub train_accuracy: f64,
    /// Mean loss on the validation data, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_loss: Option<f64>,
    /// Share of the validation predictions that were right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_accuracy: Option<f64>,
    /// Whether [its loss](Self::loss) is the least so far.
    #[serde(default)]
    pub best: bool,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// Mean over the steps of the gradients' joint norm before clipping, if they are clipped by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Steps of the optimiser since the training began.
    #[serde(default)]
    pub steps: usize,
    /// Items of the epoch: images, sentences, windows.
    #[serde(default)]
    pub items: usize,
    /// Predictions of the epoch: one per image, word or character.
    #[serde(default)]
    pub targets: usize,
    /// Seconds for the epoch with its validation.
    pub seconds: f64,
    /// Seconds of those inside training steps.
    pub step_seconds: f64,
    /// The classes predicted for the last batch, if asked for. Checkpoints do not keep them.
    #[serde(skip)]
    pub predictions: Vec<usize>,
}

impl EpochReport {
    /// What epochs are compared by: the loss on the validation data, or else on the training data.
    pub fn loss(&self) -> f64 {
        self.valid_loss.unwrap_or(self.train_loss)
    }
}
