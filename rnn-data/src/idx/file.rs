//! IDX files: errors that name the file, and writing that leaves no half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Idx, IdxError};

impl Idx {
    /// Reads an IDX file, plain or in gzip. The content tells which, not the name.
    ///
    /// # Errors
    ///
    /// [`IdxError::Io`] if the file cannot be read, and [`IdxError::File`] around the errors of
    /// [`Idx::decode`]. Both name the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, IdxError> {
        let path = path.as_ref();
        let bytes = read_bounded(path).map_err(|error| IdxError::Io {
            path: path.to_owned(),
            error,
        })?;
        bytes
            .and_then(|bytes| Self::decode(&bytes))
            .map_err(|error| match error {
                // The name decides nothing but which of two surprises is reported.
                IdxError::Magic { found } if path.extension().is_some_and(|e| e == "gz") => {
                    IdxError::NotGzip { found }
                }
                error => error,
            })
            .map_err(|error| IdxError::File {
                path: path.to_owned(),
                error: Box::new(error),
            })
    }

    /// Writes a plain IDX file. The bytes go to a temporary file in the same folder, which then
    /// takes the name: a reader finds the old file or the new one, never a part.
    ///
    /// # Errors
    ///
    /// [`IdxError::Io`], naming the file.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), IdxError> {
        write_whole(path.as_ref(), || Ok(self.to_bytes()))
    }

    /// Writes an IDX file in gzip, with the care of [`Idx::write`]. The name is taken as it is: add
    /// `.gz` yourself.
    ///
    /// # Errors
    ///
    /// [`IdxError::Io`], naming the file.
    pub fn write_gzip(&self, path: impl AsRef<Path>) -> Result<(), IdxError> {
        write_whole(path.as_ref(), || self.to_gzip())
    }
}

/// The file's bytes, unless there are more than the largest array can need.
fn read_bounded(path: &Path) -> io::Result<Result<Vec<u8>, IdxError>> {
    // Room for the longest header, and for what gzip adds to data that does not compress.
    const LIMIT: u64 = Idx::MAX_BYTES as u64 + (1 << 20);

    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    if len <= LIMIT {
        // Nothing is reserved: a sparse file's length is a promise like a header's.
        file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    }
    let found = len.max(bytes.len() as u64);
    if found > LIMIT {
        return Ok(Err(IdxError::TooLarge {
            limit: Idx::MAX_BYTES,
            found,
        }));
    }
    Ok(Ok(bytes))
}

fn write_whole(path: &Path, bytes: impl FnOnce() -> io::Result<Vec<u8>>) -> Result<(), IdxError> {
    let temporary = sibling(path);
    let written = bytes()
        .and_then(|bytes| {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&temporary)?;
            file.write_all(&bytes)?;
            // Without this, a power cut after the rename could leave the name with no content.
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // It may not exist; what went wrong before is what matters.
        let _ = fs::remove_file(&temporary);
        IdxError::Io {
            path: path.to_owned(),
            error,
        }
    })
}

/// A name in the same folder that no other writer uses: renaming works only within a file system.
fn sibling(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.tmp", std::process::id()));
    path.with_file_name(name)
}
