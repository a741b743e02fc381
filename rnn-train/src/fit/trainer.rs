use std::any::TypeId;
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::tensor::Device;

use super::Fitted;
use super::learner::{Launch, Learnable, launch};
use super::plan::Plan;
use super::start::{Resume, Start};
use super::training::{Saver, Setup, Training};
use crate::checkpoint::{About, Checkpoint, Checkpoints, Data};
use crate::config::{FitConfig, InvalidSetting};
use crate::data::{Loader, Split};
use crate::device::device_of;
use crate::error::TrainError;
use crate::objective::Objective;
use crate::optim::{Factor, Rate, Span, has_trainable};
use crate::progress::{EpochEnd, EpochHook, Observer};

/// Trains models of one type.
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
    resume: Option<Resume>,
    observers: Vec<Box<dyn Observer>>,
    hooks: Vec<EpochHook<M>>,
    stop: Arc<AtomicBool>,
    dashboard: bool,
}

// By hand: a derive would ask for `M: Debug` alone, and observers have no text.
impl<M: Objective> fmt::Debug for Trainer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("config", &self.config)
            .field("validation", &self.validation)
            .field("checkpoints", &self.checkpoints)
            .field("resume", &self.resume.as_ref().map(Resume::path))
            .field("observers", &self.observers.len())
            .field("hooks", &self.hooks.len())
            .field("dashboard", &self.dashboard)
            .finish_non_exhaustive()
    }
}

impl<M: Objective> Trainer<M> {
    /// Makes a trainer that trains as `config` says.
    pub fn new(config: FitConfig) -> Self {
        Self {
            config,
            validation: None,
            checkpoints: None,
            resume: None,
            observers: Vec::new(),
            hooks: Vec::new(),
            stop: Arc::default(),
            dashboard: false,
        }
    }

    /// Computes loss and metrics on `validation` after each epoch, or as often as
    /// [`valid_every`](FitConfig::valid_every) says. With
    /// [`carry_state`](FitConfig::carry_state) states are carried there too, from zeros on. The data must hold
    /// items: [`fit`](Self::fit) refuses others.
    pub fn with_validation(mut self, validation: Loader<M::Batch>) -> Self {
        self.validation = Some(validation);
        self
    }

