//! What a model is trained for: how it scores a batch, and the state that it hands on to the next one.
//!
//! [`Objective`] is implemented here for the models of `rnn-model`; implement it for your own model to
//! train it.

mod batch_loss;
mod classes;
mod classifier;
mod language;
mod state;
mod tagger;

pub(crate) use batch_loss::Metric;
pub use batch_loss::{BatchLoss, Transform};
pub use classes::{ACCURACY, ClassOutOfRange, Classes};
pub use state::RecurrentState;
pub use tagger::{Tagging, tag};

use burn::module::Module;

/// A model that can be trained: how it turns a batch into a loss.
///
/// ```
/// use burn::module::Module;
/// use burn::nn::{Linear, LinearConfig};
/// use burn::tensor::Tensor;
/// use rnn_model::{Lstm, LstmConfig, LstmState};
/// use rnn_train::{BatchLoss, Objective};
///
/// /// Predicts the next value of a series at each step.
/// #[derive(Module, Debug)]
/// struct Forecaster {
///     lstm: Lstm,
///     fc: Linear,
/// }
///
/// impl Objective for Forecaster {
///     /// Inputs and targets, `[batch, time, 1]` each.
///     type Batch = (Tensor<3>, Tensor<3>);
///     type State = LstmState<3>;
///
///     fn score(
///         &self,
///         (inputs, targets): Self::Batch,
///         state: Option<Self::State>,
///     ) -> (BatchLoss, Self::State) {
///         let (hidden, state) = self.lstm.forward(inputs, state);
///         let error = self.fc.forward(hidden) - targets;
///         let [batch, time, _] = error.dims();
///         let loss = BatchLoss::mean(error.clone().square().mean(), batch * time)
///             .with_metric("mean_absolute_error", error.abs().mean());
///         (loss, state)
///     }
/// }
/// ```
pub trait Objective: Module + core::fmt::Display + 'static {
    /// What one step is made from.
    type Batch: Send + 'static;
    /// What a step hands on to the next one; `()` for nothing.
    type State: RecurrentState;

    /// Computes the loss of a batch, starting from the state in which the batch before ended (from
    /// zeros if there is none), and the state in which this one ends.
    ///
    /// In a training step it is called on an autodiff device, and with
    /// [`Precision::Bf16`](crate::optim::Precision::Bf16) with 16-bit parameters, to whose dtype
    /// floating-point inputs must be cast.
    fn score(&self, batch: Self::Batch, state: Option<Self::State>) -> (BatchLoss, Self::State);
}
