//! Reading and writing IDX files; errors name the file.

use std::io;
use std::path::Path;

use super::{Idx, IdxError};
use crate::fs::file;

impl Idx {
    /// Reads an IDX file, plain or in gzip. The content tells which, not the name.
    ///
    /// # Errors
    ///
    /// [`IdxError::Io`] if the file cannot be read, and [`IdxError::File`] around the errors of
    /// [`Idx::decode`]. Both name the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, IdxError> {
        let path = path.as_ref();
        let bytes = read_bounded(path).map_err(|source| IdxError::Io {
            path: path.to_owned(),
            source,
        })?;
        bytes
            .and_then(|bytes| Self::decode(&bytes))
            .map_err(|error| match error {
                // The name decides only which error is reported.
                IdxError::Magic { found } if path.extension().is_some_and(|e| e == "gz") => {
                    IdxError::NotGzip { found }
                }
                error => error,
            })
            .map_err(|error| IdxError::File {
                path: path.to_owned(),
                source: Box::new(error),
            })
    }

    /// Writes a plain IDX file. The bytes go to a temporary file in the same folder, which then
    /// takes the name: a reader finds the old file or the new one, never a part.
    ///
    /// # Errors
    ///
    /// [`IdxError::Io`], naming the file.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), IdxError> {
        write(path.as_ref(), || Ok(self.to_bytes()))
    }

    /// Writes an IDX file in gzip, through a temporary file as [`Idx::write`] does. The name is taken
    /// as it is: add `.gz` yourself.
    ///
    /// # Errors
    ///
    /// [`IdxError::Io`], naming the file.
    pub fn write_gzip(&self, path: impl AsRef<Path>) -> Result<(), IdxError> {
        write(path.as_ref(), || self.to_gzip())
    }
}

/// The file's bytes, unless there are more than the largest array can need.
fn read_bounded(path: &Path) -> io::Result<Result<Vec<u8>, IdxError>> {
    // Room for the longest header, and for what gzip adds to data that does not compress.
    const LIMIT: u64 = Idx::MAX_BYTES as u64 + (1 << 20);

    let bytes = file::read_bounded(path, LIMIT)?;
    Ok(bytes.map_err(|found| IdxError::TooLarge {
        limit: Idx::MAX_BYTES,
        found,
    }))
}

fn write(path: &Path, bytes: impl FnOnce() -> io::Result<Vec<u8>>) -> Result<(), IdxError> {
    file::write_whole(path, bytes).map_err(|source| IdxError::Io {
        path: path.to_owned(),
        source,
    })
}
