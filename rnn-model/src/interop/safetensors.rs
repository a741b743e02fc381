//! `.safetensors`, in both directions.

use std::io::{self, Read};

use burn::tensor::{BoolStore, Bytes, DType, TensorData};
use safetensors::tensor::{Dtype, Metadata, SafeTensorError, SafeTensors, TensorView};

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
        check_header(bytes)?;
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

/// The longest header that is read, in bytes: some fifty thousand tensors.
const MAX_HEADER: u64 = 4 << 20;

/// Refuses a header that would fill the memory, before it is read.
fn check_header(bytes: &[u8]) -> Result<u64, StateDictError> {
    let length = bytes.first_chunk().copied().map(u64::from_le_bytes);
    match length {
        Some(length) if length > MAX_HEADER => {
            Err(StateDictError::Format(SafeTensorError::HeaderTooLarge))
        }
        length => Ok(length.unwrap_or(0)),
    }
}

/// A tensor's name, type, shape and length in bytes.
type Found = (String, String, Vec<usize>, u64);

/// What tensors there are in a file of `length` bytes, from its header alone.
pub(super) fn list(
    file: &mut impl Read,
    length: u64,
) -> io::Result<Result<Vec<Found>, StateDictError>> {
    let mut bytes = Vec::new();
    file.take(8).read_to_end(&mut bytes)?;
    let header = match check_header(&bytes) {
        Ok(header) => header,
        Err(error) => return Ok(Err(error)),
    };
    file.take(header).read_to_end(&mut bytes)?;
    Ok(found(&bytes, length))
}

fn found(header: &[u8], length: u64) -> Result<Vec<Found>, StateDictError> {
    // Not `SafeTensors::read_metadata`, which wants the numbers too.
    let json = header.get(8..).unwrap_or_default();
    let json = std::str::from_utf8(json).map_err(SafeTensorError::InvalidHeader)?;
    let metadata: Metadata =
        serde_json::from_str(json).map_err(SafeTensorError::InvalidHeaderDeserialization)?;
    if header.len() as u64 + metadata.data_len() as u64 != length {
        let incomplete = SafeTensorError::MetadataIncompleteBuffer;
        return Err(StateDictError::Format(incomplete));
    }
    let tensors = metadata.tensors().into_iter().map(|(name, info)| {
        let (start, end) = info.data_offsets;
        let bytes = (end - start) as u64;
        (name, format!("{:?}", info.dtype), info.shape.clone(), bytes)
    });
    Ok(tensors.collect())
}

fn unsupported(name: &str, found: String) -> StateDictError {
    StateDictError::Type {
        name: name.to_owned(),
        found,
    }
}
