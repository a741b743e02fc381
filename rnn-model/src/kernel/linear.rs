//! A linear layer over every step of a sequence, what a recurrent layer's output goes through.

mod autodiff;
mod host;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, backend_extension};
use burn::tensor::Tensor;

use super::coverage::covers;

/// A linear layer as an operation of the backends that have it.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Autodiff
)]
pub trait LinearExtension: Backend {
    fn linear(#[extension_type] tensors: LinearTensors<Self>) -> FloatTensor<Self>;
}

/// What [`LinearExtension`] is made of; not dispatched.
pub trait LinearBackend: Backend {
    fn linear_forward(tensors: &LinearTensors<Self>) -> FloatTensor<Self>;

    /// The gradients with respect to the input, the weight and the bias, of which some are wanted.
    ///
    /// - `by`: the gradient with respect to the output
    fn linear_backward(
        tensors: &LinearTensors<Self>,
        by: FloatTensor<Self>,
        wanted: [bool; 3],
    ) -> [Option<FloatTensor<Self>>; 3];
}

/// What a linear layer computes from.
#[derive(Clone, Debug, ExtensionType)]
pub struct LinearTensors<B: Backend> {
    /// `[batch, time, features]`
    pub input: FloatTensor<B>,
    /// `[features, outputs]`
    pub weight: FloatTensor<B>,
    /// `[outputs]`
    pub bias: FloatTensor<B>,
}

/// Runs a linear layer as one operation; none where there is no kernel for its tensors.
///
/// - `input`: `[batch, time, features]`
/// - `weight`: `[features, outputs]`
/// - `bias`: `[outputs]`
pub fn linear(input: &Tensor<3>, weight: Tensor<2>, bias: Tensor<1>) -> Option<Tensor<3>> {
    if [covers(input), covers(&weight), covers(&bias)].contains(&false) {
        return None;
    }
    let tensors = LinearTensors {
        input: input.clone().into_dispatch(),
        weight: weight.into_dispatch(),
        bias: bias.into_dispatch(),
    };
    let output = <Dispatch as LinearExtension>::linear(tensors);
    Some(Tensor::from_dispatch(output))
}
