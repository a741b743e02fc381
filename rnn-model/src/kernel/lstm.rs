//! A layer of an LSTM in one direction over a whole sequence.

mod autodiff;
mod host;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, backend_extension};
use burn::module::Param;
use burn::tensor::Tensor;

use super::covers;
use super::cpu::lstm::Wanted;
use crate::cell::LstmState;
use crate::weights::Weights;

/// An LSTM layer in one direction over a sequence, as an operation of the backends that have it.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Autodiff
)]
pub trait LstmExtension: Backend {
    fn lstm(#[extension_type] tensors: LstmTensors<Self>) -> Outputs<Self>;
}

/// What [`LstmExtension`] is made of; not dispatched, since what it keeps is each backend's own.
pub trait LstmBackend: Backend {
    /// What the backward pass needs of the forward pass.
    type Kept: Clone + core::fmt::Debug + Send + 'static;

    fn lstm_forward(tensors: LstmTensors<Self>) -> Outputs<Self>;

    /// Gives the tensors back as the backward pass wants them.
    fn lstm_train(tensors: LstmTensors<Self>) -> (Outputs<Self>, LstmTensors<Self>, Self::Kept);

    /// - `output`: what the forward pass gave
    /// - `by`: the gradients by the output, `h_n` and `c_n`; none is zero
    fn lstm_backward(
        tensors: LstmTensors<Self>,
        kept: Self::Kept,
        output: FloatTensor<Self>,
        by: [Option<FloatTensor<Self>>; 3],
        wanted: Wanted,
    ) -> LstmGradients<Self>;
}

/// What a layer computes from.
#[derive(Clone, Debug, ExtensionType)]
pub struct LstmTensors<B: Backend> {
    /// `[time, batch, input_size]`
    pub input: FloatTensor<B>,
    /// `[4·hidden_size, input_size]`
    pub weight_ih: FloatTensor<B>,
    /// `[4·hidden_size, hidden_size]`
    pub weight_hh: FloatTensor<B>,
    /// `[4·hidden_size]`
    pub bias_ih: FloatTensor<B>,
    /// `[4·hidden_size]`
    pub bias_hh: FloatTensor<B>,
    /// `[batch, hidden_size]`
    pub h_0: FloatTensor<B>,
    /// `[batch, hidden_size]`
    pub c_0: FloatTensor<B>,
    /// Whether the last step comes first.
    pub reverse: bool,
}

impl<B: Backend> LstmTensors<B> {
    /// Each tensor through `f`, in the order of the fields.
    fn map<C: Backend>(
        self,
        mut f: impl FnMut(FloatTensor<B>) -> FloatTensor<C>,
    ) -> LstmTensors<C> {
        LstmTensors {
            input: f(self.input),
            weight_ih: f(self.weight_ih),
            weight_hh: f(self.weight_hh),
            bias_ih: f(self.bias_ih),
            bias_hh: f(self.bias_hh),
            h_0: f(self.h_0),
            c_0: f(self.c_0),
            reverse: self.reverse,
        }
    }
}

/// What it gives.
#[derive(Clone, Debug, ExtensionType)]
pub struct Outputs<B: Backend> {
    /// `[time, batch, hidden_size]`
    pub output: FloatTensor<B>,
    /// `[batch, hidden_size]`
    pub h_n: FloatTensor<B>,
    /// `[batch, hidden_size]`
    pub c_n: FloatTensor<B>,
}

/// The gradients that were wanted.
#[derive(Debug)]
pub struct LstmGradients<B: Backend> {
    pub input: Option<FloatTensor<B>>,
    /// By `weight_ih`, by `weight_hh`, by each of the biases.
    pub weights: Option<[FloatTensor<B>; 3]>,
    /// By `h_0` and `c_0`.
    pub state: Option<[FloatTensor<B>; 2]>,
}

/// Runs an LSTM layer as one operation; none where there is no kernel for its tensors.
///
/// - `input`: `[time, batch, input_size]`
/// - `state`: before the first step
///
/// Returns the output `[time, batch, hidden_size]` and the state after the last step.
pub fn lstm(
    input: &Tensor<3>,
    weights: &Weights,
    state: &LstmState<2>,
    reverse: bool,
) -> Option<(Tensor<3>, LstmState<2>)> {
    let weight_ih = weights.weight_ih.val();
    let weight_hh = weights.weight_hh.val();
    let biases = [&weights.bias_ih, &weights.bias_hh].map(|bias| bias.as_ref().map(Param::val));
    let bias_is_covered = |bias: &Option<Tensor<1>>| match bias {
        Some(bias) => covers(bias) && bias.dims() == [weight_hh.dims()[0]],
        None => true,
    };
    let all = [
        covers(input),
        covers(&weight_ih),
        covers(&weight_hh),
        covers(&state.h),
        covers(&state.c),
        biases.iter().all(bias_is_covered),
    ];
    let (input_size, hidden_size) = (input.dims()[2], state.h.dims()[1]);
    let shapes = [weight_ih.dims(), weight_hh.dims()];
    if all.contains(&false) || shapes != [input_size, hidden_size].map(|n| [4 * hidden_size, n]) {
        return None;
    }
    let [bias_ih, bias_hh] = biases.map(|bias| match bias {
        Some(bias) => bias,
        None => Tensor::zeros([4 * hidden_size], &input.device()),
    });
    #[cfg(test)]
    super::tests::count();
    let outputs = <Dispatch as LstmExtension>::lstm(LstmTensors {
        input: input.clone().into_dispatch(),
        weight_ih: weight_ih.into_dispatch(),
        weight_hh: weight_hh.into_dispatch(),
        bias_ih: bias_ih.into_dispatch(),
        bias_hh: bias_hh.into_dispatch(),
        h_0: state.h.clone().into_dispatch(),
        c_0: state.c.clone().into_dispatch(),
        reverse,
    });
    let last = LstmState {
        h: Tensor::from_dispatch(outputs.h_n),
        c: Tensor::from_dispatch(outputs.c_n),
    };
    Some((Tensor::from_dispatch(outputs.output), last))
}
