//! A report: validation, the results since the last one, and what follows from them.

use std::time::Instant;

use burn::train::{EventProcessorTraining, LearnerEvent};

use super::{Clock, Setup, Training};
use crate::config::Monitor;
use crate::error::TrainError;
use crate::metrics::{RunningSums, Sums};
use crate::objective::Objective;
use crate::progress::EpochReport;

impl<M: Objective> Training<M> {
    /// Validates, and reports the results since the last report, which `sums` hold; false if it was
    /// interrupted.
    pub(super) fn report(&mut self, sums: &mut RunningSums) -> Result<bool, TrainError> {
        self.read(sums)?;
        // A device that works asynchronously has only queued the steps so far.
        let start = Instant::now();
        self.setup.device.sync().map_err(TrainError::device)?;
        self.setup.position.step_seconds += start.elapsed().as_secs_f64();
        // Each stretch is an epoch of the dashboard.
        let number = self.setup.position.history.len() + 1;
        self.end_split(number);
        let valid = match self.setup.valid.clone() {
            Some(loader) => match self.validate(&loader, number)? {
                Some(sums) => Some(sums),
                None => return Ok(false),
            },
            None => None,
        };
        self.event(LearnerEvent::EndEpoch(number));
        self.interrupter.fail_on_error(self.events.flush());

        let is_last = self.setup.plan.is_done(&self.setup.position);
        let weights = match self.setup.saver.is_some() || is_last {
            true => Some(self.weights()?),
            // They are not needed, and if they are not finite the next loss shows it.
            false => None,
        };
        self.count_time(Clock::OfReport);
        let mut report = self.results(valid);
        let is_stopped = self.call_hooks(&mut report)?;
        self.check_monitored(&report)?;
        if is_stopped && weights.is_none() {
            self.weights()?;
        }

        let Setup {
            config,
            position,
            plateau,
            plan,
            ..
        } = &mut self.setup;
        position.stopped = is_stopped;
        let Monitor { metric, goal } = &config.monitor;
        let value = report.metric(metric).unwrap_or(f64::NAN);
        position
            .plateau
            .report(config.schedule, value, *goal, plateau);
        let report = position.add_report(report, config);
        position.end_epoch(plan.steps);
        sums.sums = Sums::default();
        if report.best && self.setup.config.keeps_best() {
            self.setup.best = Some(self.learner.model().model);
        }
        self.tell(|observer| observer.epoch(&report));
        if let Some(weights) = weights {
            self.save(&weights)?;
        }
        self.count_time(Clock::BetweenReports);
        Ok(true)
    }

    /// The results since the last report, with those of the validation.
    fn results(&mut self, valid: Option<Sums>) -> EpochReport {
        let predictions = std::mem::take(&mut self.predictions);
        let Setup { position, plan, .. } = &self.setup;
        let (from, to) = (position.steps_reported(), position.steps_done);
        EpochReport {
            epoch: position.epoch,
            train_loss: position.sums.mean_loss(),
            train_metrics: position.sums.metrics(),
            valid_loss: valid.as_ref().map(Sums::mean_loss),
            valid_metrics: valid.as_ref().map(Sums::metrics).unwrap_or_default(),
            best: false,
            learning_rate: position.learning_rate,
            grad_norm: position.sums.mean_norm(),
            steps: to,
            items: plan.items_between(from, to),
            targets: position.sums.predictions,
            seconds: position.seconds,
            step_seconds: position.step_seconds,
            predictions,
        }
    }

    /// Tells the dashboard that the steps up to the next report begin.
    pub(super) fn begin_split(&mut self) {
        if self.is_in_split {
            return;
        }
        self.is_in_split = true;
        let Setup { position, plan, .. } = &self.setup;
        let (from, to) = (position.steps_reported(), plan.next_report(position));
        let event = LearnerEvent::StartSplit {
            epoch_number: position.history.len() + 1,
            total_items: plan.items_between(from, to),
        };
        self.event(event);
    }

    /// Tells the dashboard that the steps are done.
    fn end_split(&mut self, number: usize) {
        // Of a training that resumes at a validation there were none.
        self.begin_split();
        self.is_in_split = false;
        self.event(LearnerEvent::EndSplit(number));
    }
}
