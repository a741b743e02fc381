//! Text files, plain or in gzip.

use std::borrow::Cow;
use std::path::Path;

use super::{TextError, file};
use crate::gzip;

/// The most text that is read, in bytes, once it is decompressed: over ten million words of CoNLL-U.
pub(crate) const MAX_BYTES: usize = 1 << 30;

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
/// assert_eq!(error.to_string(), "line 2, column 3: expected UTF-8, found byte 0xff (byte offset 5)");
/// # Ok::<(), rnn_data::TextError>(())
/// ```
pub fn decode_text(bytes: &[u8]) -> Result<String, TextError> {
    decode_up_to(bytes, MAX_BYTES)
}

fn decode_up_to(bytes: &[u8], limit: usize) -> Result<String, TextError> {
    let plain = plain_up_to(bytes, limit)?;
    let text = file::utf8(&plain)?;
    Ok(text.strip_prefix(BOM).unwrap_or(text).to_owned())
}

/// The byte order mark, which is no part of a text.
pub(crate) const BOM: char = '\u{feff}';

/// Bytes, plain or in gzip, as plain ones, at most `limit` of them, which are not UTF-16.
pub(crate) fn plain_up_to(bytes: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, TextError> {
    let plain = if bytes.starts_with(&gzip::MAGIC) {
        Cow::Owned(gzip::decode_up_to(bytes, limit)?)
    } else {
        Cow::Borrowed(bytes)
    };
    if plain.len() > limit {
        let found = plain.len() as u64;
        return Err(TextError::TooLarge { limit, found });
    }
    if file::is_utf16(&plain) {
        return Err(TextError::Utf16);
    }
    Ok(plain)
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
        .map_err(|error| error.in_file(path))
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
