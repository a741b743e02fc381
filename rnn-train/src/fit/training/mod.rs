//! The training loop.
//!
//! It hands the state of a batch on to the next, detached, clips gradients by their global norm, and
//! can stop after any step and go on from there, bit by bit as if it had not: what a step depends on
//! is in its position, the weights, the optimiser's state and the carried state, which make a
//! checkpoint, and its randomness follows from the run's seed, the epoch and the batch.

mod step;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::data::dataloader::Progress;
use burn::module::Module;
use burn::tensor::Device;
use burn::train::metric::store::EventStoreClient;
use burn::train::{
    EventProcessorTraining, InferenceStep, Interrupter, Learner, LearnerEvent,
    LearningCheckpointer, SupervisedTrainingEventProcessor, TrainingComponents, TrainingItem,
};
use rnn_model::StateDict;

use crate::checkpoint::Position;
use crate::checkpoint::identities;
use crate::checkpoint::{self, Checkpoints};
use crate::config::Every;
use crate::data::{Carry, Loader};
use crate::error::TrainError;
use crate::fit::learner::optimizer_state::Records;
use crate::fit::{End, FitConfig};
use crate::metrics::{NotFinite, Sums, Tally};
use crate::objective::Carried;
use crate::objective::{Learnable, Objective, StepOutput};
use crate::optim::Factor;
use crate::progress::{EpochReport, Observer, StartReport};

/// What the loop is given beside the learner.
pub(crate) struct Setup<M: Objective> {
    pub config: FitConfig,
    pub device: Device,
    pub train: Loader<M::Batch>,
    pub valid: Option<Loader<M::Batch>>,
    pub observer: Box<dyn Observer>,
    /// Whether the learner's own renderer wants to be told of each step.
    pub dashboard: bool,
    /// Becomes true when the training is to stop.
    pub stop: Arc<AtomicBool>,
    pub saver: Option<Saver>,
    /// Where to begin.
    pub position: Position,
    pub state: Option<M::State>,
    /// The checkpoint that it began from.
    pub checkpoint: Option<PathBuf>,
    /// The weights of the best epoch so far, if they will be wanted.
    pub best: Option<M>,
    pub plateau: Factor,
}

/// Where checkpoints go, and where they come from.
pub(crate) struct Saver {
    pub checkpoints: Checkpoints,
    /// What each of them says, but for the position.
    pub about: checkpoint::About,
    pub records: Records,
}

/// What the loop came to.
pub(crate) struct Outcome<M: Objective> {
    pub end: End,
    pub position: Position,
    pub state: Option<M::State>,
    pub best: Option<M>,
    /// The last checkpoint that was written.
    pub checkpoint: Option<PathBuf>,
}

type Events<M> = SupervisedTrainingEventProcessor<Learnable<M>>;

