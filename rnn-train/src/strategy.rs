//! The training loop, as a custom strategy of Burn's learner.
//!
//! The stock strategy forgets everything between two batches. This one hands the state of a batch
//! on to the next, detached, and besides clips gradients by their global norm and seeds the device
//! anew for each step, so that a step's randomness depends on nothing but the run's seed, the
//! epoch and the step.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use burn::data::dataloader::DataLoader;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn::train::{
    EventProcessorTraining, InferenceStep, Interrupter, Learner, LearnerEvent,
    SupervisedLearningStrategy, SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents,
    TrainingItem, ValidLoader,
};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::clip::clip_global_norm;
use crate::fit::FitConfig;
use crate::loader::Carry;
use crate::metrics::Collector;
use crate::objective::{Learnable, Objective};
use crate::observe::{EpochReport, Observer, StepReport};

pub(crate) struct Strategy<M: Objective> {
    config: FitConfig,
    device: Device,
    collector: Collector,
    // The trait's methods take `&self`; only the thread that trains uses these.
    observer: RefCell<Box<dyn Observer>>,
    /// A report per epoch.
    pub history: RefCell<Vec<EpochReport>>,
    /// The state that the last training step left, if states are carried.
    pub state: RefCell<Option<M::State>>,
    /// The epoch in which the loss stopped being a number, and what it was then.
    pub diverged: Cell<Option<(usize, f64)>>,
}

impl<M: Objective> Strategy<M> {
    pub fn new(
        config: FitConfig,
        device: Device,
        collector: Collector,
        observer: Box<dyn Observer>,
    ) -> Self {
        Self {
            config,
            device,
            collector,
            observer: RefCell::new(observer),
            history: RefCell::default(),
            state: RefCell::new(None),
            diverged: Cell::new(None),
        }
    }
}

type Events<M> = SupervisedTrainingEventProcessor<Learnable<M>>;

impl<M: Objective> SupervisedLearningStrategy<Learnable<M>> for Strategy<M> {
    fn fit(
        &self,
        components: TrainingComponents<Learnable<M>>,
        mut learner: Learner<Learnable<M>>,
        train: TrainLoader<Learnable<M>>,
        valid: ValidLoader<Learnable<M>>,
        starting_epoch: usize,
    ) -> (Learnable<M>, Events<M>) {
        let train = train.to_device(&self.device);
        let valid = valid.to_device(&self.device.clone().without_autodiff());
        learner.fork(&self.device);
        let mut events = components.event_processor;
        let mut checkpointer = components.checkpointer;
        let interrupter = components.interrupter;
        for epoch in starting_epoch..=components.num_epochs {
            let start = Instant::now();
            let mut report = EpochReport {
                epoch,
                ..EpochReport::default()
            };
            self.train_epoch(
                &mut learner,
                &*train,
                &mut events,
                &interrupter,
                &mut report,
            );
            let goes_on = !interrupter.should_stop() && self.diverged.get().is_none();
            if goes_on && valid.num_items() > 0 {
                self.valid_epoch(
                    &learner.model().valid(),
                    &*valid,
                    &mut events,
                    &interrupter,
                    epoch,
                );
            }
            interrupter.fail_on_error(events.process_train(LearnerEvent::EndEpoch(epoch)));
            interrupter.fail_on_error(events.flush());
            if interrupter.should_stop() || self.diverged.get().is_some() {
                break;
            }

            let metrics = self.collector.take();
            let share = |percent: &f64| percent / 100.0;
            report.train_loss = metrics.train.get("Loss").copied().unwrap_or(f64::NAN);
            report.train_accuracy = metrics.train.get("Accuracy").map_or(f64::NAN, share);
            report.valid_loss = metrics.valid.get("Loss").copied();
            report.valid_accuracy = metrics.valid.get("Accuracy").map(share);
            report.seconds = start.elapsed().as_secs_f64();
            if !report.train_loss.is_finite() {
                self.diverged.set(Some((epoch, report.train_loss)));
                break;
            }
            self.observer.borrow_mut().epoch(&report);
            self.history.borrow_mut().push(report);

            if let Some(checkpointer) = &mut checkpointer {
                checkpointer.checkpoint(&learner, epoch, &components.event_store);
            }
        }
        (learner.model(), events)
    }
}

