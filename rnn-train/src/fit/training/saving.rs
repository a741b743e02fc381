use std::time::Instant;

use rnn_model::StateDict;

use super::{Clock, Training};
use crate::checkpoint::{Snapshot, identities};
use crate::config::SaveInterval;
use crate::data::Split;
use crate::error::TrainError;
use crate::objective::{Objective, RecurrentState};

impl<M: Objective> Training<M> {
    pub(super) fn is_time_to_save(&self) -> bool {
        let position = &self.setup.position;
        match self
            .setup
            .saver
            .as_ref()
            .map(|saver| saver.checkpoints.interval())
        {
            None | Some(SaveInterval::Epoch) => false,
            Some(SaveInterval::Steps(steps)) => position.steps_done.is_multiple_of(steps),
            Some(SaveInterval::Time(time)) => self.last_saved.elapsed() >= time,
        }
    }

    /// The weights; an error if they are not finite. The last step may have made them so before any loss
    /// shows it.
    pub(super) fn weights(&self) -> Result<StateDict, TrainError> {
        let weights = StateDict::of(&self.learner.model());
        match weights.not_finite() {
            Some(_) => Err(TrainError::Diverged {
                epoch: self.setup.position.epoch,
                step: self.setup.position.steps_done,
                data: Split::Training,
                batch: None,
                what: "weights",
                value: f64::NAN,
                finite_weights: Some(false),
                checkpoint: self.last_checkpoint.clone(),
            }),
            None => Ok(weights),
        }
    }

    pub(super) fn has_finite_weights(&self) -> bool {
        StateDict::of(&self.learner.model()).not_finite().is_none()
    }

    /// Writes a checkpoint, if there is a folder for them.
    pub(super) fn save(&mut self, weights: &StateDict) -> Result<(), TrainError> {
        self.count_time(Clock::OfReport);
        let (Some(saver), Some(checkpointer)) = (&self.setup.saver, &mut self.checkpointer) else {
            return Ok(());
        };
        let position = &self.setup.position;
        checkpointer.checkpoint(&self.learner, position.epoch, &self.event_store);
        let Some(record) = saver.records.next() else {
            return Err(TrainError::Learner("its optimiser's state is gone".into()));
        };
        let state = self.setup.state.as_ref().map(RecurrentState::to_data);
        let written = saver.checkpoints.save(Snapshot {
            about: &saver.about,
            position,
            identities: &identities(&self.learner.model()),
            model: weights,
            optimizer: record,
            state: &state.unwrap_or_default(),
        });
        self.last_checkpoint = Some(written?);
        self.last_saved = Instant::now();
        self.count_time(Clock::BetweenReports);
        Ok(())
    }
}
