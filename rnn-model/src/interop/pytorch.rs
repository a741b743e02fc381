//! What `torch.save` and `torch.jit.save` write; needs the feature `pytorch`.

mod elements;
mod legacy;
mod pickle;
mod zipped;

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek};
use std::rc::Rc;

use burn::tensor::{Bytes, TensorData};

use super::archive::Archive;
use super::error::{PyTorchError, StateDictError};
use super::format::FileFormat;
use super::listing::{Listing, TensorInfo};
use super::state_dict::{StateDict, as_truth_values};
use super::strided;
use pickle::View;
pub(super) use zipped::root;

/// The longest pickle that is read, in bytes: it holds names and shapes, not the tensors' elements.
const MAX_PICKLE: u64 = 16 << 20;

/// Where the elements of tensors lie.
trait Storages {
    /// The bytes of the storage with that key; `folder` is where it lies in an archive.
    fn storage(&mut self, folder: &str, key: &str) -> Result<Vec<u8>, PyTorchError>;

    /// Its length in bytes, if it is there.
    fn length(&self, folder: &str, key: &str) -> Option<u64>;
}

/// The tensors of a file, before their elements are read.
struct Contents<S> {
    format: FileFormat,
    /// Of the file, in bytes.
    length: u64,
    tensors: Vec<(String, Rc<View>)>,
    /// What it holds, in words, if it has no tensors.
    nothing: String,
    storages: S,
}

/// Reads an archive of PyTorch's that lies in the folder `root`.
pub(super) fn read_zipped(
    archive: Archive<impl Read + Seek>,
    root: String,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<StateDict, StateDictError> {
    zipped::open(archive, root)?.read(is_wanted)
}

/// Lists what such an archive holds.
pub(super) fn list_zipped(
    archive: Archive<impl Read + Seek>,
    root: String,
) -> Result<Listing, StateDictError> {
    zipped::open(archive, root)?.list()
}

/// Reads what `torch.save` wrote before PyTorch 1.6, `length` bytes.
pub(super) fn read_legacy(
    file: impl Read + Seek,
    length: u64,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<StateDict, StateDictError> {
    legacy::open(file, length)?.read(is_wanted)
}

/// Lists what such a file holds.
pub(super) fn list_legacy(file: impl Read + Seek, length: u64) -> Result<Listing, StateDictError> {
    legacy::open(file, length)?.list()
}

impl<S: Storages> Contents<S> {
    fn list(self) -> Result<Listing, StateDictError> {
        self.check_names()?;
        self.check_bounds()?;
        let tensors = self.tensors.into_iter().map(|(name, view)| TensorInfo {
            name,
            bytes: size_of_view(&view).unwrap_or(u64::MAX),
            dtype: match view.elements.dtype {
                Some(dtype) => super::listing::name_of(dtype),
                None => view.elements.name.to_owned(),
            },
            shape: view.shape.clone(),
        });
        Ok(Listing::new(self.format, tensors.collect()))
    }

    fn read(mut self, is_wanted: impl Fn(&str) -> bool) -> Result<StateDict, StateDictError> {
        self.check_names()?;
        self.tensors.retain(|(name, _)| is_wanted(name));
        self.check_types()?;
        self.check_size()?;
        // Storage by storage, so that no more than one is in memory beside the tensors.
        let mut storages: BTreeMap<_, Vec<(String, Rc<View>)>> = BTreeMap::new();
        for (name, view) in self.tensors {
            let place = (view.storage.folder, view.storage.key.clone());
            storages.entry(place).or_default().push((name, view));
        }
        let mut tensors = BTreeMap::new();
        for ((folder, key), views) in storages {
            let storage = self.storages.storage(folder, &key)?;
            for (name, view) in views {
                let Some(data) = tensor_of(&storage, &view) else {
                    return Err(StateDictError::PyTorch(PyTorchError::Bounds {
                        name,
                        shape: view.shape.clone(),
                        elements: storage.len() / view.elements.size,
                    }));
                };
                tensors.insert(name, data);
            }
        }
        Ok(StateDict { tensors })
    }

    /// Checks that there are tensors, and that they have names, which differ.
    fn check_names(&self) -> Result<(), StateDictError> {
        let mut names = HashSet::new();
        for (name, view) in &self.tensors {
            if name.is_empty() {
                let shape = view.shape.clone();
                return Err(StateDictError::NoName { shape });
            }
            if !names.insert(name) {
                return Err(StateDictError::Twice(name.clone()));
            }
        }
        match names.is_empty() {
            true => Err(StateDictError::NoTensors {
                found: self.nothing.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Checks that the tensors are within their storages, without reading those.
    fn check_bounds(&self) -> Result<(), PyTorchError> {
        for (name, view) in &self.tensors {
            let storage = &view.storage;
            if view.elements.dtype.is_none() {
                continue;
            }
            let length = self.storages.length(storage.folder, &storage.key);
            let elements = length.unwrap_or(0) / view.elements.size as u64;
            let is_within = size_of_view(view) == Some(0)
                || view.shape.len() == view.stride.len()
                    && strided::last_element(view.offset, &view.shape, &view.stride)
                        .is_some_and(|last| (last as u64) < elements);
            if !is_within {
                return Err(PyTorchError::Bounds {
                    name: name.clone(),
                    shape: view.shape.clone(),
                    elements: elements as usize,
                });
            }
        }
        Ok(())
    }

    /// Checks that all tensors are of types that are read.
    fn check_types(&self) -> Result<(), PyTorchError> {
        let is_unread = |(_, view): &&(String, Rc<View>)| view.elements.dtype.is_none();
        let mut unread = self.tensors.iter().filter(is_unread);
        let Some((name, view)) = unread.next() else {
            return Ok(());
        };
        let (kind, advice) = view.elements.refusal();
        Err(PyTorchError::Unread {
            name: name.clone(),
            kind,
            count: 1 + unread.count(),
            total: self.tensors.len(),
            advice,
        })
    }

    /// Checks that the tensors are not far larger than the file. Views of one storage may be many and
    /// large, but weights are rarely shared sixteen times.
    fn check_size(&self) -> Result<(), PyTorchError> {
        let limit = self.length.saturating_mul(16).saturating_add(16 << 20);
        let mut total = 0u64;
        for (name, view) in &self.tensors {
            total = size_of_view(view)
                .and_then(|bytes| total.checked_add(bytes))
                .filter(|total| *total <= limit)
                .ok_or_else(|| PyTorchError::TooLarge {
                    name: name.clone(),
                    limit,
                })?;
        }
        Ok(())
    }
}

/// The bytes of a view's elements, if a number can be that large.
fn size_of_view(view: &View) -> Option<u64> {
    strided::byte_length(&view.shape, view.elements.size)
}

/// A view's elements as a tensor; none if it leaves its storage, or its type is not read.
fn tensor_of(storage: &[u8], view: &View) -> Option<TensorData> {
    let dtype = view.elements.dtype?;
    let size = view.elements.size;
    let mut bytes = strided::gather(storage, size, view.offset, &view.shape, &view.stride)?;
    if dtype.is_bool() {
        as_truth_values(&mut bytes);
    }
    let bytes = Bytes::from_bytes_vec(bytes);
    Some(TensorData::from_bytes(bytes, view.shape.clone(), dtype))
}
