//! What `torch.save` writes; needs the feature `pytorch`.

mod pickle;

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};

use burn::tensor::{Bytes, DType, TensorData};
use zip::ZipArchive;

use super::error::{PyTorchError, StateDictError};
use super::state_dict::StateDict;
use pickle::{Id, Pickle, Value, View};

/// The longest pickle that is read, in bytes: it holds names and shapes, not the tensors' elements.
const MAX_PICKLE: u64 = 64 << 20;

/// Dictionaries in dictionaries, and values in all: a pickle can hold itself, or double at each level.
const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 1 << 20;

impl StateDict {
    /// Reads a zip archive as `torch.save` writes it since PyTorch 1.6.
    pub(super) fn from_pytorch(
        file: impl Read + Seek,
        length: u64,
    ) -> Result<Self, StateDictError> {
        let mut archive = Archive::open(file)?;
        let pickle = Pickle::parse(&archive.pickle()?)?;
        let mut found = Found {
            pickle: &pickle,
            tensors: Vec::new(),
            values: 0,
        };
        found.collect("", pickle.root, 0)?;

        // Views of one storage may be many and large. Who needs more than this is not after weights.
        let limit = length.saturating_mul(16).saturating_add(64 << 20);
        let mut total = 0u64;
        let mut tensors = BTreeMap::new();
        for (name, view) in found.tensors {
            let (dtype, size) = dtype(&view.storage.kind);
            total = view
                .shape
                .iter()
                .try_fold(size as u64, |bytes, &n| bytes.checked_mul(n as u64))
                .and_then(|bytes| total.checked_add(bytes))
                .filter(|total| *total <= limit)
                .ok_or_else(|| PyTorchError::TooLarge {
                    name: name.clone(),
                    limit,
                })?;
            let storage = archive.storage(&view.storage.key)?;
            let bytes = gather(storage, &view, size).ok_or_else(|| PyTorchError::Bounds {
                name: name.clone(),
                shape: view.shape.clone(),
                elements: storage.len() / size,
            })?;
            let data = TensorData::from_bytes(Bytes::from_bytes_vec(bytes), view.shape, dtype);
            if tensors.insert(name.clone(), data).is_some() {
                return Err(StateDictError::Twice(name));
            }
        }
        Ok(Self { tensors })
    }
}

/// Our type for a storage's, and the bytes of an element.
fn dtype(kind: &str) -> (DType, usize) {
    match kind {
        "DoubleStorage" => (DType::F64, 8),
        "HalfStorage" => (DType::F16, 2),
        "BFloat16Storage" => (DType::BF16, 2),
        "LongStorage" => (DType::I64, 8),
        "IntStorage" => (DType::I32, 4),
        "ShortStorage" => (DType::I16, 2),
        "CharStorage" => (DType::I8, 1),
        // Truth values are bytes, 0 or 1.
        "ByteStorage" | "BoolStorage" => (DType::U8, 1),
        _ => (DType::F32, 4),
    }
}

/// The elements of a view, in order; none if it leaves its storage.
fn gather(storage: &[u8], view: &View, size: usize) -> Option<Vec<u8>> {
    let View { shape, stride, .. } = view;
    if shape.len() != stride.len() {
        return None;
    }
    let count: usize = shape.iter().product();
    if count == 0 {
        return Some(Vec::new());
    }
    let last = shape
        .iter()
        .zip(stride)
        .try_fold(view.offset, |at, (&n, &step)| {
            at.checked_add((n - 1).checked_mul(step)?)
        })?;
    if last >= storage.len() / size {
        return None;
    }
    let mut bytes = Vec::with_capacity(count * size);
    let mut index = vec![0; shape.len()];
    for _ in 0..count {
        let at: usize = index.iter().zip(stride).map(|(i, step)| i * step).sum();
        let at = (view.offset + at) * size;
        bytes.extend_from_slice(&storage[at..at + size]);
        // The last axis moves fastest.
        for (i, &n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < n {
                break;
            }
            *i = 0;
        }
    }
    Some(bytes)
}

/// The archive: `NAME/data.pkl`, and `NAME/data/KEY` for each storage.
struct Archive<F> {
    zip: ZipArchive<F>,
    root: String,
    storages: HashMap<String, Vec<u8>>,
}

impl<F: Read + Seek> Archive<F> {
    fn open(file: F) -> Result<Self, PyTorchError> {
        let zip = ZipArchive::new(file).map_err(PyTorchError::Zip)?;
        let root = zip
            .file_names()
            .filter_map(Result::ok)
            .find_map(|name| Some(name.strip_suffix("data.pkl")?.to_owned()))
            .ok_or(PyTorchError::NoPickle)?;
        let mut archive = Self {
            zip,
            root,
            storages: HashMap::new(),
        };
        let order = archive.read("byteorder", 16).unwrap_or_default();
        if order.starts_with(b"big") {
            return Err(PyTorchError::BigEndian);
        }
        Ok(archive)
    }

    fn pickle(&mut self) -> Result<Vec<u8>, PyTorchError> {
        self.read("data.pkl", MAX_PICKLE)
    }

    fn storage(&mut self, key: &str) -> Result<&[u8], PyTorchError> {
        if !self.storages.contains_key(key) {
            let bytes = self.read(&format!("data/{key}"), u64::MAX)?;
            self.storages.insert(key.to_owned(), bytes);
        }
        Ok(&self.storages[key])
    }

    fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PyTorchError> {
        let name = format!("{}{name}", self.root);
        let file = self.zip.by_name(&name).map_err(PyTorchError::Zip)?;
        if file.size() > limit {
            return Err(PyTorchError::TooLarge { name, limit });
        }
        // Nothing is reserved: a header's word is not to be trusted.
        let mut bytes = Vec::new();
        let read = file.take(limit).read_to_end(&mut bytes);
        read.map_err(|error| PyTorchError::Zip(error.into()))?;
        Ok(bytes)
    }
}

/// The tensors of a pickle, in its order.
struct Found<'a> {
    pickle: &'a Pickle,
    tensors: Vec<(String, View)>,
    values: usize,
}

impl Found<'_> {
    fn collect(&mut self, name: &str, id: Id, depth: usize) -> Result<(), PyTorchError> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(PyTorchError::Deep);
        }
        let within = |key: &str| match name {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        };
        match &self.pickle.values[id] {
            Value::Tensor(view) => self.tensors.push((name.to_owned(), view.clone())),
            Value::List(items) => {
                for (index, &item) in items.iter().enumerate() {
                    self.collect(&within(&index.to_string()), item, depth + 1)?;
                }
            }
            Value::Dict(items) => {
                for &(key, item) in items {
                    let key = match &self.pickle.values[key] {
                        Value::Text(text) => text.clone(),
                        Value::Int(n) => n.to_string(),
                        // Nothing that PyTorch writes has tensors under other keys.
                        _ => continue,
                    };
                    self.collect(&within(&key), item, depth + 1)?;
                }
            }
            Value::Plain | Value::Int(_) | Value::Text(_) | Value::Storage(_) | Value::Name(_) => {}
        }
        Ok(())
    }
}
