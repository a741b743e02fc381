//! A step of Adam on one parameter.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, backend_extension};
use burn::tensor::Tensor;
use pulp::Arch;

use super::covers;
use super::cpu::adam;
use super::host::{Host, in_order, slice};

pub use super::cpu::adam::Step;

/// A step of Adam as an operation of the backends that have it. Gradients of gradients are not taken,
/// so it is not one of the graph's.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex")
)]
pub trait AdamExtension: Backend {
    /// The parameter and both moments after the step.
    fn adam(
        #[extension_type] tensors: AdamTensors<Self>,
        step: Step,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// What a step is made from, all of one shape.
#[derive(Clone, Debug, ExtensionType)]
pub struct AdamTensors<B: Backend> {
    pub gradient: FloatTensor<B>,
    pub parameter: FloatTensor<B>,
    pub moment_1: FloatTensor<B>,
    pub moment_2: FloatTensor<B>,
}

/// What [`AdamExtension`] is made of: in place, where nobody else has the tensors.
pub fn adam_on_host<B: Host>(
    tensors: AdamTensors<B>,
    step: Step,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let AdamTensors {
        gradient,
        mut parameter,
        mut moment_1,
        mut moment_2,
    } = tensors;
    let gradient = in_order::<B>(gradient);
    let state = [&mut parameter, &mut moment_1, &mut moment_2].map(B::numbers_mut);
    adam::step(Arch::new(), step, slice::<B>(&gradient), state);
    (parameter, moment_1, moment_2)
}

/// Whether there is a kernel for such tensors.
pub fn has_adam<const D: usize>(tensors: [&Tensor<D>; 4]) -> bool {
    let shape = tensors[0].dims();
    tensors
        .into_iter()
        .all(|tensor| covers(tensor) && !tensor.is_autodiff() && tensor.dims() == shape)
}

/// One step as one operation: the parameter and both moments after it.
///
/// - `state`: the parameter and both moments before it; [`has_adam`] holds for all tensors
pub fn adam<const D: usize>(
    gradient: Tensor<D>,
    state: [Tensor<D>; 3],
    step: Step,
) -> [Tensor<D>; 3] {
    let [parameter, moment_1, moment_2] = state.map(Tensor::into_dispatch);
    let tensors = AdamTensors {
        gradient: gradient.into_dispatch(),
        parameter,
        moment_1,
        moment_2,
    };
    let (parameter, moment_1, moment_2) = <Dispatch as AdamExtension>::adam(tensors, step);
    [parameter, moment_1, moment_2].map(Tensor::from_dispatch)
}
