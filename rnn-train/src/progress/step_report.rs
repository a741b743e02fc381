use super::EpochReport;

/// Where a training begins.
#[derive(Clone, Debug)]
pub struct StartReport {
    /// Epochs in all; the last one may be cut short by [`max_steps`](crate::FitConfig::max_steps).
    pub epochs: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Steps in all.
    pub total_steps: usize,
    /// Whether the training is [measured in steps](crate::FitConfig::counts_steps) and not in epochs.
    pub counts_steps: bool,
    /// Steps that are done already, over all epochs: those of the checkpoint; 0 for a new training.
    pub steps_done: usize,
    /// The reports that were made already.
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
    /// Steps in all.
    pub total_steps: usize,
    /// Items of this epoch that are done: images, sentences, windows.
    pub items: usize,
    /// Items of an epoch.
    pub total_items: usize,
    /// The step's predictions: as many as items for a classifier, one per word or character otherwise.
    pub predictions: usize,
    /// How many classes a prediction chooses from, if the model predicts classes: the loss of chance
    /// level is the logarithm of it.
    pub num_classes: Option<usize>,
    /// The latest loss that was read from the device: of this step, or of one up to a tenth of a second
    /// before it.
    pub loss: Option<f64>,
    /// The norm of all gradients before clipping, if they are clipped by it; of the same step as `loss`.
    pub grad_norm: Option<f64>,
    /// The learning rate of this step.
    pub learning_rate: f64,
}
