use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, TensorData};

#[cfg(feature = "optim")]
use super::adam::{AdamExtension, AdamTensors, Step};
use super::embedding::{EmbeddingBackend, EmbeddingExtension, Words};
use super::host::{Host, View};
use super::linear::{LinearBackend, LinearExtension, LinearTensors};
use super::recurrent::{LayerTensors, RecurrentBackend, RecurrentExtension};

impl Host for Flex {
    fn view(tensor: &FlexTensor) -> Option<View<'_>> {
        if tensor.dtype() != DType::F32 {
            return None;
        }
        let layout = tensor.layout();
        let strides = layout
            .strides()
            .iter()
            .map(|&stride| usize::try_from(stride).ok());
        Some(View {
            strides: strides.collect::<Option<_>>()?,
            shape: layout.shape().iter().copied().collect(),
            numbers: tensor.storage::<f32>().get(layout.start_offset()..)?,
        })
    }

    fn contiguous(tensor: FlexTensor) -> FlexTensor {
        tensor.to_contiguous()
    }

    fn from_vec(numbers: Vec<f32>, shape: &[usize]) -> FlexTensor {
        FlexTensor::from_data(TensorData::new(numbers, shape.to_vec()))
    }

    #[cfg(feature = "optim")]
    fn numbers_mut(tensor: &mut FlexTensor) -> &mut [f32] {
        if !tensor.layout().is_contiguous() {
            *tensor = tensor.to_contiguous();
        }
        let layout = tensor.layout();
        let (start, len) = (layout.start_offset(), layout.num_elements());
        &mut tensor.storage_mut::<f32>()[start..start + len]
    }
}

impl RecurrentExtension for Flex {
    fn recurrent(tensors: LayerTensors<Self>) -> Vec<FloatTensor<Self>> {
        Self::recurrent_forward(tensors)
    }
}

impl LinearExtension for Flex {
    fn linear(tensors: LinearTensors<Self>) -> FloatTensor<Self> {
        Self::linear_forward(&tensors.ready())
    }
}

#[cfg(feature = "optim")]
impl AdamExtension for Flex {
    fn adam(
        tensors: AdamTensors<Self>,
        step: Step,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        super::host::adam(tensors, step)
    }
}

impl EmbeddingExtension for Flex {
    fn embedding(weight: FloatTensor<Self>, words: Words) -> FloatTensor<Self> {
        Self::lookup_forward(weight, &words)
    }
}
