//! Zip archives, as `torch.save`, `torch.jit.save` and `numpy.savez` write them.

use std::error::Error;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::error::PyTorchError;

/// The most entries that are read: each takes memory before it is known what it is.
const MAX_ENTRIES: u64 = 1 << 16;

/// An archive whose entries do not overlap, and have names of their own.
pub(super) struct Archive<F> {
    zip: ZipArchive<F>,
    names: Vec<String>,
    /// Whether checksums were written: `torch.serialization.set_crc32_options(False)` leaves them zero.
    has_checksums: bool,
    /// The file's length, in bytes.
    length: u64,
}

impl<F: Read + Seek> Archive<F> {
    /// Opens an archive of `length` bytes.
    ///
    /// # Errors
    ///
    /// If it is damaged, has more entries than weights need, two of one name or place, or one that would
    /// lie outside of the folder to which it is unpacked.
    pub fn open(mut file: F, length: u64) -> Result<Self, PyTorchError> {
        check_end(&mut file, length)?;
        let mut zip = ZipArchive::new(file).map_err(not_a_zip)?;
        if zip.has_duplicate_names() {
            return Err(damaged("two entries have one name"));
        }
        let names = zip.file_names().map(|name| name.map(String::from));
        let names: Vec<String> = names.collect::<Result<_, ZipError>>().map_err(not_a_zip)?;
        if let Some(name) = names.iter().find(|name| leads_outside(name)) {
            return Err(PyTorchError::Outside { name: name.clone() });
        }
        let has_checksums = check_places(&mut zip)?;
        Ok(Self {
            zip,
            names,
            has_checksums,
            length,
        })
    }

    /// The names of the entries, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The bytes of an entry, unpacked, as its header says.
    pub fn size(&self, name: &str) -> Option<u64> {
        let entry = self.zip.by_index_data(self.zip.index_for_name(name)?);
        entry.ok().map(|entry| entry.size())
    }

    /// The file's length, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The bytes of an entry that is stored as it is, at most `limit`.
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PyTorchError> {
        let name = || name.to_owned();
        let unreadable = |error: ZipError| PyTorchError::Entry {
            name: name(),
            source: cause(error),
        };
        let index = self.zip.index_for_name(&name());
        let index = index.ok_or_else(|| unreadable(ZipError::FileNotFound))?;
        let mut entry = self.zip.by_index_raw(index).map_err(unreadable)?;
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            return Err(PyTorchError::Compressed { name: name() });
        }
        let (expected, stored, checksum) = (entry.size(), entry.compressed_size(), entry.crc32());
        if expected > limit {
            let name = name();
            return Err(PyTorchError::TooLarge { name, limit });
        }
        let mut bytes = Vec::new();
        let mut found = stored;
        if stored == expected {
            // A header's word for the size is not to be trusted beyond the file's length.
            bytes.reserve(expected.min(self.length) as usize);
            let read = entry.read_to_end(&mut bytes);
            found = read.map_err(|error| unreadable(error.into()))? as u64;
        }
        if found != expected {
            return Err(PyTorchError::Size {
                name: name(),
                expected,
                found,
            });
        }
        let mut crc = Crc::new();
        crc.update(&bytes);
        if self.has_checksums && crc.sum() != checksum {
            return Err(PyTorchError::Checksum { name: name() });
        }
        Ok(bytes)
    }

    /// An entry, stored or deflated, whose checksum is compared at its end.
    pub fn reader(&mut self, name: &str) -> Result<impl Read + use<'_, F>, PyTorchError> {
        let unreadable = |error: ZipError| PyTorchError::Entry {
            name: name.to_owned(),
            source: cause(error),
        };
        let index = self.zip.index_for_name(name);
        let index = index.ok_or_else(|| unreadable(ZipError::FileNotFound))?;
        let has_checksums = self.has_checksums;
        let entry = self.zip.by_index_raw(index).map_err(unreadable)?;
        let checksum = has_checksums.then_some(entry.crc32());
        // The decoder is not the archive's own, which other crates may turn on and off.
        let is_deflated = entry.compression() == CompressionMethod::DEFLATE;
        if !is_deflated && entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            let name = name.to_owned();
            return Err(PyTorchError::Compressed { name });
        }
        let bytes: Box<dyn Read> = match is_deflated {
            true => Box::new(DeflateDecoder::new(entry)),
            false => Box::new(entry),
        };
        Ok(Checked {
            bytes,
            crc: Crc::new(),
            checksum,
        })
    }
}

