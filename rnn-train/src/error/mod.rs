//! What can go wrong in a training.

use std::error::Error;
use std::path::PathBuf;

mod checkpoint;
mod read;

use crate::config::InvalidSetting;
use crate::data::Split;
use crate::objective::ClassOutOfRange;
use crate::optim::PrecisionError;
pub use checkpoint::CheckpointError;
pub use read::ReadError;

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
    /// An extension of a training to no more steps than are done.
    #[error("max_steps: expected more than {done}, which are done, found {max_steps}")]
    StepsDone {
        /// Steps that are done.
        done: usize,
        /// Steps that were asked for.
        max_steps: usize,
    },
    /// With carried states each sequence of a batch must go on where the one before it ended.
    #[error(
        "states can't be carried from batch to batch of a shuffled loader: leave out `shuffled`"
    )]
    ShuffledStates,
    /// With carried states each sequence of a batch must go on where the one before it ended.
    #[error(
        "states can't be carried over windows that are each for themselves: load the text's windows"
    )]
    SeparateStates,
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
    /// A training step has no predictions.
    #[error(
        "step {step} (epoch {epoch}): expected a loss that is a mean over at least 1 prediction, found 0"
    )]
    EmptyStep {
        /// The epoch, from 1.
        epoch: usize,
        /// The step, from 1, over all epochs.
        step: usize,
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
    /// The metric to be monitored has no value in the first report.
    #[error("the metric {metric} to monitor {}", missing(*value))]
    MonitoredValue {
        /// The metric to be monitored.
        metric: String,
        /// NaN, or none if no batch counts for it.
        value: Option<f64>,
    },
    /// The loss became infinite or NaN, or the gradients or the weights did.
    #[error(
        "the {what} became {value} at step {step} (epoch {epoch}{}): {}try, in a new run, a smaller \
         learning rate, a warm-up, or clipping the gradients{}",
        place(*batch, *data),
        blame(what, *finite_weights),
        kept(checkpoint)
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The step, from 1, over all epochs.
        step: usize,
        /// Whether it was found in training or in validation.
        data: Split,
        /// The batch of the epoch, from 0; none for the weights.
        batch: Option<usize>,
        /// What is not finite.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Whether the weights that the loss was computed with are finite; none if it is not known.
        finite_weights: Option<bool>,
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
    #[error("batch {batch}{}", of(*data))]
    Class {
        /// Which data.
        data: Split,
        /// The batch of the epoch or the evaluation, from 0.
        batch: usize,
        /// Which target.
        source: ClassOutOfRange,
    },
    /// Early stopping, or keeping the best weights, has no validation data.
    #[error("early stopping, and keeping the best weights, need validation data")]
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
    #[error("after step {step} (epoch {epoch})")]
    Hook {
        /// The epoch, from 1.
        epoch: usize,
        /// The step, from 1, over all epochs.
        step: usize,
        /// The hook's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A batch could not be read.
    #[error("batch {batch}{} can't be read", of(*data))]
    Data {
        /// Which data.
        data: Split,
        /// The batch of the epoch or the evaluation, from 0.
        batch: usize,
        /// The dataset's error.
        source: ReadError,
    },
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

fn of(data: Split) -> &'static str {
    match data {
        Split::Validation => " of the validation data",
        Split::Training | Split::Evaluation => "",
    }
}

fn place(batch: Option<usize>, data: Split) -> String {
    batch.map_or_else(String::new, |batch| format!(", batch {batch}{}", of(data)))
}

/// What else there may be to blame than the settings.
fn blame(what: &str, finite_weights: Option<bool>) -> &'static str {
    match (what, finite_weights) {
        (_, Some(true)) => {
            "the weights are finite, so expected inputs and targets without NaN and infinities; if they \
             hold none, the weights are too large: "
        }
        ("loss", None) => {
            "expected inputs and targets without NaN and infinities; if they hold none, "
        }
        _ => "",
    }
}

fn missing(value: Option<f64>) -> String {
    match value {
        Some(value) => format!("is {value} in the first report, expected a number"),
        None => "was counted in no batch before the first report".to_owned(),
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
