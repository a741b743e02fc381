use std::ops::Range;

use burn::backend::NdArray;
use burn::backend::ndarray::NdArrayTensor;
use burn::backend::tensor::FloatTensor;
use ndarray::{ArrayD, Axis, IxDyn};

#[cfg(feature = "optim")]
use super::adam::{AdamExtension, AdamTensors, Step};
use super::embedding::{EmbeddingBackend, EmbeddingExtension, Words};
use super::host::{Host, View};
use super::linear::{LinearBackend, LinearExtension, LinearTensors};
use super::recurrent::{LayerTensors, RecurrentBackend, RecurrentExtension};

/// A tensor's shape; none of one that has no 32-bit numbers.
pub fn shape(tensor: &NdArrayTensor) -> Option<&[usize]> {
    match tensor {
        NdArrayTensor::F32(storage) => Some(storage.shape()),
        _ => None,
    }
}

/// Some of the first axis, in the same memory; none of a tensor that has no 32-bit numbers.
pub fn narrow(tensor: &NdArrayTensor, range: Range<usize>) -> Option<NdArrayTensor> {
    let NdArrayTensor::F32(storage) = tensor else {
        return None;
    };
    let mut array = storage.clone().into_shared();
    array.slice_axis_inplace(Axis(0), range.into());
    Some(array.into())
}

impl Host for NdArray {
    fn view(tensor: &NdArrayTensor) -> Option<View<'_>> {
        let NdArrayTensor::F32(storage) = tensor else {
            return None;
        };
        let array = storage.view();
        let strides = array
            .strides()
            .iter()
            .map(|&stride| usize::try_from(stride).ok());
        Some(View {
            strides: strides.collect::<Option<_>>()?,
            shape: storage.shape().into(),
            // Memory without gaps, in whichever order of its axes.
            numbers: array.to_slice_memory_order()?,
        })
    }

    fn contiguous(tensor: NdArrayTensor) -> NdArrayTensor {
        match tensor {
            NdArrayTensor::F32(storage) => {
                let array = storage.into_shared();
                array.as_standard_layout().into_owned().into_shared().into()
            }
            other => other,
        }
    }

    fn from_vec(numbers: Vec<f32>, shape: &[usize]) -> NdArrayTensor {
        let array = ArrayD::from_shape_vec(IxDyn(shape), numbers);
        array
            .expect("as many numbers as the shape has")
            .into_shared()
            .into()
    }

    #[cfg(feature = "optim")]
    fn numbers_mut(tensor: &mut NdArrayTensor) -> &mut [f32] {
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("covered tensors have 32-bit numbers")
        };
        let array = storage.ensure_owned();
        if !array.is_standard_layout() {
            *array = array.as_standard_layout().into_owned().into_shared();
        }
        array.as_slice_mut().expect("in order")
    }
}

impl RecurrentExtension for NdArray {
    fn recurrent(tensors: LayerTensors<Self>) -> Vec<FloatTensor<Self>> {
        Self::recurrent_forward(tensors)
    }
}

impl LinearExtension for NdArray {
    fn linear(tensors: LinearTensors<Self>) -> FloatTensor<Self> {
        Self::linear_forward(&tensors.ready())
    }
}

#[cfg(feature = "optim")]
impl AdamExtension for NdArray {
    fn adam(
        tensors: AdamTensors<Self>,
        step: Step,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        super::host::adam(tensors, step)
    }
}

impl EmbeddingExtension for NdArray {
    fn embedding(weight: FloatTensor<Self>, words: Words) -> FloatTensor<Self> {
        Self::lookup_forward(weight, &words)
    }
}