/// Bytes with a checksum.
struct Checked<'a> {
    bytes: Box<dyn Read + 'a>,
    crc: Crc,
    checksum: Option<u32>,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.crc.update(&buffer[..read]);
        let is_end = read == 0 && !buffer.is_empty();
        if is_end && self.checksum.is_some_and(|sum| sum != self.crc.sum()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its checksum is another than the archive has",
            ));
        }
        Ok(read)
    }
}

/// Checks how many entries there are before anything is read of them. As these programs write it, the
/// table of contents lies directly before the end that says how many.
fn check_end<F: Read + Seek>(file: &mut F, length: u64) -> Result<(), PyTorchError> {
    const END: [u8; 4] = *b"PK\x05\x06";
    const END_LENGTH: u64 = 22;
    const COMMENT: u64 = 1 << 16;
    let mut read = |from: u64, most: u64| -> Result<Vec<u8>, PyTorchError> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.take(most).read_to_end(&mut bytes))
            .map_err(|error| not_a_zip(error.into()))?;
        Ok(bytes)
    };
    let from = length.saturating_sub(END_LENGTH + COMMENT);
    let tail = read(from, END_LENGTH + COMMENT)?;
    let at = tail.windows(4).rposition(|bytes| bytes == END);
    let cut = || damaged("the end of the archive is missing: the file may be cut");
    let at = at.ok_or_else(cut)?;
    let end = tail[at..].first_chunk::<22>().ok_or_else(cut)?;
    let comment = u64::from(u16::from_le_bytes([end[20], end[21]]));
    if (tail.len() - at) as u64 != END_LENGTH + comment {
        return Err(cut());
    }
    let end_at = from + at as u64;
    let mut entries = u64::from(u16::from_le_bytes([end[10], end[11]]));
    // Of a long archive another record says it, in 64 bits.
    if at >= 20
        && let Some(locator) = tail[at - 20..].first_chunk::<20>()
        && locator.starts_with(b"PK\x06\x07")
    {
        let place = u64::from_le_bytes(locator[8..16].try_into().unwrap_or_default());
        let long = read(place, 40)?;
        let count = long.get(32..40).and_then(|bytes| bytes.first_chunk());
        match count.copied().map(u64::from_le_bytes) {
            Some(count) if long.starts_with(b"PK\x06\x06") && place < end_at => entries = count,
            _ => return Err(cut()),
        }
    }
    match entries > MAX_ENTRIES {
        true => Err(PyTorchError::Entries {
            found: entries,
            limit: MAX_ENTRIES,
        }),
        false => Ok(()),
    }
}

/// Whether a file of that name would lie outside of the folder to which an archive is unpacked.
fn leads_outside(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']);
    name.starts_with(['/', '\\']) || parts.any(|part| part == "..")
}

/// Refuses an archive in which the same bytes are the data of two entries: a short file can hold very
/// much in this way. Gives whether there are checksums.
fn check_places<F: Read + Seek>(zip: &mut ZipArchive<F>) -> Result<bool, PyTorchError> {
    let mut has_checksums = false;
    let mut is_empty = true;
    let mut ranges = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(not_a_zip)?;
        let start = entry.header_start();
        let data = entry.data_start().unwrap_or(start);
        let end = data.saturating_add(entry.compressed_size());
        has_checksums |= entry.crc32() != 0;
        is_empty &= entry.size() == 0;
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
    Ok(has_checksums || is_empty)
}

fn not_a_zip(error: ZipError) -> PyTorchError {
    PyTorchError::Zip {
        source: cause(error),
    }
}

fn damaged(why: &'static str) -> PyTorchError {
    PyTorchError::Zip { source: why.into() }
}

/// What went wrong, once: `ZipError::Io` prints its source, which a printed chain prints again.
fn cause(error: ZipError) -> Box<dyn Error + Send + Sync> {
    match error {
        ZipError::Io(error) => error.into(),
        error => error.into(),
    }
}
