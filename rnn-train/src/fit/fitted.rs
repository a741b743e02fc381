use std::fmt;
use std::path::PathBuf;

use super::training::Outcome;
use crate::config::StopReason;
use crate::objective::Objective;
use crate::progress::EpochReport;

/// A trained model, and how its training went.
pub struct Fitted<M: Objective> {
    /// The model, ready for prediction: with its last weights, or with those of the best report if the
    /// training had [`patience`](crate::FitConfig::patience).
    pub model: M,
    /// The state in which the last step ended, if states are carried.
    pub state: Option<M::State>,
    /// A report per epoch, or per [`valid_every`](crate::FitConfig::valid_every) steps.
    pub history: Vec<EpochReport>,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// The epoch whose report, or in which the report, has the best value of the
    /// [monitored metric](crate::FitConfig::monitor), from 1; none if there is no report.
    pub best_epoch: Option<usize>,
    /// The step after which that report was made, over all epochs.
    pub best_step: Option<usize>,
    /// Steps of the optimiser.
    pub steps: usize,
    /// The last checkpoint: the one that was written last, or that the training resumed from.
    pub checkpoint: Option<PathBuf>,
    /// Seconds of training and validation, those before a resumed checkpoint included.
    pub seconds: f64,
    /// Seconds of those inside training steps.
    pub step_seconds: f64,
    keeps_best: bool,
}

// By hand: a state has no text.
impl<M: Objective> fmt::Debug for Fitted<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fitted")
            .field("model", &self.model)
            .field("has_state", &self.state.is_some())
            .field("history", &self.history)
            .field("stop_reason", &self.stop_reason)
            .field("best_epoch", &self.best_epoch)
            .field("best_step", &self.best_step)
            .field("steps", &self.steps)
            .field("checkpoint", &self.checkpoint)
            .field("seconds", &self.seconds)
            .field("step_seconds", &self.step_seconds)
            .finish_non_exhaustive()
    }
}

impl<M: Objective> Fitted<M> {
    /// The result of a training that left its last weights in `model`.
    pub(super) fn new(model: M, outcome: Outcome<M>) -> Self {
        let position = outcome.position;
        let step_seconds = position.history.iter().map(|report| report.step_seconds);
        Self {
            keeps_best: outcome.best.is_some(),
            model: outcome.best.map_or(model, |best| best.valid()),
            state: outcome.state,
            stop_reason: outcome.stop_reason,
            best_epoch: position.best.map(|best| best.epoch),
            best_step: position.best.map(|best| best.step),
            steps: position.steps_done,
            checkpoint: outcome.checkpoint,
            seconds: position.total_seconds,
            step_seconds: step_seconds.sum::<f64>() + position.step_seconds,
            history: position.history,
        }
    }

    /// The report of the validation from which [`model`](Self::model) has its weights; none if there was
    /// none.
    pub fn report(&self) -> Option<&EpochReport> {
        let best = self.best_step.filter(|_| self.keeps_best);
        match best {
            Some(step) => self.history.iter().find(|report| report.steps == step),
            None => self.history.last(),
        }
    }
}
