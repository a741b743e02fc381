use burn::tensor::Tensor;

use super::{Cell, GruStep, LstmStep, RnnStep};
use crate::weights::Weights;

/// What a cell has in place of its steps one by one, where there is a kernel. Nothing outside of this
/// crate can name it, so that there are no other cells.
pub trait Fused: Sized {
    /// A layer without noise, normalisation and projection over a sequence whose steps all count, as
    /// [`Layer::run`](crate::sequence::Layer::run).
    fn run(
        &self,
        _input: &Tensor<3>,
        _weights: &Weights,
        _state: &Self::State<2>,
        _reverse: bool,
    ) -> Option<(Tensor<3>, Self::State<2>)>
    where
        Self: Cell,
    {
        None
    }
}

impl Fused for LstmStep {
    #[cfg(feature = "kernel")]
    fn run(
        &self,
        input: &Tensor<3>,
        weights: &Weights,
        state: &<Self as Cell>::State<2>,
        reverse: bool,
    ) -> Option<(Tensor<3>, <Self as Cell>::State<2>)> {
        crate::kernel::lstm(input, weights, state, reverse)
    }
}

impl Fused for RnnStep {}

impl Fused for GruStep {}
