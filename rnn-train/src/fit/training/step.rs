//! A step of the optimiser, of one batch or of several.

use std::io;
use std::time::Instant;

use burn::data::dataloader::Progress;
use burn::data::dataset::DatasetError;
use burn::train::{LearnerEvent, TrainingItem};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rnn_model::StateDict;

use super::{Setup, Training};
use crate::config::Monitor;
use crate::data::{Batches, Split};
use crate::error::TrainError;
use crate::fit::learner::{StepInput, StepOutput};
use crate::metrics::{NotFinite, RunningSums};
use crate::objective::{BatchLoss, Classes, Objective, RecurrentState};
use crate::optim::{Accumulated, clip_global_norm, clip_value};
use crate::progress::StepReport;

impl<M: Objective> Training<M> {
    /// Makes one step, and adds its results to `sums`.
    pub(super) fn step(
        &mut self,
        batches: &mut Batches<M::Batch>,
        sums: &mut RunningSums,
    ) -> Result<(), TrainError> {
        let (epoch, plan) = (self.setup.position.epoch, self.setup.plan);
        let config = self.setup.config.clone();
        let first = self.setup.position.step * config.accumulate;
        let last = (first + config.accumulate).min(self.setup.train.num_batches());
        let number = self.setup.position.steps_done + 1;
        let mut predictions = 0;
        let mut is_finite = true;
        let mut num_classes = None;
        let mut accumulated = Accumulated::default();
        let mut grads = None;
        let mut shown = Vec::new();
        let mut seconds = 0.0;
        for batch in first..last {
            let next = batches.next().transpose();
            let ended = || DatasetError::new(io::Error::from(io::ErrorKind::UnexpectedEof));
            let next = next.and_then(|next| next.ok_or_else(ended));
            let next = next.map_err(|source| TrainError::Data {
                data: Split::Training,
                batch,
                source: source.into(),
            })?;
            let start = Instant::now();
            let mut output = self.learner.train_step(StepInput {
                batch: next,
                state: self.setup.state.take(),
                noise_seed: noise_seed(config.seed, epoch, batch),
            });
            let left = output.item.state.take();
            if config.carry_state {
                self.setup.state = left.map(RecurrentState::detach);
            }
            let loss = &output.item.loss;
            check_classes(loss, batch, number)?;
            if !output.item.has_grads {
                return Err(TrainError::NoGradients { batch });
            }
            if number == 1 {
                self.is_monitored_known = check_monitor(&config.monitor, loss)
                    .map(|()| true)
                    // A hook may add it at the report.
                    .or_else(|error| match self.setup.hooks.is_empty() {
                        true => Err(error),
                        false => Ok(false),
                    })?;
            }
            sums.add(number, batch, loss)?;
            is_finite &= !self.is_host || is_finite_on_host(loss)?;
            predictions += loss.count;
            num_classes = loss.classes.as_ref().map(Classes::num_classes);
            if config.accumulate > 1 {
                accumulated.add(&self.learner.model(), output.grads, loss.count);
            } else {
                grads = Some(output.grads);
            }
            seconds += start.elapsed().as_secs_f64();
            if config.keep_predictions
                && batch + 1 == last
                && plan.has_report_after(number)
                && let Some(classes) = &loss.classes
            {
                let predicted = classes.logits.clone().argmax(1).into_data();
                let predicted = predicted.iter::<i64>().map(|class| class as usize);
                self.predictions = predicted.collect();
            }
            if self.setup.dashboard {
                shown.push((batch + 1, output.item));
            }
        }

        if predictions == 0 {
            let step = number;
            return Err(TrainError::EmptyStep { epoch, step });
        }
        let start = Instant::now();
        let model = self.learner.model();
        let mut grads = grads.unwrap_or_else(|| accumulated.take(&model));
        if let Some(max_norm) = config.clip_norm {
            let (clipped, norm) = clip_global_norm(&model, grads, max_norm);
            sums.add_norm(norm);
            grads = clipped;
        }
        if let Some(max) = config.clip_value {
            grads = clip_value(&model, grads, max);
        }
        if number == 1 {
            self.check_start(sums)?;
        } else if !is_finite {
            self.check_loss(sums, number)?;
        }
        self.learner.lr_step();
        self.learner.optimizer_step(grads);
        let not_finite = sums.read_some()?;
        self.setup.position.step_seconds += seconds + start.elapsed().as_secs_f64();
        self.fail_if(not_finite)?;
        for (batches, output) in shown {
            self.show(output, batches);
        }

        let position = &mut self.setup.position;
        position.step += 1;
        position.steps_done += 1;
        position.learning_rate = self.learner.lr_current().base();
        let count = self.setup.train.item_count();
        let report = StepReport {
            epoch,
            epochs: plan.epochs(),
            step: position.steps_done,
            total_steps: plan.total_steps,
            items: count.of_first(last),
            total_items: count.items,
            predictions,
            num_classes,
            loss: sums.latest.map(|(loss, _)| loss),
            grad_norm: sums.latest.and_then(|(_, norm)| norm),
            learning_rate: position.learning_rate,
        };
        self.tell(|observer| observer.step(&report));
        Ok(())
    }

