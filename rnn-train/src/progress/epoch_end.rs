use std::error::Error;

use super::EpochReport;

/// The end of an epoch (or of the steps between two validations, where
/// [`valid_every`](crate::FitConfig::valid_every) sets them apart), as the hooks of [`Trainer::with_epoch_hook`](crate::Trainer::with_epoch_hook)
/// see it: the model, and the results so far.
#[derive(Debug)]
pub struct EpochEnd<'a, M> {
    model: &'a M,
    history: &'a [EpochReport],
    report: &'a mut EpochReport,
    pub(crate) invalid: Option<String>,
    pub(crate) stops: bool,
}

/// A hook as the trainer keeps it.
pub(crate) type EpochHook<M> =
    Box<dyn FnMut(&mut EpochEnd<'_, M>) -> Result<(), Box<dyn Error + Send + Sync>>>;

impl<'a, M> EpochEnd<'a, M> {
    pub(crate) fn new(
        model: &'a M,
        history: &'a [EpochReport],
        report: &'a mut EpochReport,
    ) -> Self {
        Self {
            model,
            history,
            report,
            invalid: None,
            stops: false,
        }
    }

    /// The model with the weights after the last step, as for prediction: without dropout, and
    /// without recording anything for a backward pass.
    pub fn model(&self) -> &'a M {
        self.model
    }

    /// The results, validation and the metrics of earlier hooks included. Whether they are the best ones is
    /// decided after all hooks.
    pub fn report(&self) -> &EpochReport {
        self.report
    }

    /// The reports before this one, those before a resumed checkpoint included: what stopping by a rule
    /// of your own can go by.
    pub fn history(&self) -> &'a [EpochReport] {
        self.history
    }

    /// Adds a metric to the report, beside those of the validation data, or of the training data if
    /// there are none; one of the same name is replaced. It is recorded in the history, and can be
    /// [monitored](crate::FitConfig::monitor). Names consist of letters, digits and `_`; `loss` is taken.
    pub fn add_metric(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        if !crate::metrics::is_name(&name) {
            self.invalid.get_or_insert(name);
            return;
        }
        let metrics = match self.report.valid_loss {
            Some(_) => &mut self.report.valid_metrics,
            None => &mut self.report.train_metrics,
        };
        metrics.insert(name, value);
    }

    /// Ends the training here, as
    /// [`StopReason::StoppedByHook`](crate::StopReason::StoppedByHook).
    pub fn stop(&mut self) {
        self.stops = true;
    }
}
