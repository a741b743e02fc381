//! Training a model with Burn's learner. The only file that knows how it is put together.

mod learner;
mod training;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::tensor::Device;
use burn::train::metric::{AccuracyMetric, LearningRateMetric, LossMetric};
use burn::train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Position;
use crate::checkpoint::{About, Checkpoint, Checkpoints, Data};
use crate::data::Loader;
use crate::error::TrainError;
use crate::metrics::device_of;
use crate::objective::Carried;
use crate::objective::{Learnable, Objective};
use crate::optim::Optimizer;
use crate::optim::Precision;
use crate::optim::{Factor, Rate, Schedule};
use crate::progress::{EpochReport, Observer};
use learner::optimizer_state::{Always, Nothing, optimizer_records};
use learner::renderer::{NoLog, Silent, dashboard};
use learner::strategy::Strategy;
use training::{Saver, Setup};

/// How to train on the cross entropy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitConfig {
    /// Passes over the training data.
    pub epochs: usize,
    /// The learning rate; with a schedule the highest one.
    pub learning_rate: f64,
    /// What a step does with its gradients.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The largest allowed joint norm of all gradients; none for no limit.
    pub clip_norm: Option<f64>,
    /// The largest allowed entry of a gradient, up or down; none for no limit. After `clip_norm`, if
    /// there are both.
    #[serde(default)]
    pub clip_value: Option<f64>,
    /// How many batches make a step: their gradients' mean, each prediction counted once, is that of
    /// one batch of them all.
    #[serde(default = "one")]
    pub accumulate: usize,
    /// After how many epochs without a better loss on the validation data the training gives up. With
    /// it the weights of the best epoch are the result, without it the last ones.
    #[serde(default)]
    pub patience: Option<usize>,
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

fn one() -> usize {
    1
}

impl FitConfig {
    /// `epochs` of Adam at a constant rate of 0.001, no clipping, 32 bits, seed 0.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            learning_rate: 1e-3,
            optimizer: Optimizer::Adam,
            schedule: Schedule::Constant,
            clip_norm: None,
            clip_value: None,
            accumulate: 1,
            patience: None,
            precision: Precision::F32,
            seed: 0,
            carry_state: false,
            keep_predictions: false,
        }
    }
}

/// A trained model and how it got there.
pub struct Fitted<M: Objective> {
    /// The model ready for prediction, with its last weights, or with those of the best epoch if the
    /// training had [`patience`](FitConfig::patience).
    pub model: M,
    /// The state that the last step left, if states are carried.
    pub state: Option<M::State>,
    /// A report per epoch.
    pub history: Vec<EpochReport>,
    /// How it ended.
    pub end: End,
    /// The epoch with the least loss, from 1; none if not one was finished.
    pub best_epoch: Option<usize>,
    /// Steps of the optimiser.
    pub steps: usize,
    /// The last checkpoint: the one that was written last, or that it went on from.
    pub checkpoint: Option<PathBuf>,
    /// Seconds of training with its validation, those before a checkpoint included.
    pub seconds: f64,
    /// Seconds of those inside training steps.
    pub step_seconds: f64,
    keeps_best: bool,
}

impl<M: Objective> Fitted<M> {
    /// The report of the epoch that [`model`](Self::model) has its weights from; none if not one was
    /// finished.
    pub fn report(&self) -> Option<&EpochReport> {
        let best = self.best_epoch.filter(|_| self.keeps_best);
        match best {
            Some(epoch) => self.history.get(epoch - 1),
            None => self.history.last(),
        }
    }
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After all its epochs.
    Finished,
    /// After [`patience`](FitConfig::patience) epochs without a better loss.
    GaveUp,
    /// Somebody told it to stop: there is more to do.
    Stopped,
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
    checkpoints: Option<Checkpoints>,
    checkpoint: Option<Checkpoint>,
    observer: Box<dyn Observer>,
    stop: Arc<AtomicBool>,
    dashboard: bool,
}

impl<M: Objective> Trainer<M> {
    /// Trains as `config` says, and does nothing else.
    pub fn new(config: FitConfig) -> Self {
        Self {
            config,
            validation: None,
            checkpoints: None,
            checkpoint: None,
            observer: Box::new(()),
            stop: Arc::default(),
            dashboard: false,
        }
    }

