//! Running a training loop of one's own inside Burn's learner.

use std::cell::Cell;
use std::sync::Arc;

use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::optim::ModuleOptimizer;
use burn::train::metric::{LearningRateMetric, LossMetric};
use burn::train::{
    Interrupter, Learner, SupervisedLearningStrategy, SupervisedTraining,
    SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents, TrainingStrategy,
    ValidLoader,
};

use super::Learnable;
use super::metrics::ClassAccuracy;
use super::no_batches::NoBatches;
use super::optimizer_state::{Always, Nothing, Records, optimizer_records};
use super::renderer::{NoLog, Silent, dashboard};
use crate::error::TrainError;
use crate::objective::Objective;

/// The learner's events, from which its dashboard is drawn.
pub(crate) type Events<M> = SupervisedTrainingEventProcessor<Learnable<M>>;

/// A training loop, which gives back the model and the learner's events.
type Loop<M> = Box<
    dyn FnOnce(
        Learner<Learnable<M>>,
        TrainingComponents<Learnable<M>>,
    ) -> (Learnable<M>, Events<M>),
>;

/// What the learner is made of.
pub(crate) struct Launch<M: Objective> {
    pub model: Learnable<M>,
    pub optimizer: ModuleOptimizer,
    pub scheduler: ModuleLrScheduler,
    pub epochs: usize,
    pub dashboard: bool,
    /// Whether the loop will ask for the optimiser's state.
    pub has_records: bool,
}

/// Makes Burn's learner, runs the loop that `make_loop` makes in it, and returns the model, ready for
/// prediction. The loop can have the optimiser's state from the given records, one after each
/// checkpoint that it asks of the learner.
pub(crate) fn launch<M, F>(
    launch: Launch<M>,
    make_loop: impl FnOnce(Records) -> F,
) -> Result<M, TrainError>
where
    M: Objective,
    F: FnOnce(Learner<Learnable<M>>, TrainingComponents<Learnable<M>>) -> (Learnable<M>, Events<M>)
        + 'static,
{
    let learner = Learner::new(launch.model, launch.optimizer, launch.scheduler);
    let (train, valid) = (Arc::new(NoBatches::new()), Arc::new(NoBatches::new()));
    let interrupter = Interrupter::new();
    let (pass, records) = optimizer_records();
    let mut training = SupervisedTraining::new("", train, valid)
        .with_interrupter(interrupter.clone())
        .with_metric_logger(NoLog)
        .with_application_logger(None)
        .num_epochs(launch.epochs);
    if launch.has_records {
        training = training
            .with_checkpointing_strategy(Always)
            .with_custom_checkpointers(Nothing, pass, Nothing);
    }
    training = match launch.dashboard {
        true => training
            .renderer(dashboard(&interrupter).ok_or(TrainError::NoDashboard)?)
            .metrics((LossMetric::new(), ClassAccuracy::default()))
            .metric_train_numeric(LearningRateMetric::new()),
        false => training.renderer(Box::new(Silent)),
    };
    let strategy = Arc::new(Strategy::<M>(Cell::new(Some(Box::new(make_loop(records))))));
    let result = training
        .with_training_strategy(TrainingStrategy::Custom(strategy))
        .launch(learner);
    match result.error {
        Some(error) => Err(TrainError::Learner(Box::new(error))),
        None => Ok(result.model.model),
    }
}

/// A loop that is run once. The strategy's method takes `&self`, hence the cell.
struct Strategy<M: Objective>(Cell<Option<Loop<M>>>);

impl<M: Objective> SupervisedLearningStrategy<Learnable<M>> for Strategy<M> {
    fn fit(
        &self,
        components: TrainingComponents<Learnable<M>>,
        learner: Learner<Learnable<M>>,
        _: TrainLoader<Learnable<M>>,
        _: ValidLoader<Learnable<M>>,
        _: usize,
    ) -> (Learnable<M>, Events<M>) {
        match self.0.take() {
            Some(run) => run(learner, components),
            None => unreachable!("the learner runs its strategy once"),
        }
    }
}
