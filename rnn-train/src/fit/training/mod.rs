//! The training loop.
//!
//! It carries the state of a batch on to the next one, detached, clips gradients by their global norm,
//! and can stop after any step and resume there, bit by bit as if it had not stopped: all that a step
//! depends on is in its position, the weights, the optimiser's state and the carried state, which make a
//! checkpoint, and its randomness follows from the run's seed, the epoch and the batch.

mod hooks;
mod saving;
mod step;
mod validation;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::tensor::Device;
use burn::train::metric::store::EventStoreClient;
use burn::train::{
    EventProcessorTraining, Interrupter, Learner, LearnerEvent, LearningCheckpointer,
    TrainingComponents,
};

use super::learner::{Events, Learnable, Records, StepOutput};
use crate::checkpoint::{About, Checkpoints, Position};
use crate::config::{FitConfig, Monitor, StopReason};
use crate::data::{Loader, Split};
use crate::device::is_host;
use crate::error::TrainError;
use crate::metrics::{NotFinite, RunningSums, Sums};
use crate::objective::Objective;
use crate::optim::Factor;
use crate::progress::{EpochHook, EpochReport, Observer, StartReport};

/// What the loop needs beside the learner.
pub(crate) struct Setup<M: Objective> {
    pub config: FitConfig,
    pub device: Device,
    pub train: Loader<M::Batch>,
    pub valid: Option<Loader<M::Batch>>,
    pub observers: Vec<Box<dyn Observer>>,
    pub hooks: Vec<EpochHook<M>>,
    /// Whether the learner's dashboard is to be told of each step.
    pub dashboard: bool,
    /// Becomes true when the training is to stop.
    pub stop: Arc<AtomicBool>,
    pub saver: Option<Saver>,
    /// Where to start.
    pub position: Position,
    pub state: Option<M::State>,
    /// The checkpoint from which the training resumes.
    pub checkpoint: Option<PathBuf>,
    /// The model of the best epoch so far, if it may be wanted.
    pub best: Option<M>,
    pub plateau: Factor,
}

/// What writing a checkpoint needs.
pub(crate) struct Saver {
    pub checkpoints: Checkpoints,
    /// What identifies the training.
    pub about: About,
    pub records: Records,
}

/// The result of a training.
pub(crate) struct Outcome<M: Objective> {
    pub stop_reason: StopReason,
    pub position: Position,
    pub state: Option<M::State>,
    pub best: Option<M>,
    /// The last checkpoint that was written.
    pub checkpoint: Option<PathBuf>,
}

pub(crate) struct Training<M: Objective> {
    setup: Setup<M>,
    learner: Learner<Learnable<M>>,
    events: Events<M>,
    checkpointer: Option<LearningCheckpointer<Learnable<M>>>,
    event_store: Arc<EventStoreClient>,
    interrupter: Interrupter,
    /// Whether the objective has the metric to be monitored; otherwise a hook must add it.
    is_monitored_known: bool,
    /// Whether reading each loss waits for no device.
    is_host: bool,
    last_saved: Instant,
    last_checkpoint: Option<PathBuf>,
    /// The time up to which the position's seconds are counted.
    clock: Instant,
}

impl<M: Objective> Training<M> {
    pub fn new(
        setup: Setup<M>,
        learner: Learner<Learnable<M>>,
        components: TrainingComponents<Learnable<M>>,
    ) -> Self {
        Self {
            last_checkpoint: setup.checkpoint.clone(),
            is_host: is_host(&setup.device),
            setup,
            learner,
            events: components.event_processor,
            checkpointer: components.checkpointer,
            event_store: components.event_store,
            interrupter: components.interrupter,
            is_monitored_known: false,
            last_saved: Instant::now(),
            clock: Instant::now(),
        }
    }

    /// Takes the training apart: its outcome, its model, and the learner's events.
    pub fn finish(
        self,
        end: Result<StopReason, TrainError>,
    ) -> (Result<Outcome<M>, TrainError>, Learnable<M>, Events<M>) {
        let outcome = end.map(|stop_reason| Outcome {
            stop_reason,
            position: self.setup.position,
            state: self.setup.state,
            best: self.setup.best,
            checkpoint: self.last_checkpoint,
        });
        (outcome, self.learner.model(), self.events)
    }

    /// Makes all epochs that are left.
    pub fn run(&mut self) -> Result<StopReason, TrainError> {
        let epochs = self.setup.config.epochs;
        let report = StartReport {
            epochs,
            steps: self.steps(),
            steps_done: self.setup.position.steps_done,
            history: self.setup.position.history.clone(),
        };
        self.tell(|observer| observer.start(&report));
        loop {
            let position = &self.setup.position;
            if position.stopped {
                return Ok(StopReason::StoppedByHook);
            }
            if position.gave_up {
                return Ok(StopReason::OutOfPatience);
            }
            if position.epoch > epochs {
                return Ok(StopReason::Finished);
            }
            if !self.epoch()? {
                let weights = self.weights()?;
                self.save(&weights)?;
                return Ok(StopReason::Interrupted);
            }
        }
    }

    /// Steps of an epoch.
    fn steps(&self) -> usize {
        let batches = self.setup.train.num_batches();
        batches.div_ceil(self.setup.config.accumulate)
    }

