//! How the weights of a recurrent module start.

use burn::module::Param;
use burn::nn::{Initializer, LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Tensor};

use super::step::Cell;
use super::weights::{Norms, Weights};

/// How the recurrent weights `W_hh` start. Everything else is drawn as PyTorch draws it, from
/// `U(-k, k)` with `k = 1/√hidden_size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum RecurrentInit {
    /// `U(-k, k)` with `k = 1/√hidden_size`, PyTorch's default.
    #[default]
    Uniform,
    /// Each gate's `[hidden_size, hidden_size]` block is a random orthogonal matrix, so that the
    /// step neither shrinks nor stretches the state at first (Saxe, McClelland and Ganguli,
    /// [Exact solutions to the nonlinear dynamics of learning], 2013). A plain RNN profits most.
    /// With `proj_size` the columns of a block are orthonormal.
    ///
    /// [Exact solutions to the nonlinear dynamics of learning]: https://arxiv.org/abs/1312.6120
    Orthogonal,
    /// Each gate's block is the identity: `h_{t-1}` goes on as it is. With rectified linear units
    /// this is the IRNN (Le, Jaitly and Hinton, [A simple way to initialize recurrent networks of
    /// rectified linear units], 2015), which learns over hundreds of steps.
    ///
    /// [A simple way to initialize recurrent networks of rectified linear units]: https://arxiv.org/abs/1504.00941
    Identity,
}

/// What the parameters of one layer in one direction are made from.
#[derive(Clone, Debug)]
pub(crate) struct WeightsConfig {
    pub input_size: usize,
    pub hidden_size: usize,
    pub proj_size: Option<usize>,
    pub bias: bool,
    pub layer_norm: bool,
    pub recurrent_init: RecurrentInit,
    pub forget_bias: Option<f64>,
}

impl WeightsConfig {
    pub fn init<C: Cell>(&self, device: &Device) -> Weights {
        let (hidden_size, rows) = (self.hidden_size, C::GATES * self.hidden_size);
        let output_size = self.proj_size.unwrap_or(hidden_size);
        let weight_ih = uniform([rows, self.input_size], hidden_size, device);
        let weight_hh = match self.recurrent_init {
            RecurrentInit::Uniform => uniform([rows, output_size], hidden_size, device),
            RecurrentInit::Orthogonal => blocks(C::GATES, || {
                Initializer::Orthogonal { gain: 1.0 }
                    .init([hidden_size, output_size], device)
                    .val()
            }),
            RecurrentInit::Identity => blocks(C::GATES, || {
                Tensor::eye(hidden_size, device).narrow(1, 0, output_size)
            }),
        };
        let mut biases = self
            .bias
            .then(|| [(); 2].map(|()| uniform([rows], hidden_size, device)));
        if let (Some([b_ih, b_hh]), Some(value)) = (&mut biases, self.forget_bias) {
            // Only the sum of the two counts, so one holds the whole value.
            const FORGET: usize = 1;
            *b_ih = fill_gate(b_ih.clone(), FORGET, hidden_size, value);
            *b_hh = fill_gate(b_hh.clone(), FORGET, hidden_size, 0.0);
        }
        let (bias_ih, bias_hh) = biases.map(|[a, b]| (a, b)).unzip();
        let weight_hr = self
            .proj_size
            .map(|size| uniform([size, hidden_size], hidden_size, device));
        let norms = self.layer_norm.then(|| Norms {
            ih: norm(rows, device),
            hh: norm(rows, device),
            c: C::HAS_CELL_STATE.then(|| norm(hidden_size, device)),
        });
        Weights {
            weight_ih: Param::from_tensor(weight_ih),
            weight_hh: Param::from_tensor(weight_hh),
            bias_ih: bias_ih.map(Param::from_tensor),
            bias_hh: bias_hh.map(Param::from_tensor),
            weight_hr: weight_hr.map(Param::from_tensor),
            norms,
        }
    }
}

/// PyTorch's uniform distribution for everything in a recurrent module.
fn uniform<const D: usize>(shape: [usize; D], hidden_size: usize, device: &Device) -> Tensor<D> {
    let k = 1.0 / (hidden_size as f64).sqrt();
    Initializer::Uniform { min: -k, max: k }
        .init(shape, device)
        .val()
}

/// `[gates·hidden_size, columns]`, a block per gate.
fn blocks(gates: usize, block: impl Fn() -> Tensor<2>) -> Tensor<2> {
    Tensor::cat((0..gates).map(|_| block()).collect(), 0)
}

/// Scale 1 and shift 0, with PyTorch's ε.
fn norm(features: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(features)
        .with_epsilon(1e-5)
        .init(device)
}

/// `bias` with the rows of one gate set to `value`.
fn fill_gate(bias: Tensor<1>, gate: usize, hidden_size: usize, value: f64) -> Tensor<1> {
    let rows = gate * hidden_size..(gate + 1) * hidden_size;
    let filled = Tensor::full([hidden_size], value, &bias.device());
    bias.slice_assign([rows], filled)
}
