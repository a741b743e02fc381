//! What can go wrong in a training.

use std::error::Error;
use std::path::PathBuf;

mod checkpoint;

use burn::data::dataset::DatasetError;

use crate::config::InvalidSetting;
use crate::data::Split;
use crate::objective::ClassOutOfRange;
use crate::optim::PrecisionError;
pub use checkpoint::CheckpointError;

/// Why a training or an evaluation failed.
///
/// What caused it is its [`source`](Error::source), and no part of its own text: print the whole chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// There are no data.
    #[error("the {data} data hold no items")]
    NoData {
        /// Which.
        data: Split,
    },
    /// No batch of the data has a prediction, over which the loss could be a mean.
    #[error("the {data} data hold no predictions: the losses of all batches are means over 0")]
    NoPredictions {
        /// Which.
        data: Split,
    },
    /// A setting is out of range, or makes no sense for the model.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// An extension of a training to no more epochs than are done.
    #[error("epochs: expected more than {done}, which are done, found {epochs}")]
    EpochsDone {
        /// Whole epochs that are done.
        done: usize,
        /// Epochs that were asked for.
        epochs: usize,
    },
    /// With carried states each sequence of a batch must go on where the one before it ended.
    #[error(
        "states can't be carried from batch to batch of a shuffled loader: leave out `shuffled`"
    )]
    ShuffledStates,
    /// With carried states every batch must be as large as the one before.
    #[error(
        "{items} items make batches of {batch_size} and a smaller last one, but carried states \
         need batches of one size"
    )]
    UnevenBatches {
        /// Items of an epoch.
        items: usize,
        /// Items of a batch.
        batch_size: usize,
    },
    /// The model has no parameters: nothing to train, and no device to compute on.
    #[error("the model has no parameters")]
    NoParameters,
    /// No parameter of the model is to be trained.
    #[error("every parameter of the model is frozen: expected one that requires gradients")]
    Frozen,
    /// The loss of a training's batch was computed without any parameter that is trained.
    #[error(
        "the loss of {} depends on no parameter of the model that requires gradients: expected one that \
         is computed from them, without `detach`, `inner` or a way over numbers",
        nth(*batch)
    )]
    NoGradients {
        /// The batch of the epoch, from 0.
        batch: usize,
    },
    /// The device does not compute in numbers of this precision.
    #[error(transparent)]
    Precision(#[from] PrecisionError),
    /// A metric's name can't be a key of JSON files and tables.
    #[error("a metric can't be named {0:?}: expected letters, digits and _, and not loss")]
    MetricName(String),
    /// The metric to be monitored is not one of those that the model's objective has.
    #[error("there is no metric {metric} to monitor, expected loss{}", there.iter().map(|name| format!(" or {name}")).collect::<String>())]
    NoMetric {
        /// The metric to be monitored.
        metric: String,
        /// The metrics that the objective has.
        there: Vec<String>,
    },
    /// The loss became infinite or NaN, or the gradients or the weights did.
    #[error(
        "the {what} became {value} at step {step} (epoch {epoch}): try, in a new run, a smaller \
         learning rate, a warm-up, or clipping the gradients{}",
        kept(checkpoint)
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The step, from 1, over all epochs.
        step: usize,
        /// What is not finite.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The last checkpoint, from before that.
        checkpoint: Option<PathBuf>,
    },
    /// The loss of the first batch, or the norm of its gradients, is infinite or NaN: no step has changed
    /// the weights yet.
    #[error(
        "the {what} of the first batch is {value}, before any step: {}",
        origin(what, parameter)
    )]
    NotFiniteAtStart {
        /// What is not finite.
        what: &'static str,
        /// Its value.
        value: f64,
        /// A parameter that holds such a number; none if the weights are finite.
        parameter: Option<String>,
    },
    /// The loss of a batch is infinite or NaN in an evaluation.
    #[error(
        "batch {batch}: the loss is {value}: expected finite weights, and inputs and targets without NaN \
         and infinities"
    )]
    NotFinite {
        /// The batch, from 0.
        batch: usize,
        /// The loss.
        value: f64,
    },
    /// A target is no class of the model's.
    #[error("batch {batch}")]
    Class {
        /// The batch of the epoch or the evaluation, from 0.
        batch: usize,
        /// Which target.
        source: ClassOutOfRange,
    },
    /// Early stopping has no validation data.
    #[error("early stopping needs validation data")]
    NoValidation,
    /// A checkpoint can't be written, or does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// There is no dashboard in this build.
    #[error("the dashboard needs the feature `tui`")]
    NoDashboard,
    /// Burn's learner stopped.
    #[error("training stopped")]
    Learner(#[source] Box<dyn Error + Send + Sync>),
    /// A hook of [`Trainer::with_epoch_hook`](crate::Trainer::with_epoch_hook) returned an error.
    #[error("at the end of epoch {epoch}")]
    Hook {
        /// The epoch, from 1.
        epoch: usize,
        /// The hook's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A batch could not be read.
    #[error("a batch can't be read")]
    Data(#[source] DatasetError),
    /// A result could not be read from the device.
    #[error("a result can't be read from the device")]
    Device(#[source] Box<dyn Error + Send + Sync>),
}

fn origin(what: &str, parameter: &Option<String>) -> String {
    match (parameter, what) {
        (Some(name), _) => format!("the parameter {name} holds a number that is not finite"),
        (None, "loss") => {
            "expected inputs and targets without NaN and infinities, and an objective that \
                           is finite for them"
                .to_owned()
        }
        (None, _) => {
            "the loss is finite, so expected inputs and weights of a smaller size".to_owned()
        }
    }
}

fn nth(batch: usize) -> String {
    match batch {
        0 => "the first batch".to_owned(),
        batch => format!("batch {batch}"),
    }
}

fn kept(checkpoint: &Option<PathBuf>) -> String {
    checkpoint.as_ref().map_or_else(String::new, |path| {
        format!("; the last good checkpoint is {}", path.display())
    })
}

impl TrainError {
    /// The device's answer when a result is read from it.
    pub(crate) fn device(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Device(error.into())
    }
}
