//! What `torch.save` writes; needs the feature `pytorch`.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Bytes, DType, TensorData};
use pytorch_reader::{PickleValue, PytorchError, PytorchReader};

use super::{StateDict, StateDictError};

impl StateDict {
    /// Reads a file of weights: `.safetensors`, or what `torch.save` wrote (`.pt`, `.pth`). The content
    /// tells which, not the name.
    ///
    /// # Errors
    ///
    /// Those of [`from_safetensors`](Self::from_safetensors) and of
    /// [`read_pytorch`](Self::read_pytorch); all name the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StateDictError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| StateDictError::Io {
            path: path.to_owned(),
            error,
        })?;
        // After eight bytes of length, a safetensors file begins with JSON.
        if bytes.get(8) == Some(&b'{') {
            return Self::from_safetensors(&bytes).map_err(|error| StateDictError::File {
                path: path.to_owned(),
                error: Box::new(error),
            });
        }
        Self::read_pytorch(path)
    }

    /// Reads what `torch.save` wrote: a state dict, or a checkpoint that holds one somewhere. What lies
    /// in a dictionary in a dictionary has a dot in its name: `{"model": {"fc.bias": …}}` gives
    /// `model.fc.bias`; [`strip_prefix`](Self::strip_prefix) cuts out what is wanted.
    ///
    /// Nothing is executed. Beside tensors there may be numbers, texts, and lists and dictionaries of
    /// them, which are left out; a pickle that asks for any other object is refused.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is damaged, or asks for an object: the error names it.
    ///
    /// ```no_run
    /// use rnn_model::{LstmConfig, StateDict};
    /// # let device = Default::default();
    /// let weights = StateDict::read_pytorch("checkpoint.pt")?;
    /// let weights = weights.strip_prefix("model.encoder.lstm.");
    /// let lstm = weights.load_into(LstmConfig::new(28, 128).init(&device))?;
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn read_pytorch(path: impl AsRef<Path>) -> Result<Self, StateDictError> {
        let path = path.as_ref();
        let damaged = |error: PytorchError| match error {
            PytorchError::Io(error) => StateDictError::Io {
                path: path.to_owned(),
                error,
            },
            error => StateDictError::PyTorch {
                path: path.to_owned(),
                error,
            },
        };
        let reader = PytorchReader::new(path).map_err(damaged)?;
        // The reader runs nothing and leaves such objects out. But a file that has them is not what it
        // should be, and who loads it had better know.
        let pickle = PytorchReader::read_pickle_data(path, None).map_err(damaged)?;
        let is_tensor = |place: &str| reader.get(place).is_some();
        if let Some((place, object)) = first_object("", &pickle, &is_tensor) {
            return Err(StateDictError::Object {
                path: path.to_owned(),
                place,
                object,
            });
        }
        let mut tensors = BTreeMap::new();
        for (name, tensor) in reader.tensors() {
            let bytes = tensor.read().map_err(|error| damaged(error.into()))?;
            let bytes = Bytes::from_bytes_vec(bytes);
            let data =
                TensorData::from_bytes(bytes, tensor.shape().to_vec(), dtype(tensor.dtype()));
            tensors.insert(name.clone(), data);
        }
        Ok(Self { tensors })
    }
}

fn dtype(found: pytorch_reader::DType) -> DType {
    use pytorch_reader::DType as Found;
    match found {
        Found::F64 => DType::F64,
        Found::F32 => DType::F32,
        Found::F16 => DType::F16,
        Found::BF16 => DType::BF16,
        Found::I64 => DType::I64,
        Found::I32 => DType::I32,
        Found::I16 => DType::I16,
        Found::I8 => DType::I8,
        Found::U64 => DType::U64,
        Found::U32 => DType::U32,
        Found::U16 => DType::U16,
        // Truth values are bytes, 0 or 1.
        Found::U8 | Found::Bool => DType::U8,
    }
}

/// The first object that is neither a plain value nor a tensor: where it is, and what it is.
fn first_object(
    place: &str,
    value: &PickleValue,
    is_tensor: &dyn Fn(&str) -> bool,
) -> Option<(String, String)> {
    let within = |key: &str| match place {
        "" => key.to_owned(),
        place => format!("{place}.{key}"),
    };
    match value {
        PickleValue::Unsupported(object) if !is_tensor(place) => {
            let place = if place.is_empty() {
                "the pickle"
            } else {
                place
            };
            Some((place.to_owned(), object.clone()))
        }
        PickleValue::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| first_object(&within(&index.to_string()), item, is_tensor)),
        PickleValue::Dict(items) => {
            let mut items: Vec<_> = items.iter().collect();
            items.sort_by_key(|(key, _)| *key);
            items
                .into_iter()
                .find_map(|(key, item)| first_object(&within(key), item, is_tensor))
        }
        _ => None,
    }
}