    /// Judges the model on `validation` after each epoch.
    pub fn with_validation(mut self, validation: Loader<M::Batch>) -> Self {
        self.validation = Some(validation);
        self
    }

    /// Writes checkpoints after each epoch, and as often as they say.
    pub fn with_checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// Goes on from a checkpoint of this training, bit by bit as if it had never stopped: on a CPU
    /// backend, with as many threads (on `libtorch`: with one), on a processor with the same
    /// instructions.
    ///
    /// ```
    /// use rnn_data::Strokes;
    /// use rnn_model::{ClassifierConfig, GruConfig, StateDict};
    /// use rnn_train::{Checkpoints, Every, FitConfig, ImageLoader, Trainer};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let device = rnn_train::select("auto")?.device;
    /// let digits = ImageLoader::images(&Strokes::new(1).generate(100)?, 10).shuffled(1);
    /// let model = ClassifierConfig::new(GruConfig::new(28, 8), 10).init(&device);
    /// let folder = tempfile::tempdir()?;
    /// let checkpoints = Checkpoints::new(folder.path()).every(Every::Steps(7));
    ///
    /// let whole = Trainer::new(FitConfig::new(1))
    ///     .with_checkpoints(checkpoints.clone())
    ///     .fit(model.clone(), digits.clone())?;
    /// // Somebody pulled the plug after the seventh of ten steps.
    /// let checkpoint = checkpoints.named("step-00000007")?;
    /// let resumed = Trainer::new(FitConfig::new(1))
    ///     .with_checkpoints(checkpoints)
    ///     .resume(checkpoint)
    ///     .fit(model, digits)?;
    /// let bytes = |model| StateDict::of(model).to_safetensors();
    /// assert_eq!(bytes(&resumed.model)?, bytes(&whole.model)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, checkpoint: Checkpoint) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// Tells `observer` how it goes.
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Stops after the step in progress once `stop` is true, with a checkpoint if there are any.
    pub fn with_stop(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Shows Burn's full-screen dashboard, which the feature `tui` has. Its keys `q` and then `s` stop
    /// the training as [`with_stop`](Self::with_stop) does; it does not see Ctrl-C.
    pub fn with_dashboard(mut self, dashboard: bool) -> Self {
        self.dashboard = dashboard;
        self
    }

    /// Trains `model` on the batches of `train`, on the device where the model is.
    ///
    /// # Errors
    ///
    /// If there is nothing to train on or nothing to train, a batch can't be made, the loss stops
    /// being a number, the device lacks such numbers, or a checkpoint can't be written or is of
    /// another training.
    ///
    /// # Panics
    ///
    /// If [`accumulate`](FitConfig::accumulate) is 0.
    pub fn fit(self, model: M, train: Loader<M::Batch>) -> Result<Fitted<M>, TrainError> {
        assert!(
            self.config.accumulate > 0,
            "a step needs at least one batch, found 0"
        );
        self.check(&model, &train)?;
        let config = self.config;
        let device = device_of(&model)?.autodiff();
        let mut model = model.to_device(&device).train();
        let mut optimizer = config.optimizer.init();
        let (mut position, mut state, mut best) = (Position::start(), None, None);
        let validation = self.validation.filter(|valid| valid.num_batches() > 0);
        let identity = match (&self.checkpoints, &self.checkpoint) {
            (Some(checkpoints), _) => checkpoints.identity(),
            // Who writes none says nothing of itself, and takes any.
            (None, Some(checkpoint)) => checkpoint.identity(),
            (None, None) => "",
        };
        let about = About {
            identity: identity.to_owned(),
            config: config.clone(),
            train: Data::of(&train),
            valid: validation.as_ref().map(Data::of),
        };
        if let Some(checkpoint) = &self.checkpoint {
            checkpoint.check(&about)?;
            position = checkpoint.position.clone();
            if let (Some(_), Some(step)) = (config.patience, position.best.map(|best| best.step)) {
                let folder = checkpoint.path().parent().unwrap_or(Path::new(""));
                let checkpoint = Checkpoints::new(folder).best(step)?;
                checkpoint.check(&about)?;
                best = Some(checkpoint.load_into(model.clone())?);
            }
            model = checkpoint.load_into(model)?;
            optimizer = optimizer.load_record(checkpoint.optimizer()?);
            state = carried::<M>(checkpoint, &device)?;
        }
        let plateau = Factor::new(position.plateau.factor);
        let rate = Rate {
            schedule: config.schedule,
            learning_rate: config.learning_rate,
            steps: train.num_batches().div_ceil(config.accumulate),
            epochs: config.epochs,
            step: position.steps_done,
            plateau: plateau.clone(),
        };
        let learner = Learner::new(
            Learnable::new(model, config.precision),
            optimizer,
            rate.scheduler(),
        );

        // The strategy makes the batches itself: the learner's loaders only have to be there.
        let (none, no_valid) = (train.empty().on(&device), train.empty().on(&device));
        let interrupter = Interrupter::new();
        let mut training = SupervisedTraining::new("", none, no_valid)
            .with_interrupter(interrupter.clone())
            .with_metric_logger(NoLog)
            .with_application_logger(None)
            .num_epochs(config.epochs);
        training = match self.dashboard {
            true => training
                .renderer(dashboard(&interrupter).ok_or(TrainError::NoDashboard)?)
                .metrics((LossMetric::new(), AccuracyMetric::new()))
                .metric_train_numeric(LearningRateMetric::new()),
            false => training.renderer(Box::new(Silent)),
        };
        let mut saver = None;
        if let Some(checkpoints) = self.checkpoints {
            let (pass, records) = optimizer_records();
            training = training
                .with_checkpointing_strategy(Always)
                .with_custom_checkpointers(Nothing, pass, Nothing);
            saver = Some(Saver {
                checkpoints,
                about,
                records,
            });
        }
        let strategy = Arc::new(Strategy::<M>::new(Setup {
            config,
            device,
            train,
            valid: validation,
            observer: self.observer,
            dashboard: self.dashboard,
            stop: self.stop,
            saver,
            position,
            state,
            checkpoint: self
                .checkpoint
                .map(|checkpoint| checkpoint.path().to_owned()),
            best,
            plateau,
        }));
        let custom = TrainingStrategy::Custom(strategy.clone());
        let result = training.with_training_strategy(custom).launch(learner);

        if let Some(error) = result.error {
            return Err(TrainError::Learner(error.to_string()));
        }
        let Some(outcome) = strategy.outcome() else {
            return Err(TrainError::Learner("it did not run".to_owned()));
        };
        let outcome = outcome?;
        let position = outcome.position;
        let step_seconds = position.history.iter().map(|report| report.step_seconds);
        Ok(Fitted {
            keeps_best: outcome.best.is_some(),
            model: outcome.best.map_or(result.model.model, |best| best.valid()),
            state: outcome.state,
            end: outcome.end,
            best_epoch: position.best.map(|best| best.epoch),
            steps: position.steps_done,
            checkpoint: outcome.checkpoint,
            seconds: position.total_seconds,
            step_seconds: step_seconds.sum::<f64>() + position.step_seconds,
            history: position.history,
        })
    }

    /// Whether there is something to do, and it can be done.
    fn check(&self, model: &M, train: &Loader<M::Batch>) -> Result<(), TrainError> {
        if train.num_batches() == 0 {
            return Err(TrainError::NoData);
        }
        if self.config.carry_state {
            check_even(train)?;
            self.validation.as_ref().map_or(Ok(()), check_even)?;
        }
        let has_items = |valid: &Loader<M::Batch>| valid.num_items() > 0;
        if self.config.patience.is_some() && !self.validation.as_ref().is_some_and(has_items) {
            return Err(TrainError::NoValidation);
        }
        self.config.precision.check(&device_of(model)?)
    }
}

/// The state that a checkpoint's next step begins with.
fn carried<M: Objective>(
    checkpoint: &Checkpoint,
    device: &Device,
) -> Result<Option<M::State>, TrainError> {
    if checkpoint.state.is_empty() {
        return Ok(None);
    }
    let state = M::State::from_data(checkpoint.state.clone(), device);
    let state = state.ok_or_else(|| checkpoint.damaged("its state is of another kind"))?;
    Ok(Some(state))
}

/// Whether all batches are of one size, as carried states need.
fn check_even<B: 'static>(loader: &Loader<B>) -> Result<(), TrainError> {
    let (items, batch_size) = (loader.num_items(), loader.batch_size());
    if items > batch_size && !items.is_multiple_of(batch_size) {
        return Err(TrainError::UnevenBatches { items, batch_size });
    }
    Ok(())
}
