//! Models with the loss they are judged by: what is trained.

mod classifier;
mod language;
mod state;
mod tagger;

use burn::module::{Devices, Module, ModuleMapper, ModuleVisitor};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{DType, Device, ExecutionError, Int, Tensor};
use burn::train::metric::{AccuracyInput, Adaptor, LossInput};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};

use crate::data::Carry;
use crate::optim::Precision;
pub use classifier::ImageLoader;
pub use language::CharLoader;
pub use state::Carried;
pub use tagger::{TaggedLoader, TaggingScore, tag};

/// A model that can be trained: how it turns a batch into scores and a loss.
///
/// Implemented here for the models of `rnn-model`; implement it for your own to train it with
/// a [`Trainer`](crate::Trainer).
pub trait Objective: Module + core::fmt::Display + 'static {
    /// What one step is made from.
    type Batch: Send + 'static;
    /// What a step hands on to the next one; `()` if nothing.
    type State: Carried;

    /// Judges the model on a batch, starting from the state that the batch before left (from
    /// zeros if there is none).
    fn score(&self, batch: Self::Batch, state: Option<Self::State>) -> (Scores, Self::State);
}

/// Predictions of a model with the truth, and how far they are apart. N predictions, C classes.
#[derive(Clone, Debug)]
pub struct Scores {
    /// The mean cross entropy in nats, `[1]`.
    pub loss: Tensor<1>,
    /// `[N, C]`
    pub logits: Tensor<2>,
    /// `[N]`
    pub targets: Tensor<1, Int>,
}

impl Scores {
    /// Cross entropy of `logits` `[N, C]` against `targets` `[N]`.
    pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Self {
        // Sums of exponentials want more bits than 16.
        let logits = match logits.dtype() {
            DType::F16 | DType::BF16 => logits.cast(DType::F32),
            _ => logits,
        };
        let loss = CrossEntropyLossConfig::new()
            .init(&logits.device())
            .forward(logits.clone(), targets.clone());
        Self {
            loss,
            logits,
            targets,
        }
    }

    fn without_autodiff(self) -> Self {
        Self {
            loss: self.loss.without_autodiff(),
            logits: self.logits.without_autodiff(),
            targets: self.targets.without_autodiff(),
        }
    }
}

/// The model as Burn's learner wants it. A wrapper of this crate, since neither the models nor the
/// learner's traits are.
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

// By hand, so that the wrapper adds nothing to the parameters' names: a checkpoint of it is a
// checkpoint of the model.
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

/// What a step of the learner gives.
pub(crate) struct StepOutput<S> {
    pub scores: Scores,
    /// Taken out by the strategy before the rest goes to the metrics.
    pub state: Option<S>,
}

impl<M: Objective> TrainStep for Learnable<M> {
    type Input = Carry<M::Batch, M::State>;
    type Output = StepOutput<M::State>;

    fn step(&self, input: Self::Input) -> TrainOutput<Self::Output> {
        let narrowed = self.precision.narrowed(&self.model);
        let model = narrowed.as_ref().unwrap_or(&self.model);
        let (scores, state) = model.score(input.batch, input.state);
        let grads = scores.loss.backward();
        let output = StepOutput {
            scores: scores.without_autodiff(),
            state: Some(state),
        };
        TrainOutput::new(self, grads, output)
    }
}

impl<M: Objective> InferenceStep for Learnable<M> {
    type Input = Carry<M::Batch, M::State>;
    type Output = StepOutput<M::State>;

    fn step(&self, input: Self::Input) -> Self::Output {
        let (scores, state) = self.model.score(input.batch, input.state);
        StepOutput {
            scores,
            state: Some(state),
        }
    }
}

impl<S: Send> ItemLazy for StepOutput<S> {
    fn sync(self) -> Result<Self, ExecutionError> {
        self.scores.loss.device().flush()?;
        Ok(self)
    }
}

impl<S> Adaptor<LossInput> for StepOutput<S> {
    fn adapt(&self) -> LossInput {
        // Burn weights a loss by its number of elements: one per prediction, so that a short last
        // batch counts for what it is.
        let [predictions] = self.scores.targets.dims();
        LossInput::new(self.scores.loss.clone().expand([predictions]))
    }
}

impl<S> Adaptor<AccuracyInput> for StepOutput<S> {
    fn adapt(&self) -> AccuracyInput {
        AccuracyInput::new(self.scores.logits.clone(), self.scores.targets.clone())
    }
}
