//! Training a model with Burn's learner. The only file that knows how it is put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use burn::train::checkpoint::{FileCheckpointer, KeepLastNCheckpoints};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{Learner, SupervisedTraining, TrainingStrategy};
use rnn_model::Adam;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::evaluate::device_of;
use crate::loader::Loader;
use crate::metrics::{Collector, NoLog};
use crate::objective::{Learnable, Objective};
use crate::observe::{EpochReport, Observer};
use crate::precision::Precision;
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
    /// The numbers that steps are computed in.
    #[serde(default)]
    pub precision: Precision,
    /// What the randomness inside steps (dropout) comes from. Training seeds the device anew for
    /// each step; initial weights and the order of the data have seeds of their own
    /// (`Device::seed`, [`Loader::shuffled`]).
    pub seed: u64,
    /// Whether a batch starts from the state that the one before it ended in.
    pub carry_state: bool,
    /// Whether reports hold the predictions for the last batch (small data only: it costs a
    /// read from the device per epoch).
    pub keep_predictions: bool,
}

impl FitConfig {
    /// `epochs` at a constant rate of 0.001, no clipping, 32 bits, seed 0.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            clip_norm: None,
            precision: Precision::F32,
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

/// Trains models of one kind, and says how it goes.
///
/// ```
/// use rnn_data::Strokes;
/// use rnn_model::{ClassifierConfig, LstmConfig};
/// use rnn_train::{FitConfig, ImageLoader, Trainer};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let device = rnn_train::select("auto")?.device;
/// let digits = Strokes::new(1).generate(200)?;
/// let (train, valid) = digits.split_at(150);
/// let model = ClassifierConfig::new(LstmConfig::new(28, 16), 10).init(&device);
///
/// let fitted = Trainer::new(FitConfig::new(1))
///     .with_validation(ImageLoader::images(&valid, 50))
///     .fit(model, ImageLoader::images(&train, 50).shuffled(1))?;
/// assert!(fitted.history[0].train_loss < 2.4); // ln 10 = 2.30
/// # Ok(())
/// # }
/// ```
pub struct Trainer<M: Objective> {
    config: FitConfig,
    validation: Option<Loader<M::Batch>>,
    checkpoints: Option<PathBuf>,
    observer: Box<dyn Observer>,
}

impl<M: Objective> Trainer<M> {
    /// Trains as `config` says, and does nothing else.
    pub fn new(config: FitConfig) -> Self {
        Self {
            config,
            validation: None,
            checkpoints: None,
            observer: Box::new(()),
        }
    }

    /// Judges the model on `validation` after each epoch.
    pub fn with_validation(mut self, validation: Loader<M::Batch>) -> Self {
        self.validation = Some(validation);
        self
    }

    /// Writes model, optimiser and schedule into `folder` after each epoch, and keeps the last two.
    pub fn with_checkpoints(mut self, folder: impl Into<PathBuf>) -> Self {
        self.checkpoints = Some(folder.into());
        self
    }

    /// Tells `observer` how it goes.
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Trains `model` on the batches of `train`, on the device where the model is.
    ///
    /// # Errors
    ///
    /// If there is nothing to train on or nothing to train, a batch can't be made, the loss stops
    /// being a number, the device lacks such numbers, or a checkpoint can't be written.
    pub fn fit(self, model: M, train: Loader<M::Batch>) -> Result<Fitted<M>, TrainError> {
        let config = self.config;
        if train.num_batches() == 0 {
            return Err(TrainError::NoData);
        }
        if config.carry_state {
            check_even(&train)?;
            self.validation.as_ref().map_or(Ok(()), check_even)?;
        }
        let device = device_of(&model)?;
        config.precision.check(&device)?;
        let device = device.autodiff();
        let total_steps = config.epochs.saturating_mul(train.num_batches());
        let scheduler = config.schedule.scheduler(config.learning_rate, total_steps);
        let adam = Adam::default().init();
        let model = model.to_device(&device).train();
        let learner = Learner::new(Learnable::new(model, config.precision), adam, scheduler);

        let collector = Collector::default();
        // The learner wants validation data; an empty part of the training data stands for none.
        let validation = self.validation.unwrap_or_else(|| train.empty());
        let (train, validation) = (train.on(&device), validation.on(&device));
        let mut training = SupervisedTraining::new("", train, validation)
            .metrics((LossMetric::new(), AccuracyMetric::new()))
            .renderer(Box::new(collector.clone()))
            .with_metric_logger(NoLog)
            .with_application_logger(None)
            .num_epochs(config.epochs);
        if let Some(folder) = self.checkpoints {
            if let Err(error) = std::fs::create_dir_all(&folder) {
                return Err(TrainError::Checkpoints {
                    path: folder,
                    error,
                });
            }
            training = training
                .with_checkpointing_strategy(KeepLastNCheckpoints::new(2))
                .with_custom_checkpointers(
                    FileCheckpointer::new(&folder, "model"),
                    FileCheckpointer::new(&folder, "optimiser"),
                    FileCheckpointer::new(&folder, "schedule"),
                );
        }
        let strategy = Arc::new(Strategy::<M>::new(config, device, collector, self.observer));
        let custom = TrainingStrategy::Custom(strategy.clone());

        let start = Instant::now();
        let result = training.with_training_strategy(custom).launch(learner);
        let seconds = start.elapsed().as_secs_f64();

        if let Some(error) = result.error {
            return Err(TrainError::Learner(error.to_string()));
        }
        if let Some(interruption) = result.interrupted {
            let reason = interruption.reason.unwrap_or_else(|| "unknown".to_owned());
            return Err(TrainError::Learner(reason));
        }
        if let Some((epoch, loss)) = strategy.diverged.take() {
            return Err(TrainError::Diverged { epoch, loss });
        }
        let history = strategy.history.take();
        Ok(Fitted {
            model: result.model.model,
            state: strategy.state.take(),
            step_seconds: history.iter().map(|report| report.step_seconds).sum(),
            history,
            seconds,
        })
    }
}

/// Whether all batches are of one size, as carried states need.
fn check_even<B: 'static>(loader: &Loader<B>) -> Result<(), TrainError> {
    let (items, batch_size) = (loader.num_items(), loader.batch_size());
    if items > batch_size && !items.is_multiple_of(batch_size) {
        return Err(TrainError::UnevenBatches { items, batch_size });
    }
    Ok(())
}
