//! The training loop.
//!
//! It carries the state of a batch on to the next one, detached, clips gradients by their global norm,
//! and can stop after any step and resume there, bit by bit as if it had not stopped: all that a step
//! depends on is in its position, the weights, the optimiser's state and the carried state, which make a
//! checkpoint, and its randomness follows from the run's seed, the epoch and the batch.

mod hooks;
mod report;
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
use super::plan::Plan;
use crate::checkpoint::{About, Checkpoints, Position};
use crate::config::{FitConfig, StopReason};
use crate::data::{Loader, Split};
use crate::device::is_host;
use crate::error::TrainError;
use crate::metrics::{NotFinite, RunningSums};
use crate::objective::Objective;
use crate::optim::Factor;
use crate::progress::{EpochHook, Observer, StartReport};

/// What the loop needs beside the learner.
pub(crate) struct Setup<M: Objective> {
    pub config: FitConfig,
    pub plan: Plan,
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
    /// The model of the best report so far, if it may be wanted.
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
    /// Whether the dashboard was told that the steps up to the next report have begun.
    is_in_split: bool,
    /// The classes predicted for the last batch before a report, if they are to be kept.
    predictions: Vec<usize>,
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
            is_in_split: false,
            predictions: Vec::new(),
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

    /// Makes all steps that are left.
    pub fn run(&mut self) -> Result<StopReason, TrainError> {
        let Setup {
            config,
            plan,
            position,
            ..
        } = &self.setup;
        let report = StartReport {
            epochs: plan.epochs(),
            steps: plan.steps,
            total_steps: plan.total_steps,
            counts_steps: config.counts_steps(),
            steps_done: position.steps_done,
            history: position.history.clone(),
        };
        self.tell(|observer| observer.start(&report));
        loop {
            if let Some(reason) = self.end() {
                return Ok(reason);
            }
            if !self.epoch()? {
                let weights = self.weights()?;
                self.save(&weights)?;
                return Ok(StopReason::Interrupted);
            }
        }
    }

    /// Why there are no more steps to be made; none if there are, or a report is due.
    fn end(&self) -> Option<StopReason> {
        let Setup { position, plan, .. } = &self.setup;
        if position.stopped {
            Some(StopReason::StoppedByHook)
        } else if position.gave_up {
            Some(StopReason::OutOfPatience)
        } else {
            let is_finished = plan.is_done(position) && !plan.is_report_due(position);
            is_finished.then_some(StopReason::Finished)
        }
    }

    /// Makes the rest of an epoch, with the reports that are due in it; false if it was interrupted.
    fn epoch(&mut self) -> Result<bool, TrainError> {
        let Setup {
            config,
            device,
            train,
            plan,
            position,
            ..
        } = &self.setup;
        let (plan, epoch) = (*plan, position.epoch);
        let skip = position.step * config.accumulate;
        let mut batches = train.batches_from(device, epoch - 1, skip);
        let mut sums = RunningSums::new(position.sums.clone());
        loop {
            if plan.is_report_due(&self.setup.position) && !self.report(&mut sums)? {
                return Ok(false);
            }
            if self.setup.position.epoch > epoch || self.end().is_some() {
                return Ok(true);
            }
            if self.setup.position.end_epoch(plan.steps) {
                self.read(&mut sums)?;
                return Ok(true);
            }
            if self.is_told_to_stop() {
                self.read(&mut sums)?;
                return Ok(false);
            }
            self.begin_split();
            self.step(&mut batches, &mut sums)?;
            if self.is_time_to_save() {
                self.read(&mut sums)?;
                let weights = self.weights()?;
                self.save(&weights)?;
            }
        }
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
        if clock == Clock::OfReport {
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
    /// Steps and validation: those of the next report too.
    OfReport,
    /// Writing of checkpoints and history: none but the training's.
    BetweenReports,
}
