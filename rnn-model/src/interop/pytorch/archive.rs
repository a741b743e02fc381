use std::error::Error;
use std::io::{Read, Seek};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::interop::error::PyTorchError;

/// The longest pickle that is read, in bytes: it holds names and shapes, not the tensors' elements.
const MAX_PICKLE: u64 = 64 << 20;

/// The archive: `NAME/data.pkl`, and `NAME/data/KEY` for each storage.
pub(super) struct Archive<F> {
    zip: ZipArchive<F>,
    root: String,
    /// The file's length, in bytes.
    length: u64,
}

impl<F: Read + Seek> Archive<F> {
    pub fn open(file: F, length: u64) -> Result<Self, PyTorchError> {
        let mut zip = ZipArchive::new(file).map_err(not_a_zip)?;
        let root = zip
            .file_names()
            .filter_map(Result::ok)
            .find_map(|name| Some(name.strip_suffix("data.pkl")?.to_owned()))
            .ok_or(PyTorchError::NoPickle)?;
        refuse_overlaps(&mut zip)?;
        let mut archive = Self { zip, root, length };
        let order = archive.read("byteorder", 16).unwrap_or_default();
        if order.starts_with(b"big") {
            return Err(PyTorchError::BigEndian);
        }
        Ok(archive)
    }

    pub fn pickle(&mut self) -> Result<Vec<u8>, PyTorchError> {
        self.read("data.pkl", MAX_PICKLE)
    }

    pub fn storage(&mut self, key: &str) -> Result<Vec<u8>, PyTorchError> {
        self.read(&format!("data/{key}"), u64::MAX)
    }

    fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PyTorchError> {
        let name = format!("{}{name}", self.root);
        let unreadable = |error: ZipError| PyTorchError::Entry {
            name: name.clone(),
            source: cause(error),
        };
        let index = self.zip.index_for_name(&name);
        let index = index.ok_or_else(|| unreadable(ZipError::FileNotFound))?;
        // Whether a decoder is there depends on the build; none is needed for what torch.save writes.
        let entry = self.zip.by_index_data(index).map_err(unreadable)?;
        if entry.compression() != CompressionMethod::Stored {
            return Err(PyTorchError::Compressed { name });
        }
        let mut file = self.zip.by_index(index).map_err(unreadable)?;
        let (expected, stored) = (file.size(), file.compressed_size());
        if expected > limit {
            return Err(PyTorchError::TooLarge { name, limit });
        }
        let mut bytes = Vec::new();
        let mut found = stored;
        if stored == expected {
            // A header's word for the size is not to be trusted beyond the file's length.
            bytes.reserve(expected.min(self.length) as usize);
            let read = file.read_to_end(&mut bytes);
            found = read.map_err(|error| unreadable(error.into()))? as u64;
        }
        if found == expected {
            Ok(bytes)
        } else {
            Err(PyTorchError::Size {
                name,
                expected,
                found,
            })
        }
    }
}

/// Refuses an archive in which the same bytes are the data of two entries: a short file can hold very
/// much in this way.
fn refuse_overlaps<F: Read + Seek>(zip: &mut ZipArchive<F>) -> Result<(), PyTorchError> {
    let mut ranges = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(not_a_zip)?;
        let start = entry.header_start();
        let data = entry.data_start().unwrap_or(start);
        let end = data.saturating_add(entry.compressed_size());
        ranges.push((start, end, index));
    }
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        if let [(_, end, first), (start, _, second)] = *pair
            && start < end
        {
            let name = |index| match zip.name_for_index(index) {
                Some(Ok(name)) => name.into_owned(),
                _ => format!("entry {index}"),
            };
            return Err(PyTorchError::Overlap {
                first: name(first),
                second: name(second),
            });
        }
    }
    Ok(())
}

fn not_a_zip(error: ZipError) -> PyTorchError {
    PyTorchError::Zip {
        source: cause(error),
    }
}

/// What went wrong, once: `ZipError::Io` prints its source, which a printed chain prints again.
fn cause(error: ZipError) -> Box<dyn Error + Send + Sync> {
    match error {
        ZipError::Io(error) => error.into(),
        error => error.into(),
    }
}
