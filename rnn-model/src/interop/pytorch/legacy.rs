//! What `torch.save` wrote before PyTorch 1.6, and writes with `_use_new_zipfile_serialization=False`:
//! five pickles (a number that marks the format, its version, the system's byte order, the object, the
//! keys of the storages), and after them each storage, its length in elements before it.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::rc::Rc;

use super::elements::Elements;
use super::pickle::{Dialect, Pickle, Value};
use super::{Contents, MAX_PICKLE, Storages};
use crate::interop::error::PyTorchError;
use crate::interop::format::FileFormat;

/// The version of the format that is read; there was no other.
const VERSION: i64 = 1001;

/// The most storages that are read.
const MAX_STORAGES: usize = 1 << 16;

/// The storages, and where they lie.
pub(super) struct Legacy<F> {
    file: F,
    /// Where the elements of each begin, and their length in bytes.
    places: HashMap<Rc<str>, (u64, u64)>,
}

/// Reads what tensors there are in a file of `length` bytes.
pub(super) fn open<F: Read + Seek>(
    mut file: F,
    length: u64,
) -> Result<Contents<Legacy<F>>, PyTorchError> {
    let mut bytes = Vec::new();
    read(
        &mut file,
        0,
        MAX_PICKLE.min(length),
        "the pickle",
        &mut bytes,
    )?;
    let mut at = 0;
    let mut next = |pickle: &'static str| {
        let dialect = Dialect {
            pickle,
            folder: "",
            script: false,
        };
        let pickle = Pickle::parse(&bytes[at..], dialect)?;
        at += pickle.length();
        Ok::<_, PyTorchError>(pickle)
    };
    next("the pickle of the format's number")?;
    let version = next("the pickle of the format's version")?;
    if !matches!(version.root(), Value::Int(VERSION)) {
        return Err(fault("the format's version", "the version 1001", "another"));
    }
    let system = next("the pickle of the system")?;
    if let Value::Dict(items) = system.root() {
        for &(key, value) in items {
            if let (Value::Text(key), Value::Bool(false)) = (system.value(key), system.value(value))
                && **key == *"little_endian"
            {
                return Err(PyTorchError::BigEndian);
            }
        }
    }
    let pickle = next("the pickle")?;
    let keys = next("the pickle of the storages")?;
    let Value::List(list) = keys.root() else {
        return Err(fault(
            "the pickle of the storages",
            "a list of keys",
            "another value",
        ));
    };

    if list.len() > MAX_STORAGES {
        let found = list.len().to_string();
        return Err(fault(
            "the pickle of the storages",
            "at most 65536 keys",
            &found,
        ));
    }
    let of_keys: HashMap<&str, Elements> = pickle
        .storages()
        .map(|storage| (&*storage.key, storage.elements))
        .collect();
    let mut places = HashMap::new();
    let mut position = at as u64;
    for &key in list {
        let Value::Text(key) = keys.value(key) else {
            return Err(fault(
                "the pickle of the storages",
                "a key",
                "another value",
            ));
        };
        let Some(elements) = of_keys.get(&**key) else {
            let found = format!("{key:?}");
            return Err(fault(
                "the pickle of the storages",
                "keys of storages",
                &found,
            ));
        };
        let cut = |found| PyTorchError::Size {
            name: format!("storage {key}"),
            expected: position.saturating_add(8),
            found,
        };
        let mut count = Vec::new();
        read(&mut file, position, 8, key, &mut count)?;
        let count = count.first_chunk().ok_or_else(|| cut(length))?;
        let begin = position.saturating_add(8);
        let size = u64::from_le_bytes(*count).saturating_mul(elements.size as u64);
        let end = begin.saturating_add(size);
        if end > length {
            return Err(PyTorchError::Size {
                name: format!("storage {key}"),
                expected: size,
                found: length.saturating_sub(begin),
            });
        }
        places.insert(key.clone(), (begin, size));
        position = end;
    }
    let nothing = pickle.describe();
    Ok(Contents {
        format: FileFormat::PyTorchLegacy,
        length,
        tensors: pickle.into_tensors()?,
        nothing,
        storages: Legacy { file, places },
    })
}

impl<F: Read + Seek> Storages for Legacy<F> {
    fn storage(&mut self, _: &str, key: &str) -> Result<Vec<u8>, PyTorchError> {
        let Some(&(begin, size)) = self.places.get(key) else {
            let found = format!("{key:?} in none");
            return Err(fault(
                "the pickle of the storages",
                "each storage's key",
                &found,
            ));
        };
        let mut bytes = Vec::new();
        read(&mut self.file, begin, size, key, &mut bytes)?;
        match bytes.len() as u64 == size {
            true => Ok(bytes),
            false => Err(PyTorchError::Size {
                name: format!("storage {key}"),
                expected: size,
                found: bytes.len() as u64,
            }),
        }
    }

    fn length(&self, _: &str, key: &str) -> Option<u64> {
        self.places.get(key).map(|&(_, size)| size)
    }
}

/// Reads at most `length` bytes from `position` on; fewer if the file ends before.
fn read<F: Read + Seek>(
    file: &mut F,
    position: u64,
    length: u64,
    name: &str,
    bytes: &mut Vec<u8>,
) -> Result<(), PyTorchError> {
    file.seek(SeekFrom::Start(position))
        .and_then(|_| file.take(length).read_to_end(bytes))
        .map(drop)
        .map_err(|error| PyTorchError::Entry {
            name: name.to_owned(),
            source: error.into(),
        })
}

fn fault(pickle: &'static str, expected: &str, found: &str) -> PyTorchError {
    PyTorchError::Pickle {
        pickle,
        offset: 0,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}
