//! Clipping and accumulation: what happens to gradients between the backward pass and the optimiser.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales all gradients of `module` by one factor so that their joint Euclidean norm is at most
/// `max_norm`: PyTorch's `clip_grad_norm_` (Pascanu, Mikolov and Bengio, [On the difficulty of
/// training recurrent neural networks], 2013).
///
/// Returns the gradients, and their norm before clipping, `[1]`, which stays on the device: nothing
/// waits for it. Without gradients there is no norm.
///
/// [On the difficulty of training recurrent neural networks]: https://arxiv.org/abs/1211.5063
pub fn clip_global_norm<M: Module>(
    module: &M,
    grads: GradientsParams,
    max_norm: f64,
) -> (GradientsParams, Option<Tensor<1>>) {
    let mut squares = SumOfSquares {
        grads: &grads,
        total: None,
    };
    module.visit(&mut squares);
    let Some(total) = squares.total else {
        return (grads, None);
    };
    let norm = total.sqrt();
    // PyTorch's small term, so that a norm of zero divides nothing by zero.
    let factor = (norm.clone() + 1e-6)
        .recip()
        .mul_scalar(max_norm)
        .clamp_max(1.0);
    let mut scale = Scale { grads, factor };
    module.visit(&mut scale);
    (scale.grads, Some(norm))
}

/// Limits every entry of every gradient to -`max`…`max`: PyTorch's `clip_grad_value_`.
pub fn clip_value<M: Module>(module: &M, grads: GradientsParams, max: f64) -> GradientsParams {
    let mut clamp = Clamp { grads, max };
    module.visit(&mut clamp);
    clamp.grads
}

/// The mean of the gradients of several batches, weighted by their predictions: the gradients of one
/// batch of them all.
#[derive(Default)]
pub(crate) struct Accumulated {
    sum: GradientsParams,
    predictions: usize,
}

impl Accumulated {
    /// Adds the mean gradients of a batch of `predictions` predictions.
    pub fn add<M: Module>(&mut self, module: &M, grads: GradientsParams, predictions: usize) {
        self.predictions += predictions;
        let factor = predictions as f64;
        let sum = &mut self.sum;
        module.visit(&mut Add { sum, grads, factor });
    }

    /// The mean gradients.
    pub fn take<M: Module>(self, module: &M) -> GradientsParams {
        let mut mean = Mean {
            grads: self.sum,
            divisor: self.predictions as f64,
        };
        module.visit(&mut mean);
        mean.grads
    }
}

/// Whether a parameter of `module`, on an autodiff device, requires gradients.
pub(crate) fn has_trainable<M: Module>(module: &M) -> bool {
    struct Any(bool);

    impl ModuleVisitor for Any {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 |= param.is_require_grad();
        }
    }

    let mut any = Any(false);
    module.visit(&mut any);
    any.0
}

struct SumOfSquares<'a> {
    grads: &'a GradientsParams,
    total: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            let square = grad.square().sum();
            self.total = Some(match self.total.take() {
                Some(total) => total + square,
                None => square,
            });
        }
    }
}

struct Scale {
    grads: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.grads.register(param.id, grad * factor);
        }
    }
}

struct Clamp {
    grads: GradientsParams,
    max: f64,
}

impl ModuleVisitor for Clamp {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            self.grads
                .register(param.id, grad.clamp(-self.max, self.max));
        }
    }
}

struct Add<'a> {
    sum: &'a mut GradientsParams,
    grads: GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Add<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            let grad = grad.mul_scalar(self.factor);
            let sum = match self.sum.remove::<D>(param.id) {
                Some(sum) => sum + grad,
                None => grad,
            };
            self.sum.register(param.id, sum);
        }
    }
}

struct Mean {
    grads: GradientsParams,
    divisor: f64,
}

impl ModuleVisitor for Mean {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            self.grads.register(param.id, grad.div_scalar(self.divisor));
        }
    }
}
