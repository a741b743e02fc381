use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::{Tensor, activation::sigmoid};

use super::Cell;
use super::equations::Equations;
use super::state::{ModuleState, Parts};
#[cfg(feature = "kernel")]
use crate::kernel::CellKind;

/// Long short-term memory (Hochreiter and Schmidhuber, [Long short-term memory], 1997, with the
/// forget gate of Gers, Schmidhuber and Cummins, 2000), as PyTorch's `nn.LSTM`:
///
/// ```text
/// i_t = σ(W_ii·x_t + b_ii + W_hi·h_{t-1} + b_hi)        input gate
/// f_t = σ(W_if·x_t + b_if + W_hf·h_{t-1} + b_hf)        forget gate
/// g_t = tanh(W_ig·x_t + b_ig + W_hg·h_{t-1} + b_hg)     candidate
/// o_t = σ(W_io·x_t + b_io + W_ho·h_{t-1} + b_ho)        output gate
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
/// h_t = o_t ⊙ tanh(c_t)
/// ```
///
/// The gates are packed along the first axis in the order i, f, g, o: `W_ih` is
/// `[4·hidden_size, input_size]` and `W_hh` `[4·hidden_size, hidden_size]`.
///
/// With `proj_size` a linear layer makes the output smaller (Sak, Senior and Beaufays, [Long
/// short-term memory based recurrent neural network architectures], 2014), and `W_hh` is
/// `[4·hidden_size, proj_size]`:
///
/// ```text
/// h_t = W_hr·(o_t ⊙ tanh(c_t))
/// ```
///
/// [Long short-term memory based recurrent neural network architectures]: https://arxiv.org/abs/1402.1128
/// [Long short-term memory]: https://doi.org/10.1162/neco.1997.9.8.1735
#[derive(Module, Debug, Default, PartialEq, Eq)]
pub struct LstmStep {}

/// The state of an [`Lstm`](crate::Lstm): PyTorch's pair `(h, c)`, to and from which it converts.
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{LstmConfig, LstmState};
/// # let device = Default::default();
/// let lstm = LstmConfig::new(5, 3).init(&device);
/// let (h, c) = (Tensor::ones([1, 2, 3], &device), Tensor::zeros([1, 2, 3], &device));
/// let (_, state) = lstm.forward(Tensor::ones([2, 6, 5], &device), Some((h, c).into()));
/// let (h, c) = state.into();
/// assert_eq!((h.dims(), c.dims()), ([1, 2, 3], [1, 2, 3]));
/// ```
#[derive(Clone, Debug)]
pub struct LstmState<const D: usize> {
    /// The hidden state `h`, which is also the output; its last axis is `proj_size` if there is one.
    pub h: Tensor<D>,
    /// The cell state `c`, the long memory; its last axis is `hidden_size`.
    pub c: Tensor<D>,
}

impl<const D: usize> LstmState<D> {
    /// The same values, cut off from what computed them: gradients stop here.
    ///
    /// Call it on a state that is carried to the next window, or the graph grows with every
    /// window (truncated back-propagation through time).
    pub fn detach(self) -> Self {
        Self {
            h: self.h.detach(),
            c: self.c.detach(),
        }
    }
}

impl<const D: usize> From<(Tensor<D>, Tensor<D>)> for LstmState<D> {
    fn from((h, c): (Tensor<D>, Tensor<D>)) -> Self {
        Self { h, c }
    }
}

impl<const D: usize> From<LstmState<D>> for (Tensor<D>, Tensor<D>) {
    fn from(state: LstmState<D>) -> Self {
        (state.h, state.c)
    }
}

impl<const D: usize> ModuleState<D> for LstmState<D> {
    fn into_parts(self) -> (Tensor<D>, Option<Tensor<D>>) {
        (self.h, Some(self.c))
    }

    fn from_parts(h: Tensor<D>, c: Option<Tensor<D>>) -> Option<Self> {
        Some(Self { h, c: c? })
    }

    fn hidden(&self) -> &Tensor<D> {
        &self.h
    }
}

impl Cell for LstmStep {
    type State<const D: usize> = LstmState<D>;

    const GATES: usize = 4;
    const NAME: &'static str = "Lstm";
    const HAS_CELL_STATE: bool = true;
}

impl Equations for LstmStep {
    const BIASES_MERGE: bool = true;

    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind {
        CellKind::Lstm
    }

    fn step(
        &self,
        input: Tensor<2>,
        recurrent: Tensor<2>,
        state: Parts<2>,
        norm: Option<&LayerNorm>,
    ) -> Parts<2> {
        let gates = input + recurrent;
        let hidden_size = gates.dims()[1] / 4;
        let gate = |k: usize| gates.clone().narrow(1, k * hidden_size, hidden_size);

        let i = sigmoid(gate(0));
        let f = sigmoid(gate(1));
        let g = gate(2).tanh();
        let o = sigmoid(gate(3));

        let before = state.c.expect("an LSTM has a cell state");
        let c = f * before + i * g;
        let seen = match norm {
            Some(norm) => norm.forward(c.clone()),
            None => c.clone(),
        };
        let h = o * seen.tanh();
        Parts { h, c: Some(c) }
    }
}
