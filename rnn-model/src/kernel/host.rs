//! Backends whose tensors lie in this process's memory.

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

#[cfg(feature = "optim")]
use super::adam::{AdamTensors, Step};
use super::cpu::Rows;
#[cfg(feature = "optim")]
use super::cpu::adam;
use super::shapes::Axes;

/// A tensor's memory.
pub struct View<'a> {
    /// From the first element on.
    pub numbers: &'a [f32],
    pub shape: Axes,
    pub strides: Axes,
}

/// Tensors of 32-bit floats as memory.
pub trait Host: Backend {
    /// A tensor's memory; none if it has no such view.
    fn view(tensor: &FloatTensor<Self>) -> Option<View<'_>>;

    /// The same tensor, contiguous.
    fn contiguous(tensor: FloatTensor<Self>) -> FloatTensor<Self>;

    fn from_vec(numbers: Vec<f32>, shape: &[usize]) -> FloatTensor<Self>;

    /// A tensor's elements, contiguous, to be changed. Other owners of the tensor keep it as it is.
    #[cfg(feature = "optim")]
    fn numbers_mut(tensor: &mut FloatTensor<Self>) -> &mut [f32];
}

/// Makes a tensor's last axis contiguous.
pub fn with_rows<B: Host>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let is_ready = B::view(&tensor)
        .is_some_and(|view| view.shape.last() == Some(&1) || view.strides.last() == Some(&1));
    if is_ready {
        tensor
    } else {
        B::contiguous(tensor)
    }
}

/// Whether a tensor is contiguous.
pub fn is_in_order<B: Host>(tensor: &FloatTensor<B>) -> bool {
    B::view(tensor).is_some_and(|View { shape, strides, .. }| {
        let mut expected = 1;
        strides.iter().zip(&shape).rev().all(|(&stride, &axis)| {
            let as_expected = axis == 1 || stride == expected;
            expected *= axis;
            as_expected
        })
    })
}

/// Makes a tensor contiguous.
pub fn in_order<B: Host>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    if is_in_order::<B>(&tensor) {
        tensor
    } else {
        B::contiguous(tensor)
    }
}

pub fn slice<B: Host>(tensor: &FloatTensor<B>) -> &[f32] {
    let View { numbers, shape, .. } = B::view(tensor).expect("made ready");
    &numbers[..shape.iter().product()]
}

/// `[time, batch, width]`
pub fn sequence<B: Host>(tensor: &FloatTensor<B>) -> Rows<'_> {
    let View {
        numbers,
        shape,
        strides,
    } = B::view(tensor).expect("made ready");
    Rows::new(
        numbers,
        [shape[0], shape[1], shape[2]],
        [strides[0], strides[1]],
    )
}

/// A step of Adam, in place where the tensors have no other owner.
#[cfg(feature = "optim")]
pub fn adam<B: Host>(
    tensors: AdamTensors<B>,
    step: Step,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let AdamTensors {
        gradient,
        mut parameter,
        mut moment_1,
        mut moment_2,
    } = tensors;
    let step = adam::Step {
        betas: step.betas,
        rate: step.rate,
        epsilon: step.epsilon,
    };
    let gradient = in_order::<B>(gradient);
    let state = [&mut parameter, &mut moment_1, &mut moment_2].map(B::numbers_mut);
    adam::step(pulp::Arch::new(), step, slice::<B>(&gradient), state);
    (parameter, moment_1, moment_2)
}
