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
        read(bytes, |_| true)
    }
}

/// Reads the entries of a file whose names `is_wanted`.
pub(super) fn read(
    bytes: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<StateDict, StateDictError> {
    let header = check_header(bytes)?;
    let length = bytes.len() as u64;
    check_length(bytes, header, length)?;
    let file = SafeTensors::deserialize(bytes)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let own = file.tensors().into_iter();
    let again = copies(&metadata).into_iter();
    let again = again.filter_map(|(copy, name)| Some((copy, file.tensor(&name).ok()?)));
    let tensors = own
        .chain(again)
        .filter(|(name, _)| is_wanted(name))
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
    Ok(StateDict { tensors })
}

/// Tensors that are others' once more, each with that other's name: PyTorch's `safetensors.torch.save_model`
/// writes tied weights once, and says so in the header.
fn copies(metadata: &Metadata) -> Vec<(String, String)> {
    let texts = metadata.metadata().iter().flatten();
    let is_there = |name: &str| metadata.info(name).is_some();
    texts
        .filter(|(copy, name)| !is_there(copy) && is_there(name))
        .map(|(copy, name)| (copy.clone(), name.clone()))
        .collect()
}

/// Refuses a file that ends before its tensors do.
fn check_length(header: &[u8], header_length: u64, length: u64) -> Result<(), StateDictError> {
    let end = (header_length as usize).saturating_add(8);
    let json = header
        .get(8..end)
        .and_then(|json| std::str::from_utf8(json).ok());
    // Where it can't be read, or is cut itself, safetensors says why.
    let metadata: Option<Metadata> = json.and_then(|json| serde_json::from_str(json).ok());
    let expected = match &metadata {
        Some(metadata) => (end as u64).saturating_add(metadata.data_len() as u64),
        None => end as u64,
    };
    match expected > length {
        true => Err(StateDictError::Cut {
            expected,
            found: length,
        }),
        false => Ok(()),
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
    Ok(check_length(&bytes, header, length).and_then(|()| found(&bytes, length)))
}

fn found(header: &[u8], length: u64) -> Result<Vec<Found>, StateDictError> {
    // Not `SafeTensors::read_metadata`, which wants the numbers too.
    let json = header.get(8..).unwrap_or_default();
    let json = std::str::from_utf8(json).map_err(SafeTensorError::InvalidHeader)?;
    let metadata: Metadata =
        serde_json::from_str(json).map_err(SafeTensorError::InvalidHeaderDeserialization)?;
    let end = (header.len() as u64).checked_add(metadata.data_len() as u64);
    if end != Some(length) {
        let incomplete = SafeTensorError::MetadataIncompleteBuffer;
        return Err(StateDictError::Format(incomplete));
    }
    let copies = copies(&metadata).into_iter();
    let again = copies.filter_map(|(copy, name)| Some((copy, metadata.info(&name)?)));
    let tensors = metadata
        .tensors()
        .into_iter()
        .chain(again)
        .map(|(name, info)| {
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
