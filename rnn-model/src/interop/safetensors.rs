//! `.safetensors`, in both directions.

use burn::tensor::{BoolStore, Bytes, DType, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::error::StateDictError;
use super::state_dict::{StateDict, as_truth_values};

/// Our types and the files'.
const TYPES: [(DType, Dtype); 13] = [
    (DType::F64, Dtype::F64),
    (DType::F32, Dtype::F32),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::I64, Dtype::I64),
    (DType::I32, Dtype::I32),
    (DType::I16, Dtype::I16),
    (DType::I8, Dtype::I8),
    (DType::U64, Dtype::U64),
    (DType::U32, Dtype::U32),
    (DType::U16, Dtype::U16),
    (DType::U8, Dtype::U8),
    (DType::Bool(BoolStore::Native), Dtype::BOOL),
];

impl StateDict {
    /// The bytes of a `.safetensors` file. The same weights give the same bytes.
    ///
    /// PyTorch reads it by `safetensors.torch.load_file`, for `load_state_dict`.
    ///
    /// # Errors
    ///
    /// If a tensor is quantised, or of truth values that take four bytes each.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, StateDictError> {
        let views = self
            .tensors
            .iter()
            .map(|(name, data)| {
                let (_, dtype) = TYPES
                    .into_iter()
                    .find(|(ours, _)| *ours == data.dtype())
                    .ok_or_else(|| unsupported(name, format!("{:?}", data.dtype())))?;
                let view = TensorView::new(dtype, data.shape().to_vec(), data.as_bytes())?;
                Ok((name, view))
            })
            .collect::<Result<Vec<_>, StateDictError>>()?;
        Ok(safetensors::serialize(views, None)?)
    }

    /// Reads the bytes of a `.safetensors` file, e.g. what `include_bytes!` embeds.
    ///
    /// # Errors
    ///
    /// If they are not one, or hold a tensor of a rare type, such as numbers of 8 bits with a fraction.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, StateDictError> {
        let file = SafeTensors::deserialize(bytes)?;
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let (dtype, _) = TYPES
                    .into_iter()
                    .find(|(_, theirs)| *theirs == view.dtype())
                    .ok_or_else(|| unsupported(&name, format!("{:?}", view.dtype())))?;
                let mut bytes = view.data().to_vec();
                if dtype.is_bool() {
                    as_truth_values(&mut bytes);
                }
                let bytes = Bytes::from_bytes_vec(bytes);
                let data = TensorData::from_bytes(bytes, view.shape().to_vec(), dtype);
                Ok((name, data))
            })
            .collect::<Result<_, StateDictError>>()?;
        Ok(Self { tensors })
    }
}

fn unsupported(name: &str, found: String) -> StateDictError {
    StateDictError::Type {
        name: name.to_owned(),
        found,
    }
}
