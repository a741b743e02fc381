use serde::{Deserialize, Serialize};

/// Is told how a training goes, on the thread that trains. All methods do nothing by default.
pub trait Observer {
    /// A step is done.
    fn step(&mut self, _report: &StepReport) {}

    /// An epoch is done, validation included.
    fn epoch(&mut self, _report: &EpochReport) {}
}

/// Watches nothing.
impl Observer for () {}

/// Where a training stands after a step.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Items of this epoch that are done.
    pub items: usize,
    /// Items of an epoch.
    pub total_items: usize,
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
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// Seconds for the epoch with its validation.
    pub seconds: f64,
    /// Seconds of those inside training steps.
    pub step_seconds: f64,
    /// The classes predicted for the last batch, if asked for.
    #[serde(skip)]
    pub predictions: Vec<usize>,
}
