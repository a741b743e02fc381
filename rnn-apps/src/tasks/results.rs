//! The results that commands print with `--json`: the keys that all tasks share.

use rnn_train::{FitConfig, RunDir};
use serde::Serialize;

use super::settings::Settings;
use crate::context::Context;

/// Keys that all commands on a run print.
#[derive(Clone, Debug, Serialize)]
pub struct CommonResults {
    /// The command without flags: `mnist train`.
    pub command: String,
    /// The run's folder.
    pub run: String,
    pub seed: u64,
    pub device: String,
    pub threads: usize,
    pub parameters: usize,
}

impl CommonResults {
    /// Collects the keys; `action` is the task's subcommand.
    pub fn new<M, T>(
        context: &Context,
        action: &str,
        run: &RunDir,
        settings: &Settings<M, T>,
        parameters: usize,
    ) -> Self {
        Self {
            command: format!("{} {action}", settings.command),
            run: run.path().display().to_string(),
            seed: settings.seed,
            device: context.device_name.clone(),
            threads: context.threads,
            parameters,
        }
    }
}

/// The results of a training, with the task's own score; also the content of `metrics.json`.
#[derive(Clone, Debug, Serialize)]
pub struct TrainingResults<S> {
    #[serde(flatten)]
    pub common: CommonResults,
    /// Those that were begun.
    pub epochs: usize,
    pub steps: usize,
    pub best_epoch: Option<usize>,
    /// Of a training that is measured in steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_step: Option<usize>,
    /// Of the training with its validation.
    pub seconds: f64,
    pub step_seconds: f64,
    pub train_loss: f64,
    #[serde(flatten)]
    pub score: S,
}

/// The results of an evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluationResults<S> {
    #[serde(flatten)]
    pub common: CommonResults,
    /// Of the training; `None` for imported weights.
    pub epochs: Option<usize>,
    pub seconds: f64,
    /// Whether the data are those on which the trained model was evaluated.
    pub data_as_trained: Option<bool>,
    #[serde(flatten)]
    pub score: S,
}

/// Refuses an accuracy that is below the least one that was asked for.
///
/// # Errors
///
/// If it is.
pub fn check_accuracy(accuracy: f64, least: Option<f64>) -> anyhow::Result<()> {
    // NaN is not at least anything.
    let is_enough = least.is_none_or(|least| accuracy >= least);
    anyhow::ensure!(
        is_enough,
        "expected an accuracy of at least {}, as --min-accuracy says, found {accuracy}",
        least.unwrap_or_default()
    );
    Ok(())
}

/// The epochs of a training with these settings, for [`EvaluationResults`].
///
/// # Errors
///
/// If the history of `run` can't be read, which has the epochs of a training that was set to steps.
pub fn epochs_of(fit: &FitConfig, run: &RunDir) -> anyhow::Result<usize> {
    match fit.max_steps {
        None => Ok(fit.epochs),
        Some(_) => Ok(run.read_history()?.last().map_or(0, |report| report.epoch)),
    }
}

/// The predictions of a model: a list under a key that the task chooses.
#[derive(Clone, Debug, Serialize)]
pub struct PredictionResults<P> {
    #[serde(flatten)]
    pub common: CommonResults,
    #[serde(flatten)]
    pub predictions: P,
}