    /// Makes the next epoch, or what is left of it; false if it was interrupted.
    fn epoch(&mut self) -> Result<bool, TrainError> {
        let epoch = self.setup.position.epoch;
        let mut report = EpochReport {
            epoch,
            ..EpochReport::default()
        };
        if !self.train_epoch(&mut report)? {
            return Ok(false);
        }
        let valid = match self.setup.valid.clone() {
            Some(loader) => match self.valid_epoch(&loader)? {
                Some(sums) => Some(sums),
                None => return Ok(false),
            },
            None => None,
        };
        self.event(LearnerEvent::EndEpoch(epoch));
        self.interrupter.fail_on_error(self.events.flush());

        let is_last = epoch == self.setup.config.epochs;
        let weights = match self.setup.saver.is_some() || is_last {
            true => Some(self.weights()?),
            // They are not needed, and if they are not finite the next loss shows it.
            false => None,
        };
        self.count_time(Clock::OfEpoch);
        let Setup {
            position, train, ..
        } = &self.setup;
        report.train_loss = position.sums.mean_loss();
        report.train_metrics = position.sums.metrics();
        report.grad_norm = position.sums.mean_norm();
        report.targets = position.sums.predictions;
        report.valid_loss = valid.as_ref().map(Sums::mean_loss);
        report.valid_metrics = valid.as_ref().map(Sums::metrics).unwrap_or_default();
        report.items = train.num_items();
        report.steps = position.steps_done;
        report.learning_rate = position.learning_rate;
        report.seconds = position.seconds;
        report.step_seconds = position.step_seconds;
        let is_stopped = self.call_hooks(&mut report)?;
        self.check_monitored(&report)?;
        if is_stopped && weights.is_none() {
            self.weights()?;
        }

        let Setup {
            config,
            position,
            plateau,
            ..
        } = &mut self.setup;
        position.stopped = is_stopped;
        let Monitor { metric, goal } = &config.monitor;
        let value = report.metric(metric).unwrap_or(f64::NAN);
        position
            .plateau
            .epoch(config.schedule, value, *goal, plateau);
        let report = position.end_epoch(report, config);
        if report.best && self.setup.config.patience.is_some() {
            self.setup.best = Some(self.learner.model().model);
        }
        self.tell(|observer| observer.epoch(&report));
        if let Some(weights) = weights {
            self.save(&weights)?;
        }
        self.count_time(Clock::BetweenEpochs);
        Ok(true)
    }

    /// Makes the rest of a pass over the training data; false if it was interrupted.
    fn train_epoch(&mut self, report: &mut EpochReport) -> Result<bool, TrainError> {
        let (epoch, total_items) = (report.epoch, self.setup.train.num_items());
        self.event(LearnerEvent::StartSplit {
            epoch_number: epoch,
            total_items,
        });
        let accumulate = self.setup.config.accumulate;
        let skip = self.setup.position.step * accumulate;
        let mut batches = self
            .setup
            .train
            .batches_from(&self.setup.device, epoch - 1, skip);
        let mut sums = RunningSums::new(self.setup.position.sums.clone());
        while self.setup.position.step < self.steps() {
            if self.is_told_to_stop() {
                self.read(&mut sums)?;
                return Ok(false);
            }
            self.step(&mut batches, &mut sums, report)?;
            if self.is_time_to_save() {
                self.read(&mut sums)?;
                let weights = self.weights()?;
                self.save(&weights)?;
            }
        }
        self.read(&mut sums)?;
        // A device that works asynchronously has only queued the steps so far.
        let start = Instant::now();
        self.setup.device.sync().map_err(TrainError::device)?;
        self.setup.position.step_seconds += start.elapsed().as_secs_f64();
        self.event(LearnerEvent::EndSplit(epoch));
        Ok(true)
    }

    fn tell(&mut self, mut tell: impl FnMut(&mut dyn Observer)) {
        for observer in &mut self.setup.observers {
            tell(observer.as_mut());
        }
    }

    fn is_told_to_stop(&self) -> bool {
        self.setup.stop.load(Ordering::Relaxed) || self.interrupter.should_stop()
    }

    /// Reads all results that are still on the device.
    fn read(&mut self, sums: &mut RunningSums) -> Result<(), TrainError> {
        let not_finite = sums.read()?;
        self.setup.position.sums = sums.sums.clone();
        self.fail_if(not_finite)
    }

    fn fail_if(&self, not_finite: Option<NotFinite>) -> Result<(), TrainError> {
        not_finite.map_or(Ok(()), |found| {
            // The step may have changed the weights since.
            Err(self.diverged(found, Split::Training, None))
        })
    }

    fn diverged(&self, found: NotFinite, data: Split, finite_weights: Option<bool>) -> TrainError {
        TrainError::Diverged {
            epoch: self.setup.position.epoch,
            step: found.step,
            data,
            batch: Some(found.batch),
            what: found.what,
            value: found.value,
            finite_weights,
            checkpoint: self.last_checkpoint.clone(),
        }
    }

    /// Adds the time since the last call to the position's seconds.
    fn count_time(&mut self, clock: Clock) {
        let seconds = self.clock.elapsed().as_secs_f64();
        self.clock = Instant::now();
        self.setup.position.total_seconds += seconds;
        if clock == Clock::OfEpoch {
            self.setup.position.seconds += seconds;
        }
    }

    fn event(&mut self, event: LearnerEvent<StepOutput<M::State>>) {
        self.interrupter
            .fail_on_error(self.events.process_train(event));
    }

    fn valid_event(&mut self, event: LearnerEvent<StepOutput<M::State>>) {
        self.interrupter
            .fail_on_error(self.events.process_valid(event));
    }
}

/// Which seconds a time is added to; those of the training in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// Steps and validation: those of the epoch too.
    OfEpoch,
    /// Writing of checkpoints and history: none but the training's.
    BetweenEpochs,
}
