//! The archives of `torch.save` since PyTorch 1.6, and of `torch.jit.save`.

use std::io::{Read, Seek};
use std::rc::Rc;

use super::pickle::{Dialect, Pickle, View};
use super::{Contents, MAX_PICKLE, Storages};
use crate::interop::archive::Archive;
use crate::interop::error::PyTorchError;
use crate::interop::format::FileFormat;

/// The entry that says which tensors there are.
const PICKLE: &str = "data.pkl";
/// The same of TorchScript's constants.
const CONSTANTS: &str = "constants.pkl";

/// The archive: `NAME/data.pkl`, and `NAME/data/KEY` for each storage.
pub(super) struct Zipped<F> {
    archive: Archive<F>,
    root: String,
}

/// The folder in which such an archive lies within `archive`, if it is one.
pub(in crate::interop) fn root<F: Read + Seek>(archive: &Archive<F>) -> Option<String> {
    archive.names().iter().find_map(|name| {
        let root = name.strip_suffix(PICKLE)?;
        (root.is_empty() || root.ends_with('/')).then(|| root.to_owned())
    })
}

/// Reads what tensors there are.
pub(super) fn open<F: Read + Seek>(
    archive: Archive<F>,
    root: String,
) -> Result<Contents<Zipped<F>>, PyTorchError> {
    let has = |name: &str| archive.names().contains(&format!("{root}{name}"));
    let is_script = has(CONSTANTS);
    let mut zipped = Zipped { archive, root };
    let order = zipped.read("byteorder", 16).unwrap_or_default();
    if order.starts_with(b"big") {
        return Err(PyTorchError::BigEndian);
    }
    let dialect = Dialect {
        pickle: PICKLE,
        folder: "data",
        script: is_script,
    };
    let pickle = Pickle::parse(&zipped.read(PICKLE, MAX_PICKLE)?, dialect)?;
    let nothing = pickle.describe();
    let mut tensors = pickle.into_tensors()?;
    if is_script {
        tensors.extend(zipped.constants()?);
    }
    Ok(Contents {
        format: match is_script {
            true => FileFormat::TorchScript,
            false => FileFormat::PyTorch,
        },
        length: zipped.archive.length(),
        tensors,
        nothing,
        storages: zipped,
    })
}

impl<F: Read + Seek> Zipped<F> {
    fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PyTorchError> {
        self.archive.read(&format!("{}{name}", self.root), limit)
    }

    /// The tensors that the code of a TorchScript archive refers to; they are called `constants.0` and so on.
    fn constants(&mut self) -> Result<Vec<(String, Rc<View>)>, PyTorchError> {
        let dialect = Dialect {
            pickle: CONSTANTS,
            folder: "constants",
            script: true,
        };
        let constants = Pickle::parse(&self.read(CONSTANTS, MAX_PICKLE)?, dialect)?;
        let constants = constants.into_tensors()?.into_iter();
        let named = constants.map(|(name, view)| (format!("constants.{name}"), view));
        Ok(named.collect())
    }
}

impl<F: Read + Seek> Storages for Zipped<F> {
    fn storage(&mut self, folder: &str, key: &str) -> Result<Vec<u8>, PyTorchError> {
        self.read(&format!("{folder}/{key}"), u64::MAX)
    }

    fn length(&self, folder: &str, key: &str) -> Option<u64> {
        let name = format!("{}{folder}/{key}", self.root);
        self.archive.size(&name)
    }
}
