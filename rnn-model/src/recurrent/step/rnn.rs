use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::{Tensor, activation};

use super::Cell;
use super::equations::Equations;
use super::state::Parts;
#[cfg(feature = "kernel")]
use crate::kernel::CellKind;

/// The activation of an [`Rnn`](crate::Rnn).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Nonlinearity {
    /// Hyperbolic tangent, PyTorch's default.
    #[default]
    Tanh,
    /// `max(0, x)`.
    Relu,
}

/// The simple recurrent network (Elman, [Finding structure in time], 1990), as PyTorch's `nn.RNN`:
///
/// ```text
/// h_t = tanh(W_ih·x_t + b_ih + W_hh·h_{t-1} + b_hh)        or relu in place of tanh
/// ```
///
/// One gate, so `W_ih` is `[hidden_size, input_size]` and `W_hh` `[hidden_size, hidden_size]`.
///
/// [Finding structure in time]: https://doi.org/10.1207/s15516709cog1402_1
#[derive(Module, Debug, Default, PartialEq, Eq)]
pub struct RnnStep {
    /// The activation.
    #[module(skip)]
    pub nonlinearity: Nonlinearity,
}

impl Cell for RnnStep {
    type State<const D: usize> = Tensor<D>;

    const GATES: usize = 1;
    const NAME: &'static str = "Rnn";
    const HAS_CELL_STATE: bool = false;
}

impl Equations for RnnStep {
    const BIASES_MERGE: bool = true;

    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind {
        match self.nonlinearity {
            Nonlinearity::Tanh => CellKind::RnnTanh,
            Nonlinearity::Relu => CellKind::RnnRelu,
        }
    }

    #[cfg(feature = "serde")]
    fn nonlinearity(&self) -> Option<Nonlinearity> {
        Some(self.nonlinearity)
    }

    #[cfg(feature = "serde")]
    fn of(nonlinearity: Nonlinearity) -> Option<Self> {
        Some(Self { nonlinearity })
    }

    fn step(
        &self,
        input: Tensor<2>,
        recurrent: Tensor<2>,
        _: Parts<2>,
        _: Option<&LayerNorm>,
    ) -> Parts<2> {
        let sum = input + recurrent;
        let h = match self.nonlinearity {
            Nonlinearity::Tanh => sum.tanh(),
            Nonlinearity::Relu => activation::relu(sum),
        };
        Parts { h, c: None }
    }
}
