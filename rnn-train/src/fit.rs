//! Training a model with Burn's learner. The only file that knows how it is put together.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn::train::checkpoint::{FileCheckpointer, KeepLastNCheckpoints};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{Learner, SupervisedTraining, TrainingStrategy};
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::loader::Loader;
use crate::metrics::{Collector, NoLog};
use crate::objective::{Learnable, Objective};
use crate::observe::{EpochReport, Observer};
use crate::schedule::Schedule;
use crate::strategy::Strategy;

/// How to train: Adam on the cross entropy, with PyTorch's constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitConfig {
    /// Passes over the training data.
    pub epochs: usize,
    /// The learning rate; with a schedule the highest one.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The largest allowed joint norm of all gradients; none for no limit.
    pub clip_norm: Option<f64>,
    /// What all randomness in training comes from.
    pub seed: u64,
    /// Whether a batch starts from the state that the one before it ended in.
    pub carry_state: bool,
    /// Whether reports hold the predictions for the last batch (small data only: it costs a
    /// read from the device per epoch).
    pub keep_predictions: bool,
}

impl FitConfig {
    /// `epochs` at a constant rate of 0.001, no clipping, seed 0.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            clip_norm: None,
            seed: 0,
            carry_state: false,
            keep_predictions: false,
        }
    }
}

/// A trained model and how it got there.
pub struct Fitted<M: Objective> {
    /// The model with its last weights, ready for prediction.
    pub model: M,
    /// The state that the last step left, if states are carried.
    pub state: Option<M::State>,
    /// A report per epoch.
    pub history: Vec<EpochReport>,
    /// Seconds of training with its validation.
    pub seconds: f64,
    /// Seconds of those inside training steps.
    pub step_seconds: f64,
}

/// Trains `model` on `device` with the batches of `train`, judging it after each epoch on `valid`
/// if given.
///
/// With a `checkpoints` folder, model, optimiser and schedule are written there after each epoch
/// and the last two are kept.
///
/// # Errors
///
/// If a loader fails, the loss stops being a number, or a checkpoint can't be written.
///
/// ```
/// use rnn_data::Strokes;
/// use rnn_model::{ClassifierConfig, LstmConfig};
/// use rnn_train::{FitConfig, ImageLoader, fit};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let device = rnn_train::select("auto")?.device;
/// let digits = Strokes::new(1).generate(200)?;
/// let model = ClassifierConfig::new(LstmConfig::new(28, 16), 10).init(&device);
/// let train = ImageLoader::images(&digits, 50).shuffled(1);
/// let fitted = fit(model, &device, train, None, &FitConfig::new(1), None, ())?;
/// assert!(fitted.history[0].train_loss < 2.4); // ln 10 = 2.30
/// # Ok(())
/// # }
/// ```
pub fn fit<M: Objective>(
    model: M,
    device: &Device,
    train: Loader<M::Batch, M::State>,
    valid: Option<Loader<M::Batch, M::State>>,
    config: &FitConfig,
    checkpoints: Option<&Path>,
    observer: impl Observer + 'static,
) -> Result<Fitted<M>, TrainError> {
    if train.num_batches() == 0 {
        return Err(TrainError::NoData);
    }
    let device = device.clone().autodiff();
    let scheduler = config
        .schedule
        .scheduler(config.learning_rate, config.epochs * train.num_batches());
    // PyTorch's ε; Burn's own default is a thousand times as large.
    let adam = AdamConfig::new().with_epsilon(1e-8).init();
    let learnable = Learnable {
        model: model.to_device(&device).train(),
    };
    let collector = Collector::default();
    let strategy = Arc::new(Strategy::<M> {
        config: config.clone(),
        device,
        collector: collector.clone(),
        observer: RefCell::new(Box::new(observer)),
        history: RefCell::default(),
        state: RefCell::new(None),
    });

    // The learner wants validation data; an empty part of the training data stands for none.
    let valid = valid.map_or_else(|| train.empty(), Arc::new);
    let mut training = SupervisedTraining::new(Path::new(""), Arc::new(train), valid)
        .metrics((LossMetric::new(), AccuracyMetric::new()))
        .renderer(Box::new(collector))
        .with_metric_logger(NoLog)
        .with_application_logger(None)
        .with_checkpointing_strategy(KeepLastNCheckpoints::new(2))
        .num_epochs(config.epochs)
        .with_training_strategy(TrainingStrategy::Custom(strategy.clone()));
    if let Some(folder) = checkpoints {
        std::fs::create_dir_all(folder).map_err(|source| TrainError::Checkpoints {
            path: folder.to_owned(),
            source,
        })?;
        training = training.with_custom_checkpointers(
            FileCheckpointer::new(folder, "model"),
            FileCheckpointer::new(folder, "optimiser"),
            FileCheckpointer::new(folder, "schedule"),
        );
    }

    let start = Instant::now();
    let result = training.launch(Learner::new(learnable, adam, scheduler));
    let seconds = start.elapsed().as_secs_f64();
    if let Some(error) = result.error {
        return Err(TrainError::Learner(error.to_string()));
    }
    if let Some(interruption) = result.interrupted {
        let reason = interruption.reason.unwrap_or_else(|| "unknown".to_owned());
        return Err(TrainError::Learner(reason));
    }
    let history = strategy.history.take();
    if let Some(report) = history.iter().find(|report| !report.train_loss.is_finite()) {
        return Err(TrainError::Diverged {
            epoch: report.epoch,
            loss: report.train_loss,
        });
    }
    Ok(Fitted {
        model: result.model.model,
        state: strategy.state.take(),
        step_seconds: history.iter().map(|report| report.step_seconds).sum(),
        history,
        seconds,
    })
}
