use burn::module::{Devices, Module, ModuleMapper, ModuleVisitor};
use burn::optim::GradientsParams;
use burn::tensor::{Device, ExecutionError};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};
use rnn_model::with_noise_seed;

use crate::objective::{BatchLoss, Objective};
use crate::optim::Precision;

/// A model as Burn's learner takes it: a type of this crate, since neither the models nor the learner's
/// traits are.
#[derive(Clone, Debug)]
pub(crate) struct Learnable<M> {
    pub model: M,
    precision: Precision,
}

impl<M> Learnable<M> {
    pub fn new(model: M, precision: Precision) -> Self {
        Self { model, precision }
    }
}

// By hand, so that the wrapper adds nothing to the parameters' names.
impl<M: Module> Module for Learnable<M> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.model.visit(visitor);
    }

    fn map<P: ModuleMapper>(self, mapper: &mut P) -> Self {
        Self::new(self.model.map(mapper), self.precision)
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.model.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        Self::new(self.model.fork(device), self.precision)
    }

    fn to_device(self, device: &Device) -> Self {
        Self::new(self.model.to_device(device), self.precision)
    }

    fn train(self) -> Self {
        Self::new(self.model.train(), self.precision)
    }

    fn valid(&self) -> Self {
        Self::new(self.model.valid(), self.precision)
    }

    fn materialize(self) -> Self {
        Self::new(self.model.materialize(), self.precision)
    }
}

impl<M: core::fmt::Display> core::fmt::Display for Learnable<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.model.fmt(f)
    }
}

/// What a step of the learner takes.
pub(crate) struct StepInput<B, S> {
    pub batch: B,
    /// The state in which the batch before ended, if it is carried.
    pub state: Option<S>,
    /// Of the masks that are drawn; validation draws none.
    pub noise_seed: u64,
}

/// What a step of the learner gives.
pub(crate) struct StepOutput<S> {
    pub loss: BatchLoss,
    /// Taken out by the training loop before the rest goes to the metrics.
    pub state: Option<S>,
    /// Whether there are gradients of the loss: none if it does not depend on the parameters.
    pub has_grads: bool,
}

impl<M: Objective> TrainStep for Learnable<M> {
    type Input = StepInput<M::Batch, M::State>;
    type Output = StepOutput<M::State>;

    fn step(&self, input: Self::Input) -> TrainOutput<Self::Output> {
        let narrowed = self.precision.narrowed(&self.model);
        let model = narrowed.as_ref().unwrap_or(&self.model);
        let StepInput {
            batch,
            state,
            noise_seed,
        } = input;
        let (loss, state) = with_noise_seed(noise_seed, || model.score(batch, state));
        // A backward pass of anything else panics.
        let has_grads = loss.loss.is_tracked();
        let grads = has_grads.then(|| loss.loss.backward());
        let item = StepOutput {
            loss: loss.without_autodiff(),
            state: Some(state),
            has_grads,
        };
        match grads {
            Some(grads) => TrainOutput::new(self, grads, item),
            None => TrainOutput {
                grads: GradientsParams::new(),
                item,
            },
        }
    }
}

impl<M: Objective> InferenceStep for Learnable<M> {
    type Input = StepInput<M::Batch, M::State>;
    type Output = StepOutput<M::State>;

    fn step(&self, input: Self::Input) -> Self::Output {
        let (loss, state) = self.model.score(input.batch, input.state);
        StepOutput {
            loss,
            state: Some(state),
            has_grads: false,
        }
    }
}

impl<S: Send> ItemLazy for StepOutput<S> {
    fn sync(self) -> Result<Self, ExecutionError> {
        self.loss.loss.device().flush()?;
        Ok(self)
    }
}
