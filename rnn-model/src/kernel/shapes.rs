//! Shapes of tensors, and tensors in other shapes, with no more memory taken than the result needs.
//!
//! A tensor's own methods look its shape up several times each, and every time burn-ndarray copies it to
//! the heap. A network that goes step by step would spend more time on that than on its products.

use std::ops::Range;

use burn::backend::ops::FloatTensorOps;
#[cfg(feature = "ndarray")]
use burn::backend::{BackendTensor, DispatchTensorKind};
use burn::backend::{Dispatch, DispatchTensor, TensorMetadata};
use burn::tensor::{Shape, Slice, Tensor};

#[cfg(feature = "ndarray")]
use super::ndarray;

/// A tensor's shape.
pub fn dims<const D: usize>(tensor: &Tensor<D>) -> [usize; D] {
    // To copy a tensor with gradients takes more memory than a shape.
    match tensor.is_autodiff() {
        true => tensor.dims(),
        false => dispatch_dims(&tensor.clone().into_dispatch()),
    }
}

/// The shape of a tensor of D axes.
pub fn dispatch_dims<const D: usize>(tensor: &DispatchTensor) -> [usize; D] {
    #[cfg(feature = "ndarray")]
    if let DispatchTensorKind::NdArray(BackendTensor::Float(array)) = &tensor.kind
        && let Some(shape) = ndarray::shape(array)
    {
        return std::array::from_fn(|axis| shape[axis]);
    }
    tensor.shape().dims()
}

/// The same elements in another shape of as many.
pub fn reshape<const D: usize, const E: usize>(tensor: Tensor<D>, shape: [usize; E]) -> Tensor<E> {
    let reshaped = Dispatch::float_reshape(tensor.into_dispatch(), Shape::from(shape));
    Tensor::from_dispatch(reshaped)
}

/// Some of the first axis.
pub fn narrow<const D: usize>(tensor: Tensor<D>, range: Range<usize>) -> Tensor<D> {
    let tensor = tensor.into_dispatch();
    #[cfg(feature = "ndarray")]
    if let DispatchTensorKind::NdArray(BackendTensor::Float(array)) = &tensor.kind
        && let Some(part) = ndarray::narrow(array, range.clone())
    {
        return Tensor::from_dispatch(DispatchTensor {
            kind: DispatchTensorKind::NdArray(BackendTensor::Float(part)),
            ..tensor
        });
    }
    let mut slices = [Slice::full(); D];
    slices[0] = Slice::from(range);
    Tensor::from_dispatch(Dispatch::float_slice(tensor, &slices))
}

/// Tensors one after another along the first axis.
pub fn concat<const D: usize>(tensors: impl Iterator<Item = Tensor<D>>) -> Tensor<D> {
    let tensors = tensors.map(Tensor::into_dispatch).collect();
    Tensor::from_dispatch(Dispatch::float_cat(tensors, 0))
}
