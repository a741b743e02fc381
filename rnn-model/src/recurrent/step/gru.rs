use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::{Tensor, activation::sigmoid};

use super::Cell;
use super::equations::Equations;
use super::state::Parts;
#[cfg(feature = "kernel")]
use crate::kernel::CellKind;

/// The gated recurrent unit (Cho et al., [Learning phrase representations using RNN
/// encoder-decoder], 2014) in the variant of PyTorch's `nn.GRU` and cuDNN, where the reset gate
/// multiplies the recurrent product with its bias:
///
/// ```text
/// r_t = σ(W_ir·x_t + b_ir + W_hr·h_{t-1} + b_hr)            reset gate
/// z_t = σ(W_iz·x_t + b_iz + W_hz·h_{t-1} + b_hz)            update gate
/// n_t = tanh(W_in·x_t + b_in + r_t ⊙ (W_hn·h_{t-1} + b_hn)) candidate
/// h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t-1}
/// ```
///
/// The gates are packed along the first axis in the order r, z, n: `W_ih` is
/// `[3·hidden_size, input_size]` and `W_hh` `[3·hidden_size, hidden_size]`.
///
/// [Learning phrase representations using RNN encoder-decoder]: https://arxiv.org/abs/1406.1078
#[derive(Module, Debug, Default, PartialEq, Eq)]
pub struct GruStep {}

impl Cell for GruStep {
    type State<const D: usize> = Tensor<D>;

    const GATES: usize = 3;
    const NAME: &'static str = "Gru";
    const HAS_CELL_STATE: bool = false;
}

impl Equations for GruStep {
    const BIASES_MERGE: bool = false;

    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind {
        CellKind::Gru
    }

    fn step(
        &self,
        input: Tensor<2>,
        recurrent: Tensor<2>,
        state: Parts<2>,
        _: Option<&LayerNorm>,
    ) -> Parts<2> {
        let h = state.h;
        let hidden_size = h.dims()[1];
        let x = |k: usize| input.clone().narrow(1, k * hidden_size, hidden_size);
        let u = |k: usize| recurrent.clone().narrow(1, k * hidden_size, hidden_size);

        let r = sigmoid(x(0) + u(0));
        let z = sigmoid(x(1) + u(1));
        let n = (x(2) + r * u(2)).tanh();
        // The same as (1 − z) ⊙ n + z ⊙ h, with one product less.
        Parts {
            h: n.clone() + z * (h - n),
            c: None,
        }
    }
}
