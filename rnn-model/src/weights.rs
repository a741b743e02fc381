//! The parameters of one layer in one direction, stored and named as PyTorch does.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// The parameters of one layer in one direction. G is the cell's number of gates.
#[derive(Module, Debug)]
pub(crate) struct Weights {
    /// `[G·H, I]`
    pub weight_ih: Param<Tensor<2>>,
    /// `[G·H, H]`
    pub weight_hh: Param<Tensor<2>>,
    /// `[G·H]`
    pub bias_ih: Option<Param<Tensor<1>>>,
    /// `[G·H]`
    pub bias_hh: Option<Param<Tensor<1>>>,
}

impl Weights {
    /// Shows the parameters to `visitor` under PyTorch's names: `weight_ih_l0`, `bias_hh_l1`,
    /// `weight_hh_l0_reverse`.
    pub fn visit_named<V: ModuleVisitor>(&self, suffix: &str, visitor: &mut V) {
        visit(&self.weight_ih, "weight_ih", suffix, visitor);
        visit(&self.weight_hh, "weight_hh", suffix, visitor);
        if let (Some(bias_ih), Some(bias_hh)) = (&self.bias_ih, &self.bias_hh) {
            visit(bias_ih, "bias_ih", suffix, visitor);
            visit(bias_hh, "bias_hh", suffix, visitor);
        }
    }

    /// Like [`visit_named`](Self::visit_named), for a mapper.
    pub fn map_named<M: ModuleMapper>(self, suffix: &str, mapper: &mut M) -> Self {
        Self {
            weight_ih: map(self.weight_ih, "weight_ih", suffix, mapper),
            weight_hh: map(self.weight_hh, "weight_hh", suffix, mapper),
            bias_ih: self.bias_ih.map(|b| map(b, "bias_ih", suffix, mapper)),
            bias_hh: self.bias_hh.map(|b| map(b, "bias_hh", suffix, mapper)),
        }
    }
}

/// What PyTorch adds to a parameter's name: `l0`, `l1_reverse`.
pub(crate) fn suffix(layer: usize, reverse: bool) -> String {
    format!("l{layer}{}", if reverse { "_reverse" } else { "" })
}

const CONTAINER: &str = "Recurrent";

fn visit<P: Module, V: ModuleVisitor>(param: &P, kind: &str, suffix: &str, visitor: &mut V) {
    let name = format!("{kind}_{suffix}");
    visitor.enter_module(&name, CONTAINER);
    param.visit(visitor);
    visitor.exit_module(&name, CONTAINER);
}

fn map<P: Module, M: ModuleMapper>(param: P, kind: &str, suffix: &str, mapper: &mut M) -> P {
    let name = format!("{kind}_{suffix}");
    mapper.enter_module(&name, CONTAINER);
    let param = param.map(mapper);
    mapper.exit_module(&name, CONTAINER);
    param
}
