//! A step of Adam on one parameter.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, backend_extension};
use burn::tensor::Tensor;

use super::coverage::kernels;

/// The constants of a step, as in the equations of Adam (`optim/adam.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The decay rates of the two moments.
    pub betas: [f32; 2],
    /// What the first moment is multiplied by: the learning rate, corrected for the moments' start
    /// from zero.
    pub rate: f32,
    /// What is added to the root of the second moment, corrected likewise.
    pub epsilon: f32,
}

/// A step of Adam as an operation of the backends that have it. Gradients of gradients are not taken,
/// so it is not one of the graph's.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch")
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

/// Whether there is a kernel for such tensors.
pub fn has_adam<const D: usize>(tensors: [&Tensor<D>; 4]) -> bool {
    let (shape, of) = (tensors[0].dims(), kernels(tensors[0]));
    let mut tensors = tensors.into_iter();
    of.is_some()
        && tensors
            .all(|tensor| kernels(tensor) == of && !tensor.is_autodiff() && tensor.dims() == shape)
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
