//! How the weights of a recurrent module start.

use burn::module::Initializer;
use burn::tensor::{Device, Tensor};

/// How the recurrent weights `W_hh` start. Everything else is drawn as PyTorch draws it, from
/// `U(-k, k)` with `k = 1/√hidden_size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecurrentInit {
    /// `U(-k, k)` with `k = 1/√hidden_size`, PyTorch's default.
    #[default]
    Uniform,
    /// Each gate's `[hidden_size, hidden_size]` block is a random orthogonal matrix, so that the
    /// step neither shrinks nor stretches the state at first (Saxe, McClelland and Ganguli,
    /// [Exact solutions to the nonlinear dynamics of learning], 2013). A plain RNN profits most.
    ///
    /// [Exact solutions to the nonlinear dynamics of learning]: https://arxiv.org/abs/1312.6120
    Orthogonal,
}

/// PyTorch's uniform distribution for everything in a recurrent module.
pub(crate) fn uniform<const D: usize>(
    shape: [usize; D],
    hidden_size: usize,
    device: &Device,
) -> Tensor<D> {
    let k = 1.0 / (hidden_size as f64).sqrt();
    Initializer::Uniform { min: -k, max: k }
        .init(shape, device)
        .val()
}

/// `[gates·hidden_size, hidden_size]`, an orthogonal block per gate.
pub(crate) fn orthogonal_blocks(gates: usize, hidden_size: usize, device: &Device) -> Tensor<2> {
    let block = || {
        Initializer::Orthogonal { gain: 1.0 }
            .init([hidden_size, hidden_size], device)
            .val()
    };
    Tensor::cat((0..gates).map(|_| block()).collect(), 0)
}

/// `bias` with the rows of one gate set to `value`.
pub(crate) fn fill_gate(bias: Tensor<1>, gate: usize, hidden_size: usize, value: f64) -> Tensor<1> {
    let rows = gate * hidden_size..(gate + 1) * hidden_size;
    let filled = Tensor::full([hidden_size], value, &bias.device());
    bias.slice_assign([rows], filled)
}
