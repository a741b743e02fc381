#[cfg(feature = "kernel")]
use burn::optim::AdaptiveMomentumState;
use burn::optim::{AdamConfig, AdamState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};

/// Adam (Kingma and Ba, [Adam: a method for stochastic optimization], 2015), as PyTorch's
/// `torch.optim.Adam`:
///
/// ```text
/// m_t = β₁·m_{t-1} + (1 − β₁)·g_t        m̂_t = m_t / (1 − β₁ᵗ)
/// v_t = β₂·v_{t-1} + (1 − β₂)·g_t²       v̂_t = v_t / (1 − β₂ᵗ)
/// p_t = p_{t-1} − lr·m̂_t / (√v̂_t + ε)
/// ```
///
/// It does what Burn's own [`Adam`](burn::optim::Adam) does, whose state it shares, in place of about
/// thirteen passes over memory in one on the CPU backends, and in seven, in place, on LibTorch;
/// elsewhere it is Burn's.
///
/// ```
/// use burn::optim::GradientsParams;
/// use burn::tensor::Tensor;
/// use rnn_model::{Adam, GruConfig};
///
/// # let device: burn::tensor::Device = Default::default();
/// let device = device.autodiff();
/// let mut gru = GruConfig::new(5, 3).init(&device);
/// let mut adam = Adam::default().init();
/// let (output, _) = gru.forward(Tensor::ones([2, 6, 5], &device), None);
/// let gradients = GradientsParams::from_grads(output.sum().backward(), &gru);
/// gru = adam.step(1e-3, gru, gradients);
/// ```
///
/// [Adam: a method for stochastic optimization]: https://arxiv.org/abs/1412.6980
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// The decay rate of the gradients' running mean.
    pub beta_1: f32,
    /// The decay rate of their squares' running mean.
    pub beta_2: f32,
    /// What keeps the divisor from zero.
    pub epsilon: f32,
}

impl Default for Adam {
    /// PyTorch's constants: 0.9, 0.999 and 1e-8.
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
        }
    }
}

impl Adam {
    /// The optimiser of a module.
    pub fn init(self) -> ModuleOptimizer {
        self.into()
    }

    /// Burn's own.
    fn composed(&self) -> burn::optim::Adam {
        AdamConfig::new()
            .with_beta_1(self.beta_1)
            .with_beta_2(self.beta_2)
            .with_epsilon(self.epsilon)
            .build()
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        lr: LearningRate,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        #[cfg(feature = "kernel")]
        {
            use crate::kernel;

            let before = state.map_or_else(
                || AdaptiveMomentumState::new(0, grad.zeros_like(), grad.zeros_like()),
                |state| state.momentum,
            );
            let tensors = [&grad, &tensor, &before.moment_1, &before.moment_2];
            if before.max_moment_2.is_none() && kernel::has_adam(tensors) {
                let time = before.time + 1;
                let corrected = |beta: f32| 1.0 - f64::from(beta).powi(time as i32);
                let root = corrected(self.beta_2).sqrt();
                let step = kernel::Step {
                    betas: [self.beta_1, self.beta_2],
                    rate: (lr * root / corrected(self.beta_1)) as f32,
                    epsilon: (f64::from(self.epsilon) * root) as f32,
                };
                let state = [tensor, before.moment_1, before.moment_2];
                let [tensor, moment_1, moment_2] = kernel::adam(grad, state, step);
                let after = AdaptiveMomentumState::new(time, moment_1, moment_2);
                return (tensor, Some(AdamState::new(after)));
            }
            let state = (before.time > 0).then(|| AdamState::new(before));
            self.composed().step(lr, tensor, grad, state)
        }
        #[cfg(not(feature = "kernel"))]
        self.composed().step(lr, tensor, grad, state)
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        burn::optim::Adam::to_device(state, device)
    }
}
