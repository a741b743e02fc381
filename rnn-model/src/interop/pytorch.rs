//! What `torch.save` writes; needs the feature `pytorch`.

mod archive;
mod pickle;

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek};
use std::rc::Rc;

use burn::tensor::{BoolStore, Bytes, DType, TensorData};

use super::error::{PyTorchError, StateDictError};
use super::state_dict::{StateDict, as_truth_values};
use archive::Archive;
use pickle::{Pickle, View};

impl StateDict {
    /// Reads a zip archive as `torch.save` writes it since PyTorch 1.6.
    pub(super) fn from_pytorch(
        file: impl Read + Seek,
        length: u64,
    ) -> Result<Self, StateDictError> {
        let mut archive = Archive::open(file, length)?;
        let found = Pickle::parse(&archive.pickle()?)?.into_tensors()?;
        check(&found, length)?;

        // Storage by storage, so that no more than one is in memory beside the tensors.
        let mut storages: BTreeMap<Rc<str>, Vec<(String, Rc<View>)>> = BTreeMap::new();
        for (name, view) in found {
            let key = view.storage.key.clone();
            storages.entry(key).or_default().push((name, view));
        }
        let mut tensors = BTreeMap::new();
        for (key, views) in storages {
            let storage = archive.storage(&key)?;
            for (name, view) in views {
                let (dtype, size) = dtype(view.storage.kind);
                let Some(mut bytes) = gather(&storage, &view, size) else {
                    return Err(StateDictError::PyTorch(PyTorchError::Bounds {
                        name,
                        shape: view.shape.clone(),
                        elements: storage.len() / size,
                    }));
                };
                if dtype.is_bool() {
                    as_truth_values(&mut bytes);
                }
                let bytes = Bytes::from_bytes_vec(bytes);
                let data = TensorData::from_bytes(bytes, view.shape.clone(), dtype);
                tensors.insert(name, data);
            }
        }
        Ok(Self { tensors })
    }
}

/// Checks that names differ, and that the tensors are not far larger than a file of `length` bytes.
/// Views of one storage may be many and large, but weights are rarely shared sixteen times.
fn check(found: &[(String, Rc<View>)], length: u64) -> Result<(), StateDictError> {
    let limit = length.saturating_mul(16).saturating_add(64 << 20);
    let mut names = HashSet::new();
    let mut total = 0u64;
    for (name, view) in found {
        let (_, size) = dtype(view.storage.kind);
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
        if !names.insert(name) {
            return Err(StateDictError::Twice(name.clone()));
        }
    }
    Ok(())
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
        "ByteStorage" => (DType::U8, 1),
        "BoolStorage" => (DType::Bool(BoolStore::Native), 1),
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
