use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind,
    ExtensionType,
};

use smallvec::SmallVec;

use super::{Cache, CellKind};

/// What a layer computes from, in this order:
///
/// - the input, `[time, batch, input_size]`
/// - `h_0`, `[directions, batch, output_size]`
/// - `c_0`, `[directions, batch, hidden_size]`, of a cell with such a state
/// - of each direction: `weight_ih`, `weight_hh`, both biases and `weight_hr`, as far as there are any
#[derive(Clone, Debug)]
pub struct LayerTensors<B: Backend> {
    pub tensors: Tensors<FloatTensor<B>>,
    pub plan: Plan,
}

/// The tensors of a layer: on the stack, if it has one direction.
pub type Tensors<T> = SmallVec<[T; 8]>;

/// What there is to a layer beside its tensors.
#[derive(Clone, Debug)]
pub struct Plan {
    pub cell: CellKind,
    pub has_cell_state: bool,
    pub has_bias: bool,
    pub has_projection: bool,
    /// Steps of each sequence; none if all have all.
    pub lengths: Option<Arc<[usize]>>,
    /// Where what is made of the weights is found again.
    pub cache: Option<Cache>,
}

impl Plan {
    /// Tensors before the weights.
    pub fn before_weights(&self) -> usize {
        if self.has_cell_state { 3 } else { 2 }
    }

    /// Tensors of a direction.
    pub fn per_direction(&self) -> usize {
        2 + if self.has_bias { 2 } else { 0 } + usize::from(self.has_projection)
    }
}

// By hand: derived code knows no vectors.
impl<B: Backend> ExtensionType<B> for LayerTensors<B> {
    type Target = LayerTensors<Dispatch>;

    fn map_to_dispatch<F>(self, map_kind: F, autodiff: DispatchAutodiffContext) -> Self::Target
    where
        F: Fn(BackendTensor<B>) -> DispatchTensorKind,
    {
        let tensors = self.tensors.into_iter().map(|tensor| DispatchTensor {
            kind: map_kind(BackendTensor::Float(tensor)),
            autodiff,
        });
        LayerTensors {
            tensors: tensors.collect(),
            plan: self.plan,
        }
    }

    fn map_from_dispatch<F>(target: Self::Target, unwrap_kind: F) -> Self
    where
        F: Fn(DispatchTensor) -> BackendTensor<B>,
    {
        let tensors = target.tensors.into_iter();
        Self {
            tensors: tensors.map(|tensor| unwrap_kind(tensor).float()).collect(),
            plan: target.plan,
        }
    }

    fn routing_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.tensors.first()
    }

    fn routing_float_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.tensors.first()
    }

    fn autodiff_context(target: &Self::Target) -> DispatchAutodiffContext {
        let contexts = target.tensors.iter().map(|tensor| tensor.autodiff);
        contexts.fold(DispatchAutodiffContext::Disabled, |all, one| all.merge(one))
    }
}
