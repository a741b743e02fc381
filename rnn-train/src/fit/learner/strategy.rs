//! The training loop as a custom strategy of Burn's learner.
//!
//! The stock strategy forgets everything between two batches, and can go on only from the end of an
//! epoch. Ours is in `training.rs`; this is how the learner gets to run it, and how its results get
//! out.

use std::cell::Cell;

use burn::train::{
    Learner, SupervisedLearningStrategy, SupervisedTrainingEventProcessor, TrainLoader,
    TrainingComponents, ValidLoader,
};

use crate::error::TrainError;
use crate::fit::training::{Outcome, Setup, Training};
use crate::objective::{Learnable, Objective};

/// The strategy's methods take `&self`; only the thread that trains uses what is in its cells.
pub(crate) struct Strategy<M: Objective> {
    setup: Cell<Option<Setup<M>>>,
    outcome: Cell<Option<Result<Outcome<M>, TrainError>>>,
}

impl<M: Objective> Strategy<M> {
    pub fn new(setup: Setup<M>) -> Self {
        Self {
            setup: Cell::new(Some(setup)),
            outcome: Cell::new(None),
        }
    }

    /// What the training came to; none if the learner has not run it.
    pub fn outcome(&self) -> Option<Result<Outcome<M>, TrainError>> {
        self.outcome.take()
    }
}

impl<M: Objective> SupervisedLearningStrategy<Learnable<M>> for Strategy<M> {
    fn fit(
        &self,
        components: TrainingComponents<Learnable<M>>,
        mut learner: Learner<Learnable<M>>,
        _: TrainLoader<Learnable<M>>,
        _: ValidLoader<Learnable<M>>,
        _: usize,
    ) -> (Learnable<M>, SupervisedTrainingEventProcessor<Learnable<M>>) {
        let Some(setup) = self.setup.take() else {
            unreachable!("a strategy is used once")
        };
        learner.fork(&setup.device);
        let mut training = Training::new(setup, learner, components);
        let end = training.run();
        let (outcome, model, events) = training.finish(end);
        self.outcome.set(Some(outcome));
        (model, events)
    }
}