    /// Checks that the first loss is finite while the weights are still those that the training was given:
    /// if it is not, no learning rate is to blame.
    fn check_start(&self, sums: &mut RunningSums) -> Result<(), TrainError> {
        let Some(NotFinite { what, value, .. }) = sums.read()? else {
            return Ok(());
        };
        let weights = StateDict::of(&self.learner.model());
        Err(TrainError::NotFiniteAtStart {
            what,
            value,
            parameter: weights.not_finite().map(str::to_owned),
        })
    }

    /// Says of a loss that is not finite whether the weights are, before the step changes them.
    fn check_loss(&self, sums: &mut RunningSums, step: usize) -> Result<(), TrainError> {
        let Some(found) = sums.read()? else {
            return Ok(());
        };
        let is_of_step = found.step == step && found.what == "loss";
        let is_finite = is_of_step.then(|| self.has_finite_weights());
        Err(self.diverged(found, Split::Training, is_finite))
    }

    /// Tells the dashboard of a batch.
    fn show(&mut self, output: StepOutput<M::State>, batches: usize) {
        let Setup {
            plan,
            position,
            train,
            ..
        } = &self.setup;
        let (from, to) = (position.steps_reported(), plan.next_report(position));
        let total = plan.items_between(from, to);
        let of_epoch = train.item_count().of_first(batches);
        let before = plan.items_between(0, (position.epoch - 1) * plan.steps);
        let items = before + of_epoch - plan.items_between(0, from);
        let progress = Progress::new(items, total, Some("items".to_owned()));
        let rate = self.learner.lr_current();
        let item = TrainingItem::new(output, progress, Some(batches), Some(rate));
        self.event(LearnerEvent::ProcessedItem(item));
    }
}

fn is_finite_on_host(loss: &BatchLoss) -> Result<bool, TrainError> {
    let loss = loss.loss.clone().try_into_data();
    let loss = loss.map_err(TrainError::device)?;
    Ok(loss.iter::<f64>().all(f64::is_finite))
}

/// Checks that the targets of a batch are classes. What was not looked at when the loss was made, since it
/// waits for the device, is looked at in the first step.
fn check_classes(loss: &BatchLoss, batch: usize, step: usize) -> Result<(), TrainError> {
    let mut found = loss.check();
    if let (1, Ok(()), Some(classes)) = (step, &found, &loss.classes) {
        found = match classes.out_of_range().map_err(TrainError::device)? {
            Some(fault) => Err(fault),
            None => Ok(()),
        };
    }
    found.map_err(|source| TrainError::Class {
        data: Split::Training,
        batch,
        source,
    })
}

/// Checks that the metric to be monitored is there, before an epoch is made in vain.
fn check_monitor(monitor: &Monitor, loss: &BatchLoss) -> Result<(), TrainError> {
    let names = loss.metrics().into_iter().map(|metric| metric.name);
    let there: Vec<String> = names.collect();
    if monitor.metric == "loss" || there.contains(&monitor.metric) {
        return Ok(());
    }
    let metric = monitor.metric.clone();
    Err(TrainError::NoMetric { metric, there })
}

/// A seed that no other batch of the run has.
fn noise_seed(seed: u64, epoch: usize, batch: usize) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // The lower half of the streams orders the data.
    rng.set_stream(1 << 63 | epoch as u64);
    // Eight words of 32 bits per batch, more than a seed uses.
    rng.set_word_pos(8 * batch as u128);
    rng.next_u64()
}
