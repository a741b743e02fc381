use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, ModuleOptimizer, RmsPropConfig, SgdConfig};
use rnn_model::Adam;
use serde::{Deserialize, Serialize};

/// The optimisers: PyTorch's of these names, with PyTorch's constants.
///
/// `p` is a parameter, `g` its gradient, `lr` the learning rate. Weight decay (λ) of SGD and RMSProp is
/// added to the gradient, `g + λ·p`; AdamW's is not: `p − lr·λ·p` before the step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", deny_unknown_fields)]
pub enum Optimizer {
    /// [`Adam`], β = (0.9, 0.999), ε = 1e-8.
    #[default]
    #[serde(rename = "adam")]
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter, [Decoupled weight decay
    /// regularization], 2019).
    ///
    /// [Decoupled weight decay regularization]: https://arxiv.org/abs/1711.05101
    #[serde(rename = "adamw")]
    AdamW {
        /// λ; 0.01 in PyTorch.
        weight_decay: f64,
    },
    /// Stochastic gradient descent with momentum (μ): `v ← μ·v + g`, `p ← p − lr·v`.
    #[serde(rename = "sgd")]
    Sgd {
        /// μ, 0 for none.
        momentum: f64,
        /// λ, 0 for none.
        weight_decay: f64,
    },
    /// RMSProp (Hinton, [Neural networks for machine learning], lecture 6, 2012), α = 0.99, ε = 1e-8:
    /// `s ← α·s + (1 − α)·g²`, `v ← μ·v + g / (√s + ε)`, `p ← p − lr·v`.
    ///
    /// [Neural networks for machine learning]: https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    #[serde(rename = "rmsprop")]
    RmsProp {
        /// μ, 0 for none.
        momentum: f64,
        /// λ, 0 for none.
        weight_decay: f64,
    },
}

impl Optimizer {
    /// Makes the optimiser of a module, without any state yet.
    ///
    /// ```
    /// use burn::optim::GradientsParams;
    /// use burn::tensor::Tensor;
    /// use rnn_model::GruConfig;
    /// use rnn_train::optim::Optimizer;
    ///
    /// # let device: burn::tensor::Device = Default::default();
    /// let device = device.autodiff();
    /// let mut gru = GruConfig::new(5, 3).init(&device);
    /// let mut sgd = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 }.init();
    /// let (output, _) = gru.forward(Tensor::ones([2, 6, 5], &device), None);
    /// let gradients = GradientsParams::from_grads(output.sum().backward(), &gru);
    /// gru = sgd.step(0.1, gru, gradients);
    /// ```
    pub fn init(self) -> ModuleOptimizer {
        match self {
            Self::Adam => Adam::default().init(),
            Self::AdamW { weight_decay } => AdamWConfig::new()
                .with_epsilon(1e-8)
                .with_weight_decay(weight_decay as f32)
                .init(),
            Self::Sgd {
                momentum,
                weight_decay,
            } => {
                // Without dampening, which Burn has by default and PyTorch has not.
                let momentum = (momentum > 0.0).then(|| {
                    MomentumConfig::new()
                        .with_momentum(momentum)
                        .with_dampening(0.0)
                });
                SgdConfig::new()
                    .with_momentum(momentum)
                    .with_weight_decay(decay(weight_decay))
                    .init()
            }
            Self::RmsProp {
                momentum,
                weight_decay,
            } => RmsPropConfig::new()
                .with_momentum(momentum as f32)
                .with_epsilon(1e-8)
                .with_weight_decay(decay(weight_decay))
                .init(),
        }
    }
}

fn decay(penalty: f64) -> Option<WeightDecayConfig> {
    (penalty > 0.0).then(|| WeightDecayConfig::new(penalty as f32))
}
