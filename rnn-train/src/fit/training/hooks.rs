//! What is done with the model at a report, before it is known whether it is the best one.

use super::{Clock, Training};
use crate::error::TrainError;
use crate::objective::Objective;
use crate::progress::{EpochEnd, EpochReport};

impl<M: Objective> Training<M> {
    /// Calls all hooks, which may add to the report; true if one of them stops the training.
    pub(super) fn call_hooks(&mut self, report: &mut EpochReport) -> Result<bool, TrainError> {
        if self.setup.hooks.is_empty() {
            return Ok(false);
        }
        let model = self.learner.model().model.valid();
        let history = &self.setup.position.history;
        let mut end = EpochEnd::new(&model, history, report);
        for hook in &mut self.setup.hooks {
            hook(&mut end).map_err(|source| TrainError::Hook {
                epoch: end.report().epoch,
                step: end.report().steps,
                source,
            })?;
        }
        if let Some(name) = end.invalid {
            return Err(TrainError::MetricName(name));
        }
        let stops = end.stops;
        self.count_time(Clock::BetweenReports);
        Ok(stops)
    }

    /// Checks that there is the metric to be monitored, which the hooks may have added, and that it has a
    /// value in the first report, before further steps are made in vain.
    pub(super) fn check_monitored(&self, report: &EpochReport) -> Result<(), TrainError> {
        let metric = &self.setup.config.monitor.metric;
        let value = report.metric(metric);
        if value.is_some_and(|value| !value.is_nan()) {
            return Ok(());
        }
        if value.is_some() || self.is_monitored_known || self.setup.hooks.is_empty() {
            return match self.setup.position.history.is_empty() {
                true => Err(TrainError::MonitoredValue {
                    metric: metric.clone(),
                    value,
                }),
                false => Ok(()),
            };
        }
        let there = match report.valid_loss {
            Some(_) => &report.valid_metrics,
            None => &report.train_metrics,
        };
        Err(TrainError::NoMetric {
            metric: metric.clone(),
            there: there.iter().map(|(name, _)| name.to_owned()).collect(),
        })
    }
}
