//! What commands print with `--json`: the keys that they have in common.

use serde::Serialize;

use super::settings::Settings;
use crate::context::Context;

/// Keys of every command that uses a run.
#[derive(Clone, Debug, Serialize)]
pub struct CommonResults {
    /// The command line's, without flags: `mnist train`.
    pub command: String,
    /// The run's folder.
    pub run: String,
    pub seed: u64,
    pub device: String,
    pub threads: usize,
    pub parameters: usize,
}

impl CommonResults {
    /// `action` is the subcommand of the run's task.
    pub fn new<M, T>(
        context: &Context,
        action: &str,
        run: &rnn_train::RunDir,
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

/// What a training came to, with the task's own score. `metrics.json` holds the same.
#[derive(Clone, Debug, Serialize)]
pub struct TrainingResults<S> {
    #[serde(flatten)]
    pub common: CommonResults,
    pub epochs: usize,
    pub steps: usize,
    pub best_epoch: Option<usize>,
    /// Training with its validation.
    pub seconds: f64,
    pub step_seconds: f64,
    pub train_loss: f64,
    #[serde(flatten)]
    pub score: S,
}

/// What an evaluation came to.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluationResults<S> {
    #[serde(flatten)]
    pub common: CommonResults,
    /// Of the training; null for imported weights.
    pub epochs: Option<usize>,
    pub seconds: f64,
    /// Whether the data are those that the training was judged on.
    pub data_as_trained: Option<bool>,
    #[serde(flatten)]
    pub score: S,
}

/// What a model said of inputs: a list under a name of the task's.
#[derive(Clone, Debug, Serialize)]
pub struct PredictionResults<P> {
    #[serde(flatten)]
    pub common: CommonResults,
    #[serde(flatten)]
    pub predictions: P,
}
