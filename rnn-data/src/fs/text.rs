//! Text files, plain or in gzip.

use std::io;
use std::path::{Path, PathBuf};

use super::file;
use crate::gzip::{self, GzipError};

/// The most text that is read, in bytes, once it is decompressed: over ten million words of CoNLL-U.
const MAX_BYTES: usize = 1 << 30;

/// What can be wrong with a text, or with the file that holds it.
///
/// Lines and columns count from 1; columns count characters, so they are where an editor shows them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The bytes are not text.
    #[error("line {line}, column {column}: expected UTF-8, found byte {found:#04x}")]
    NotUtf8 {
        /// The line.
        line: usize,
        /// Where in the line.
        column: usize,
        /// The byte there.
        found: u8,
    },
    /// The bytes are UTF-16.
    #[error("expected UTF-8, found UTF-16, which PowerShell's > writes: save it as UTF-8")]
    Utf16,
    /// A compressed file is damaged.
    #[error(transparent)]
    Gzip(#[from] GzipError),
    /// More text than is read, compressed or not.
    #[error("expected at most {limit} bytes of text, found {found} or more")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// How many there are at least.
        found: u64,
    },
    /// A file could not be read.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file could be read, and what it holds is wrong.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<TextError>,
    },
}

/// Bytes, plain or in gzip, as text without a byte order mark.
///
/// # Errors
///
/// [`TextError::Gzip`], [`TextError::Utf16`], [`TextError::NotUtf8`], and [`TextError::TooLarge`] for text beyond 1 GiB, of
/// which no more than that is decoded.
///
/// ```
/// assert_eq!(rnn_data::fs::decode_text(b"\xef\xbb\xbfGo now")?, "Go now");
/// let error = rnn_data::fs::decode_text(b"Go\nno\xff").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 3: expected UTF-8, found byte 0xff");
/// # Ok::<(), rnn_data::TextError>(())
/// ```
pub fn decode_text(bytes: &[u8]) -> Result<String, TextError> {
    decode_up_to(bytes, MAX_BYTES)
}

fn decode_up_to(bytes: &[u8], limit: usize) -> Result<String, TextError> {
    let decoded;
    let plain = if bytes.starts_with(&gzip::MAGIC) {
        decoded = gzip::decode_up_to(bytes, limit)?;
        &decoded
    } else {
        bytes
    };
    if plain.len() > limit {
        let found = plain.len() as u64;
        return Err(TextError::TooLarge { limit, found });
    }
    if file::is_utf16(plain) {
        return Err(TextError::Utf16);
    }
    match file::utf8(plain) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(file::NotUtf8 {
            line,
            column,
            found,
        }) => Err(TextError::NotUtf8 {
            line,
            column,
            found,
        }),
    }
}

/// Reads a text file, plain or in gzip. The content tells which, not the name.
///
/// # Errors
///
/// [`TextError::Io`] if the file cannot be read, and [`TextError::File`] around the errors of
/// [`decode_text`]. Both name the file.
pub fn read_text(path: impl AsRef<Path>) -> Result<String, TextError> {
    let path = path.as_ref();
    let bytes = file::read_bounded(path, MAX_BYTES as u64).map_err(|source| TextError::Io {
        path: path.to_owned(),
        source,
    })?;
    bytes
        .map_err(|found| TextError::TooLarge {
            limit: MAX_BYTES,
            found,
        })
        .and_then(|bytes| decode_text(&bytes))
        .map_err(|error| TextError::File {
            path: path.to_owned(),
            source: Box::new(error),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn no_more_than_the_limit() {
        let text = b"Go/VB now/RB";
        let compressed = gzip::encode(text).unwrap();
        for bytes in [&text[..], &compressed] {
            assert_eq!(decode_up_to(bytes, 12).unwrap().len(), 12);
            let error = decode_up_to(bytes, 11).unwrap_err();
            assert!(matches!(
                error,
                TextError::TooLarge {
                    limit: 11,
                    found: 12
                }
            ));
        }
        // A megabyte of zeros in a kilobyte: what is decoded ends right after the limit.
        let bomb = gzip::encode(&vec![0; 1 << 20]).unwrap();
        assert_eq!(gzip::decode_up_to(&bomb, 100).unwrap().len(), 101);
    }
}
