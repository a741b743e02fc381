//! Shapes of tensors, and tensors in other shapes, by Burn's own methods: for a build without kernels,
//! whose `kernel::shapes` does the same in less memory.

use std::ops::Range;

use burn::tensor::Tensor;

/// A tensor's shape.
pub fn dims<const D: usize>(tensor: &Tensor<D>) -> [usize; D] {
    tensor.dims()
}

/// The same elements in another shape of as many.
pub fn reshape<const D: usize, const E: usize>(tensor: Tensor<D>, shape: [usize; E]) -> Tensor<E> {
    tensor.reshape(shape)
}

/// Some of the first axis.
pub fn narrow<const D: usize>(tensor: Tensor<D>, range: Range<usize>) -> Tensor<D> {
    tensor.narrow(0, range.start, range.len())
}

/// Tensors one after another along the first axis.
pub fn concat<const D: usize>(tensors: impl Iterator<Item = Tensor<D>>) -> Tensor<D> {
    Tensor::cat(tensors.collect(), 0)
}
