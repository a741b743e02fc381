//! Brings the learner's metrics to whoever asks, instead of to a screen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::train::LearnerSummary;
use burn::train::logger::{EvaluationProgressLogger, MetricLogger, TrainingProgressLogger};
use burn::train::metric::store::{EpochSummary, MetricsUpdate, Split};
use burn::train::metric::{MetricDefinition, MetricId, NumericEntry};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};

/// The final values of an epoch by the metric's name.
#[derive(Clone, Debug, Default)]
pub(crate) struct EpochMetrics {
    pub train: HashMap<String, f64>,
    pub valid: HashMap<String, f64>,
}

/// A renderer that shows nothing and remembers the epoch's final values. The learner feeds one
/// clone from its metrics thread, the training loop reads another.
#[derive(Clone, Default)]
pub(crate) struct Collector {
    names: HashMap<MetricId, String>,
    values: Arc<Mutex<EpochMetrics>>,
}

impl Collector {
    /// The values since the last call. The metrics thread must have been flushed before.
    pub fn take(&self) -> EpochMetrics {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, EpochMetrics> {
        // A map of numbers is whole at any time, whatever happened to its last user.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(
        &self,
        state: MetricState,
        of: impl Fn(&mut EpochMetrics) -> &mut HashMap<String, f64>,
    ) {
        if let MetricState::Numeric(entry, Some(NumericEntry::Final(value))) = state
            && let Some(name) = self.names.get(&entry.metric_id)
        {
            of(&mut self.lock()).insert(name.clone(), value);
        }
    }
}

impl MetricsRendererTraining for Collector {
    fn update_train(&mut self, state: MetricState) {
        self.keep(state, |values| &mut values.train);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.keep(state, |values| &mut values.valid);
    }

    fn on_train_end(
        &mut self,
        _: Option<LearnerSummary>,
    ) -> Result<(), Box<dyn core::error::Error>> {
        Ok(())
    }
}

impl MetricsRenderer for Collector {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names
            .insert(definition.metric_id, definition.name.to_string());
    }
}

impl MetricsRendererEvaluation for Collector {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}

impl TrainingProgressLogger for Collector {
    fn start(&mut self, _: usize, _: usize, _: Option<usize>, _: Option<&str>) {}
    fn update_epoch(&mut self, _: usize) {}
    fn start_split(&mut self, _: &str, _: usize) {}
    fn update_split(&mut self, _: usize) {}
    fn end_split(&mut self) {}
    fn end(&mut self) {}
    fn log_event_training(&mut self, _: String) {}
}

impl EvaluationProgressLogger for Collector {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

/// Keeps the learner from writing a folder per epoch and metric: a run has one history file.
pub(crate) struct NoLog;

impl MetricLogger for NoLog {
    fn log(&mut self, _: MetricsUpdate, _: usize, _: &Split) {}

    fn read_numeric(&mut self, _: &str, _: usize, _: &Split) -> Result<Vec<NumericEntry>, String> {
        Ok(Vec::new())
    }

    fn log_metric_definition(&mut self, _: MetricDefinition) {}
    fn log_epoch_summary(&mut self, _: EpochSummary) {}
}