    /// Writes checkpoints after each epoch and each validation, and as often as they say. Their folder must be empty, or the one
    /// that holds the checkpoint to [`resume`](Self::resume) from.
    pub fn with_checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// Resumes from a checkpoint of this training, bit by bit as if it had never stopped: on a CPU
    /// backend, with as many threads (on `libtorch`: with one), on a processor with the same
    /// [instruction set](crate::device::instruction_set).
    ///
    /// ```
    /// use rnn_data::Strokes;
    /// use rnn_model::{ClassifierConfig, GruConfig, StateDict};
    /// use rnn_train::checkpoint::Checkpoints;
    /// use rnn_train::config::SaveInterval;
    /// use rnn_train::{FitConfig, ImageLoader, Trainer};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let device = rnn_train::select("auto")?.device;
    /// let digits = ImageLoader::images(&Strokes::new(1).generate(100)?, 10).shuffled(1);
    /// let model = ClassifierConfig::new(GruConfig::new(28, 8), 10).init(&device);
    /// let folder = tempfile::tempdir()?;
    /// let checkpoints = Checkpoints::new(folder.path()).every(SaveInterval::Steps(7));
    ///
    /// let whole = Trainer::new(FitConfig::new(1))
    ///     .with_checkpoints(checkpoints.clone())
    ///     .fit(model.clone(), digits.clone())?;
    /// // The power failed after the seventh of ten steps.
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
        self.resume = Some(Resume {
            checkpoint,
            extend: false,
        });
        self
    }

    /// Extends a training: goes on from its checkpoint, which may be that of its end, up to the
    /// [`epochs`](FitConfig::epochs) or [`max_steps`](FitConfig::max_steps) of this trainer, whose other
    /// settings are the training's; a training of epochs may be extended to steps, and the other way
    /// round. [`patience`](FitConfig::patience) starts to count anew. Schedules that depend on the
    /// training's length ([`Schedule::Cosine`](crate::optim::Schedule::Cosine),
    /// [`OneCycle`](crate::optim::Schedule::OneCycle)) are laid anew over the steps that are left; the
    /// others go on. The checkpoints of the extension are for [`resume`](Self::resume).
    ///
    /// ```
    /// use rnn_data::Strokes;
    /// use rnn_model::{ClassifierConfig, GruConfig, StateDict};
    /// use rnn_train::checkpoint::Checkpoints;
    /// use rnn_train::{FitConfig, ImageLoader, Trainer};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let device = rnn_train::select("auto")?.device;
    /// let digits = ImageLoader::images(&Strokes::new(1).generate(100)?, 10).shuffled(1);
    /// let model = ClassifierConfig::new(GruConfig::new(28, 8), 10).init(&device);
    /// let folder = tempfile::tempdir()?;
    /// let checkpoints = Checkpoints::new(folder.path());
    /// let trainer = |epochs| Trainer::new(FitConfig::new(epochs)).with_checkpoints(checkpoints.clone());
    ///
    /// trainer(1).fit(model.clone(), digits.clone())?;
    /// let last = checkpoints.latest()?.ok_or("no checkpoint")?;
    /// let extended = trainer(3).extend(last).fit(model.clone(), digits.clone())?;
    /// assert_eq!(extended.history.len(), 3);
    ///
    /// let whole = Trainer::new(FitConfig::new(3)).fit(model, digits)?;
    /// let bytes = |model| StateDict::of(model).to_safetensors();
    /// assert_eq!(bytes(&extended.model)?, bytes(&whole.model)?); // the rate is constant
    /// # Ok(())
    /// # }
    /// ```
    pub fn extend(mut self, checkpoint: Checkpoint) -> Self {
        self.resume = Some(Resume {
            checkpoint,
            extend: true,
        });
        self
    }

    /// Tells `observer` how the training goes. Several observers are told in the order in which they were
    /// added.
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Calls `hook` at the end of each epoch, or after each [`valid_every`](FitConfig::valid_every) steps, when
    /// it is validated, with the model: for samples of its output,
    /// for metrics that are no means over batches, and for stopping by a rule of your own. Several hooks
    /// are called in the order in which they were added; an error of one ends the training, and the
    /// report that it was called for is in no checkpoint.
    ///
    /// A closure that calls methods of the model needs its type before [`fit`](Self::fit) says it:
    /// `Trainer::<MyModel>::new(config)`.
    ///
    /// A hook is no part of checkpoints: one that has to remember something across a resumed training
    /// finds its metrics in [`EpochEnd::history`].
    ///
    /// ```
    /// use rnn_data::Strokes;
    /// use rnn_model::{ClassifierConfig, GruConfig};
    /// use rnn_train::config::Monitor;
    /// use rnn_train::{FitConfig, ImageLoader, StopReason, Trainer, evaluate};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let device = rnn_train::select("auto")?.device;
    /// let digits = ImageLoader::images(&Strokes::new(1).generate(60)?, 10);
    /// let model = ClassifierConfig::new(GruConfig::new(28, 8), 10).init(&device);
    ///
    /// let config = FitConfig { monitor: Monitor::highest("kinds"), ..FitConfig::new(50) };
    /// let test = digits.clone();
    /// let fitted = Trainer::new(config)
    ///     .with_epoch_hook(move |epoch| {
    ///         let mut found = evaluate(epoch.model(), &test)?.predictions;
    ///         found.sort();
    ///         found.dedup();
    ///         epoch.add_metric("kinds", found.len() as f64);
    ///         if epoch.report().epoch == 2 {
    ///             epoch.stop();
    ///         }
    ///         Ok(())
    ///     })
    ///     .fit(model, digits.shuffled(1))?;
    /// assert_eq!(fitted.stop_reason, StopReason::StoppedByHook);
    /// assert!(fitted.history[1].metric("kinds").is_some_and(|kinds| kinds >= 1.0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_epoch_hook(
        mut self,
        hook: impl FnMut(&mut EpochEnd<'_, M>) -> Result<(), Box<dyn Error + Send + Sync>> + 'static,
    ) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Stops after the step in progress once `stop` is true, with a checkpoint if there is a folder for
    /// them.
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

    /// Trains `model` on the batches of `train`, on the device where the model is, whether that is an
    /// autodiff device or not. Frozen parameters (Burn's `no_grad`, `freeze`, `set_require_grad(false)`)
    /// stay as they are, and have no part in the gradients' norm.
    ///
    /// # Errors
    ///
    /// If a setting is [out of range](FitConfig::validate), the training or the validation data hold no
    /// items, the model has no parameters, every parameter is frozen, a batch can't be read, a target is no
    /// class, the loss is or becomes infinite or NaN, depends on no parameter or is a mean over no
    /// predictions in a whole step, a hook returns an error, the device does not support the precision,
    /// there is no such metric to monitor or it has no value in the first report, states are to be carried
    /// from one shuffled sequence to another, the epochs or steps of an extension are done, a checkpoint can't be
    /// written or belongs to another training, or the folder for checkpoints is neither empty nor the one
    /// from which the training resumes.
    pub fn fit(self, model: M, train: Loader<M::Batch>) -> Result<Fitted<M>, TrainError> {
        // Whatever device it was made on: training starts from parameters without a graph, of which
        // those that were frozen stay so.
        let model = model.valid();
        let device = self.check(&model, &train)?;
        if let Some(checkpoints) = &self.checkpoints {
            let resumed = self.resume.as_ref();
            checkpoints.check_free(resumed.map(|resume| resume.checkpoint.path()))?;
        }
        let config = self.config;
        let validation = self.validation;
        let identity = match (&self.checkpoints, &self.resume) {
            (Some(checkpoints), _) => checkpoints.identity(),
            // Without a folder for checkpoints there is no identity, and any is accepted.
            (None, Some(resume)) => resume.checkpoint.identity(),
            (None, None) => "",
        };
        let about = About {
            identity: identity.to_owned(),
            config: config.clone(),
            train: Data::of(&train),
            valid: validation.as_ref().map(Data::of),
        };
        let model = model.to_device(&device).train();
        if !has_trainable(&model) {
            return Err(TrainError::Frozen);
        }
        let device = device.autodiff();
        let start = match &self.resume {
            Some(resume) => {
                let earlier = self.checkpoints.as_ref();
                let earlier = earlier.map_or(&[][..], Checkpoints::earlier_identities);
                resume.start(&about, earlier, model, &device)?
            }
            None => Start::new(model, &config),
        };
        let plateau = Factor::new(start.position.plateau.factor);
        let plan = Plan::new(&config, &train);
        let rate = Rate {
            schedule: config.schedule,
            learning_rate: config.learning_rate,
            steps: plan.steps,
            span: Span {
                start: start.position.extended.steps,
                end: plan.total_steps,
            },
            step: start.position.steps_done,
            plateau: plateau.clone(),
        };
        let to_launch = Launch {
            model: Learnable::new(start.model, config.precision),
            optimizer: start.optimizer,
            scheduler: rate.scheduler(),
            epochs: plan.reports(&start.position),
            dashboard: self.dashboard,
            has_records: self.checkpoints.is_some(),
        };
        let checkpoints = self.checkpoints;
        let setup = Setup {
            config,
            plan,
            device,
            train,
            valid: validation,
            observers: self.observers,
            hooks: self.hooks,
            dashboard: self.dashboard,
            stop: self.stop,
            saver: None,
            position: start.position,
            state: start.state,
            checkpoint: start.checkpoint,
            best: start.best,
            plateau,
        };
        let outcome = Rc::new(Cell::new(None));
        let result = outcome.clone();
        let model = launch(to_launch, |records| {
            move |learner, components| {
                let saver = checkpoints.map(|checkpoints| Saver {
                    checkpoints,
                    about,
                    records,
                });
                let mut training = Training::new(Setup { saver, ..setup }, learner, components);
                let end = training.run();
                let (outcome, model, events) = training.finish(end);
                result.set(Some(outcome));
                (model, events)
            }
        })?;
        match outcome.take() {
            Some(outcome) => Ok(Fitted::new(model, outcome?)),
            None => Err(TrainError::Learner("it did not run".into())),
        }
    }

    /// Checks that there is something to do and that it can be done; returns the model's device.
    fn check(&self, model: &M, train: &Loader<M::Batch>) -> Result<Device, TrainError> {
        self.config.validate()?;
        for (data, loader) in [
            (Split::Training, Some(train)),
            (Split::Validation, self.validation.as_ref()),
        ] {
            if loader.is_some_and(|loader| loader.num_items() == 0) {
                return Err(TrainError::NoData { data });
            }
        }
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.interval().validate()?;
        }
        if self.config.carry_state {
            if TypeId::of::<M::State>() == TypeId::of::<()>() {
                return Err(TrainError::Setting(InvalidSetting {
                    field: "carry_state",
                    expected: "false, since the model's objective has no state to carry (its `State` \
                               is `()`)",
                    found: "true".to_owned(),
                }));
            }
            for loader in [train].into_iter().chain(&self.validation) {
                loader.check_order()?;
            }
        }
        if self.config.keeps_best() && self.validation.is_none() {
            return Err(TrainError::NoValidation);
        }
        let device = device_of(model).ok_or(TrainError::NoParameters)?;
        self.config.precision.check(&device)?;
        Ok(device)
    }
}
