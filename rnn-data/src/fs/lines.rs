//! Text files line by line, however long they are.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::TextError;
use super::file;
use crate::gzip;

/// The longest line that is read, in bytes: 1 MiB. A file without line ends does not fill the memory.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// How many bytes are read of a file at a time.
const CHUNK: usize = 64 << 10;

/// A file to be read from its beginning on, plain or in gzip. The content tells which, not the name.
///
/// # Errors
///
/// [`TextError::Io`], which names the file.
pub fn open_text(path: &Path) -> Result<Box<dyn BufRead + Send>, TextError> {
    let open = || plain_text(File::open(path)?);
    open().map_err(|source| TextError::Io {
        path: path.to_owned(),
        source,
    })
}

/// What is read, plain or in gzip, as plain text. It waits for the first byte.
///
/// # Errors
///
/// If they can't be read.
pub fn plain_text(mut input: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    // A pipe can't be read twice, and may give one byte at a time.
    let mut head = Vec::new();
    input.by_ref().take(1).read_to_end(&mut head)?;
    // A second byte may be long in coming: it is asked for only where it can say gzip.
    if head == gzip::MAGIC[..1] {
        input.by_ref().take(1).read_to_end(&mut head)?;
    }
    let is_gzip = head == gzip::MAGIC;
    let whole = BufReader::with_capacity(CHUNK, Cursor::new(head).chain(input));
    Ok(match is_gzip {
        true => Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(whole))),
        false => Box::new(whole),
    })
}

/// Reads one line after the other, each at most 1 MiB of UTF-8.
pub struct LineReader<R> {
    input: R,
    /// The line read last.
    bytes: Vec<u8>,
    /// Its number, from 1.
    number: usize,
    /// Where it begins in the text, in bytes.
    offset: u64,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from `input`, plain text.
    pub const fn new(input: R) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            number: 0,
            offset: 0,
        }
    }

    /// The number of the line read last, from 1; 0 before the first.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The next line and its number, from 1: with what ends it, and the first with a byte order mark if
    /// there is one. `None` after the last.
    ///
    /// # Errors
    ///
    /// [`TextError::Read`], [`TextError::Utf16`], [`TextError::LongLine`] and [`TextError::NotUtf8`].
    pub fn read(&mut self) -> Result<Option<(usize, &str)>, TextError> {
        self.offset += self.bytes.len() as u64;
        self.bytes.clear();
        let line = self.number + 1;
        let mut bounded = self.input.by_ref().take(MAX_LINE as u64 + 1);
        bounded
            .read_until(b'\n', &mut self.bytes)
            .map_err(|source| TextError::Read { line, source })?;
        if self.bytes.is_empty() {
            return Ok(None);
        }
        self.number = line;
        if line == 1 && file::is_utf16(&self.bytes) {
            return Err(TextError::Utf16);
        }
        if self.bytes.len() > MAX_LINE {
            let limit = MAX_LINE;
            return Err(TextError::LongLine { line, limit });
        }
        match file::utf8(&self.bytes) {
            Ok(text) => Ok(Some((line, text))),
            Err(error) => Err(TextError::NotUtf8 {
                offset: self.offset + error.offset as u64,
                line,
                column: error.column,
                found: error.found,
            }),
        }
    }
}

/// A line without what ends it. The text may be cut off between CR and LF.
pub fn line_content(line: &str) -> &str {
    line.strip_suffix('\n')
        .unwrap_or(line)
        .trim_end_matches('\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines, or the error that ends them.
    fn read(bytes: &[u8]) -> (Vec<String>, Option<String>) {
        let mut reader = LineReader::new(bytes);
        let mut lines = Vec::new();
        loop {
            match reader.read() {
                Ok(Some((number, line))) => {
                    lines.push(line.to_owned());
                    assert_eq!(number, lines.len());
                }
                Ok(None) => return (lines, None),
                Err(error) => return (lines, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn lines_keep_what_ends_them() {
        let (lines, error) = read("a\r\n\n é\r".as_bytes());
        assert_eq!(
            (lines, error),
            (vec!["a\r\n".into(), "\n".into(), " é\r".into()], None)
        );
        assert_eq!(
            ["a\r\n", "a", "\r", "\n"].map(line_content),
            ["a", "a", "", ""]
        );
    }

    #[test]
    fn a_line_that_is_no_text_is_told_where() {
        let (lines, error) = read(b"a\n\xc3\xa9b\xff\n");
        assert_eq!(lines, ["a\n"]);
        let expected = "line 2, column 3: expected UTF-8, found byte 0xff (byte offset 5)";
        assert_eq!(error.as_deref(), Some(expected));
        let (_, error) = read(b"\xff\xfea\0");
        assert!(error.is_some_and(|error| error.contains("UTF-16")));
    }

    #[test]
    fn a_text_without_line_ends_is_not_read_into_memory() {
        let longest = "x".repeat(MAX_LINE);
        assert_eq!(read(longest.as_bytes()), (vec![longest], None));
        let mut reader = LineReader::new(BufReader::new(io::repeat(b'x')));
        let error = reader.read().expect_err("endless");
        assert_eq!(
            error.to_string(),
            "line 1: expected at most 1048576 bytes, found more"
        );
        assert_eq!(reader.bytes.len(), MAX_LINE + 1);
    }
}
