//! The parameters of one layer in one direction, stored and named as PyTorch does.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

#[cfg(feature = "kernel")]
use super::regularization::Noise;
#[cfg(feature = "kernel")]
use crate::kernel::DirectionWeights;

/// The parameters of one layer in one direction. G is the cell's number of gates, H `hidden_size`,
/// P `proj_size`, or H if there is none.
#[derive(Module, Debug)]
pub struct Weights {
    /// `[G·H, I]`
    pub weight_ih: Param<Tensor<2>>,
    /// `[G·H, P]`
    pub weight_hh: Param<Tensor<2>>,
    /// `[G·H]`
    pub bias_ih: Option<Param<Tensor<1>>>,
    /// `[G·H]`
    pub bias_hh: Option<Param<Tensor<1>>>,
    /// `[P, H]`: the projection of the hidden state.
    pub weight_hr: Option<Param<Tensor<2>>>,
    pub norms: Option<Norms>,
}

/// Layer normalisation in one layer and direction. PyTorch has none, and so no names for it.
#[derive(Module, Debug)]
pub struct Norms {
    /// Of `W_ih·x_t`: G·H features.
    pub ih: LayerNorm,
    /// Of `W_hh·h_{t-1}`: G·H features.
    pub hh: LayerNorm,
    /// Of the cell state, where there is one: H features.
    pub c: Option<LayerNorm>,
}

impl Weights {
    /// The tensors as the kernels take them, which know no normalisation, for a call.
    #[cfg(feature = "kernel")]
    pub fn for_kernel(&self, noise: &Noise) -> DirectionWeights {
        let biases = self.bias_ih.as_ref().zip(self.bias_hh.as_ref());
        DirectionWeights {
            weight_ih: self.weight_ih.val(),
            weight_hh: noise.recurrent_weights(self.weight_hh.val()),
            biases: biases.map(|(ih, hh)| [ih.val(), hh.val()]),
            weight_hr: self.weight_hr.as_ref().map(Param::val),
        }
    }

    /// Shows the parameters to `visitor` under PyTorch's names with `suffix` after them:
    /// `weight_ih_l0`, `bias_hh_l1`, `weight_hh_l0_reverse`.
    pub fn visit_named<V: ModuleVisitor>(&self, suffix: &str, visitor: &mut V) {
        let mut show = |name: &str, param: &dyn Fn(&mut V)| within(name, suffix, visitor, param);
        show("weight_ih", &|v| self.weight_ih.visit(v));
        show("weight_hh", &|v| self.weight_hh.visit(v));
        if let (Some(bias_ih), Some(bias_hh)) = (&self.bias_ih, &self.bias_hh) {
            show("bias_ih", &|v| bias_ih.visit(v));
            show("bias_hh", &|v| bias_hh.visit(v));
        }
        if let Some(weight_hr) = &self.weight_hr {
            show("weight_hr", &|v| weight_hr.visit(v));
        }
        if let Some(norms) = &self.norms {
            show("norm_ih", &|v| visit_norm(&norms.ih, v));
            show("norm_hh", &|v| visit_norm(&norms.hh, v));
            if let Some(norm) = &norms.c {
                show("norm_c", &|v| visit_norm(norm, v));
            }
        }
    }

    /// Like [`visit_named`](Self::visit_named), for a mapper.
    pub fn map_named<M: ModuleMapper>(self, suffix: &str, mapper: &mut M) -> Self {
        Self {
            weight_ih: map(self.weight_ih, "weight_ih", suffix, mapper),
            weight_hh: map(self.weight_hh, "weight_hh", suffix, mapper),
            bias_ih: self.bias_ih.map(|b| map(b, "bias_ih", suffix, mapper)),
            bias_hh: self.bias_hh.map(|b| map(b, "bias_hh", suffix, mapper)),
            weight_hr: self.weight_hr.map(|w| map(w, "weight_hr", suffix, mapper)),
            norms: self.norms.map(|norms| Norms {
                ih: map_norm(norms.ih, "norm_ih", suffix, mapper),
                hh: map_norm(norms.hh, "norm_hh", suffix, mapper),
                c: norms.c.map(|norm| map_norm(norm, "norm_c", suffix, mapper)),
            }),
        }
    }
}

/// What PyTorch adds to a parameter's name: `_l0`, `_l1_reverse`.
pub(crate) fn suffix(layer: usize, reverse: bool) -> String {
    format!("_l{layer}{}", if reverse { "_reverse" } else { "" })
}

const CONTAINER: &str = "Recurrent";

fn within<V: ModuleVisitor>(kind: &str, suffix: &str, visitor: &mut V, show: &dyn Fn(&mut V)) {
    let name = format!("{kind}{suffix}");
    visitor.enter_module(&name, CONTAINER);
    show(visitor);
    visitor.exit_module(&name, CONTAINER);
}

/// As PyTorch calls the parameters of its `LayerNorm`.
fn visit_norm<V: ModuleVisitor>(norm: &LayerNorm, visitor: &mut V) {
    within("weight", "", visitor, &|v| norm.gamma.visit(v));
    if let Some(beta) = &norm.beta {
        within("bias", "", visitor, &|v| beta.visit(v));
    }
}

fn map<P: Module, M: ModuleMapper>(param: P, kind: &str, suffix: &str, mapper: &mut M) -> P {
    let name = format!("{kind}{suffix}");
    mapper.enter_module(&name, CONTAINER);
    let param = param.map(mapper);
    mapper.exit_module(&name, CONTAINER);
    param
}

fn map_norm<M: ModuleMapper>(
    mut norm: LayerNorm,
    kind: &str,
    suffix: &str,
    mapper: &mut M,
) -> LayerNorm {
    let name = format!("{kind}{suffix}");
    mapper.enter_module(&name, CONTAINER);
    norm.gamma = map(norm.gamma, "weight", "", mapper);
    norm.beta = norm.beta.map(|beta| map(beta, "bias", "", mapper));
    mapper.exit_module(&name, CONTAINER);
    norm
}