pub(crate) struct Training<M: Objective> {
    setup: Setup<M>,
    learner: Learner<Learnable<M>>,
    events: Events<M>,
    checkpointer: Option<LearningCheckpointer<Learnable<M>>>,
    event_store: Arc<EventStoreClient>,
    interrupter: Interrupter,
    last_saved: Instant,
    last_checkpoint: Option<PathBuf>,
    /// Since when the position's seconds have not been counted.
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
            setup,
            learner,
            events: components.event_processor,
            checkpointer: components.checkpointer,
            event_store: components.event_store,
            interrupter: components.interrupter,
            last_saved: Instant::now(),
            clock: Instant::now(),
        }
    }

    /// What is left when the loop has ended so.
    pub fn finish(
        self,
        end: Result<End, TrainError>,
    ) -> (Result<Outcome<M>, TrainError>, Learnable<M>, Events<M>) {
        let outcome = end.map(|end| Outcome {
            end,
            position: self.setup.position,
            state: self.setup.state,
            best: self.setup.best,
            checkpoint: self.last_checkpoint,
        });
        (outcome, self.learner.model(), self.events)
    }

    /// Goes through all epochs that are left.
    pub fn run(&mut self) -> Result<End, TrainError> {
        let epochs = self.setup.config.epochs;
        self.setup.observer.start(&StartReport {
            epochs,
            steps: self.steps(),
            steps_done: self.setup.position.steps_done,
            history: self.setup.position.history.clone(),
        });
        while self.setup.position.epoch <= epochs && !self.setup.position.gave_up {
            if !self.epoch()? {
                let weights = self.weights()?;
                self.save(&weights)?;
                return Ok(End::Stopped);
            }
        }
        Ok(match self.setup.position.gave_up {
            true => End::GaveUp,
            false => End::Finished,
        })
    }

    /// Steps of an epoch.
    fn steps(&self) -> usize {
        let batches = self.setup.train.num_batches();
        batches.div_ceil(self.setup.config.accumulate)
    }

    /// The epoch that comes next, or what is left of it; false if it was told to stop.
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
            // Nobody wants them, and the next loss tells too.
            false => None,
        };
        self.count_time(Clock::OfEpoch);
        let Setup {
            config,
            position,
            train,
            plateau,
            ..
        } = &mut self.setup;
        report.train_loss = position.sums.mean_loss();
        report.train_accuracy = position.sums.accuracy();
        report.grad_norm = position.sums.mean_norm();
        report.targets = position.sums.predictions;
        report.valid_loss = valid.as_ref().map(Sums::mean_loss);
        report.valid_accuracy = valid.as_ref().map(Sums::accuracy);
        report.items = train.num_items();
        report.steps = position.steps_done;
        report.learning_rate = position.learning_rate;
        report.seconds = position.seconds;
        report.step_seconds = position.step_seconds;
        position
            .plateau
            .epoch(config.schedule, report.loss(), plateau);
        let report = position.end_epoch(report, config.patience);
        if report.best && self.setup.config.patience.is_some() {
            self.setup.best = Some(self.learner.model().model);
        }
        self.setup.observer.epoch(&report);
        if let Some(weights) = weights {
            self.save(&weights)?;
        }
        self.count_time(Clock::BetweenEpochs);
        Ok(true)
    }

    /// The rest of a pass over the training data; false if it was told to stop.
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
            .ahead(&self.setup.device, epoch as u64 - 1, skip);
        let mut tally = Tally::new(self.setup.position.sums);
        while self.setup.position.step < self.steps() {
            if self.is_told_to_stop() {
                self.read(&mut tally)?;
                return Ok(false);
            }
            self.step(&mut batches, &mut tally, report)?;
            if self.is_time_to_save() {
                self.read(&mut tally)?;
                let weights = self.weights()?;
                self.save(&weights)?;
            }
        }
        self.read(&mut tally)?;
        // A device that works asynchronously has only queued the steps so far.
        let start = Instant::now();
        self.setup.device.sync().map_err(TrainError::device)?;
        self.setup.position.step_seconds += start.elapsed().as_secs_f64();
        self.event(LearnerEvent::EndSplit(epoch));
        Ok(true)
    }

    /// A pass over the validation data; none if it was told to stop.
    fn valid_epoch(&mut self, loader: &Loader<M::Batch>) -> Result<Option<Sums>, TrainError> {
        let epoch = self.setup.position.epoch;
        let total_items = loader.num_items();
        self.valid_event(LearnerEvent::StartSplit {
            epoch_number: epoch,
            total_items,
        });
        let model = self.learner.model().valid();
        let device = self.setup.device.clone().without_autodiff();
        let mut tally = Tally::new(Sums::default());
        let mut state = None;
        for (number, batch) in loader.ahead(&device, 0, 0).enumerate() {
            let batch = batch.map_err(|error| TrainError::Data(error.to_string()))?;
            let mut output = InferenceStep::step(
                &model,
                Carry {
                    batch,
                    state: state.take(),
                },
            );
            let left = output.state.take();
            if self.setup.config.carry_state {
                state = left;
            }
            tally.add(self.setup.position.steps_done, &output.scores);
            let not_finite = tally.read_some()?;
            self.fail_if(not_finite)?;
            if self.setup.dashboard {
                let items = ((number + 1) * loader.batch_size()).min(total_items);
                let progress = Progress::new(items, total_items, Some("items".to_owned()));
                let item = TrainingItem::new(output, progress, Some(number + 1), None);
                self.valid_event(LearnerEvent::ProcessedItem(item));
            }
            if self.is_told_to_stop() {
                return Ok(None);
            }
        }
        let not_finite = tally.read()?;
        self.valid_event(LearnerEvent::EndSplit(epoch));
        self.fail_if(not_finite)?;
        Ok(Some(tally.sums))
    }

    fn is_told_to_stop(&self) -> bool {
        self.setup.stop.load(Ordering::Relaxed) || self.interrupter.should_stop()
    }

    fn is_time_to_save(&self) -> bool {
        let position = &self.setup.position;
        match self
            .setup
            .saver
            .as_ref()
            .map(|saver| saver.checkpoints.every)
        {
            None | Some(Every::Epoch) => false,
            Some(Every::Steps(steps)) => position.steps_done.is_multiple_of(steps.max(1)),
            Some(Every::Time(time)) => self.last_saved.elapsed() >= time,
        }
    }

    /// The weights as numbers; an error if they are none. The last step's gradients may have been too
    /// much for them before any loss shows it.
    fn weights(&self) -> Result<StateDict, TrainError> {
        let weights = StateDict::of(&self.learner.model());
        match weights.not_finite() {
            Some(_) => {
                let step = self.setup.position.steps_done;
                Err(self.diverged(step, "weights", f64::NAN))
            }
            None => Ok(weights),
        }
    }

    /// Writes a checkpoint, if anybody wants one.
    fn save(&mut self, weights: &StateDict) -> Result<(), TrainError> {
        self.count_time(Clock::OfEpoch);
        let (Some(saver), Some(checkpointer)) = (&self.setup.saver, &mut self.checkpointer) else {
            return Ok(());
        };
        let position = &self.setup.position;
        checkpointer.checkpoint(&self.learner, position.epoch, &self.event_store);
        let Some(record) = saver.records.next() else {
            return Err(TrainError::Learner(
                "its optimiser's state is gone".to_owned(),
            ));
        };
        let state = self.setup.state.as_ref().map(Carried::to_data);
        let written = saver.checkpoints.save(
            &saver.about,
            position,
            (weights, &identities(&self.learner.model())),
            record,
            &state.unwrap_or_default(),
        );
        self.last_checkpoint = Some(written?);
        self.last_saved = Instant::now();
        self.count_time(Clock::BetweenEpochs);
        Ok(())
    }

    /// Reads all results that are still on the device.
    fn read(&mut self, tally: &mut Tally) -> Result<(), TrainError> {
        let not_finite = tally.read()?;
        self.setup.position.sums = tally.sums;
        self.fail_if(not_finite)
    }

    fn fail_if(&self, not_finite: Option<NotFinite>) -> Result<(), TrainError> {
        not_finite.map_or(Ok(()), |NotFinite { step, what, value }| {
            Err(self.diverged(step, what, value))
        })
    }

    fn diverged(&self, step: usize, what: &'static str, value: f64) -> TrainError {
        TrainError::Diverged {
            epoch: self.setup.position.epoch,
            step,
            what,
            value,
            checkpoint: self.last_checkpoint.clone(),
        }
    }

    /// Adds the time since the last call to the position's.
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

/// What a time is counted to: all of it to the training.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// Steps and validation: to the epoch too.
    OfEpoch,
    /// Writing of checkpoints and history.
    BetweenEpochs,
}