impl<M: Objective> Strategy<M> {
    /// One pass over the training data.
    fn train_epoch(
        &self,
        learner: &mut Learner<Learnable<M>>,
        loader: &dyn DataLoader<Carry<M::Batch, M::State>>,
        events: &mut Events<M>,
        interrupter: &Interrupter,
        report: &mut EpochReport,
    ) {
        let total_items = loader.num_items();
        let epoch = report.epoch;
        interrupter.fail_on_error(events.process_train(LearnerEvent::StartSplit {
            epoch_number: epoch,
            total_items,
        }));
        let mut logits: Option<Tensor<2>> = None;
        let mut batches = loader.iter();
        let mut step = 0;
        while let Some(batch) = batches.next() {
            let mut input = match batch {
                Ok(input) => input,
                Err(error) => {
                    interrupter.fail(error);
                    break;
                }
            };
            let progress = batches.progress();
            let start = Instant::now();
            self.device.seed(step_seed(self.config.seed, epoch, step));
            input.state = self.state.take();

            let mut output = learner.train_step(input);
            let left = output.item.state.take();
            if self.config.carry_state {
                *self.state.borrow_mut() = left.map(M::detach);
            }
            let grads = match self.config.clip_norm {
                Some(max_norm) => clip_global_norm(&learner.model(), output.grads, max_norm).0,
                None => output.grads,
            };
            learner.lr_step();
            learner.optimizer_step(grads);

            report.step_seconds += start.elapsed().as_secs_f64();
            report.learning_rate = learner.lr_current().base();
            if self.config.keep_predictions {
                logits = Some(output.item.scores.logits.clone());
            }
            if step % LOSS_CHECK == 0 {
                match output.item.scores.loss.clone().try_into_scalar::<f64>() {
                    Ok(loss) if loss.is_finite() => {}
                    Ok(loss) => {
                        self.diverged.set(Some((epoch, loss)));
                        break;
                    }
                    Err(error) => {
                        interrupter.stop(Some(&error.to_string()));
                        break;
                    }
                }
            }
            step += 1;
            self.observer.borrow_mut().step(&StepReport {
                epoch,
                epochs: self.config.epochs,
                items: progress.items_processed,
                total_items,
                learning_rate: report.learning_rate,
            });
            let item = TrainingItem::new(
                output.item,
                progress,
                Some(step),
                Some(learner.lr_current()),
            );
            interrupter.fail_on_error(events.process_train(LearnerEvent::ProcessedItem(item)));
            if interrupter.should_stop() {
                break;
            }
        }
        // A device that works asynchronously has only queued the steps so far.
        let start = Instant::now();
        if let Err(error) = self.device.sync() {
            interrupter.stop(Some(&error.to_string()));
        }
        report.step_seconds += start.elapsed().as_secs_f64();
        if let Some(logits) = logits {
            let classes = logits.argmax(1).into_data();
            report.predictions = classes.iter::<i64>().map(|class| class as usize).collect();
        }
        interrupter.fail_on_error(events.process_train(LearnerEvent::EndSplit(epoch)));
    }

    fn valid_epoch(
        &self,
        model: &Learnable<M>,
        loader: &dyn DataLoader<Carry<M::Batch, M::State>>,
        events: &mut Events<M>,
        interrupter: &Interrupter,
        epoch: usize,
    ) {
        interrupter.fail_on_error(events.process_valid(LearnerEvent::StartSplit {
            epoch_number: epoch,
            total_items: loader.num_items(),
        }));
        let mut state = None;
        let mut batches = loader.iter();
        let mut step = 0;
        while let Some(batch) = batches.next() {
            let mut input = match batch {
                Ok(input) => input,
                Err(error) => {
                    interrupter.fail(error);
                    break;
                }
            };
            input.state = state.take();
            let mut output = InferenceStep::step(model, input);
            let left = output.state.take();
            if self.config.carry_state {
                state = left;
            }
            step += 1;
            let item = TrainingItem::new(output, batches.progress(), Some(step), None);
            interrupter.fail_on_error(events.process_valid(LearnerEvent::ProcessedItem(item)));
            if interrupter.should_stop() {
                break;
            }
        }
        interrupter.fail_on_error(events.process_valid(LearnerEvent::EndSplit(epoch)));
    }
}

/// How many steps go by between two looks at the loss: each waits for the device.
const LOSS_CHECK: usize = 100;

/// A seed that no other step of the run has.
fn step_seed(seed: u64, epoch: usize, step: usize) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // The lower half of the streams orders the data.
    rng.set_stream(1 << 63 | epoch as u64);
    // Eight words of 32 bits a step: far more than one seed takes.
    rng.set_word_pos(8 * step as u128);
    rng.next_u64()
}
