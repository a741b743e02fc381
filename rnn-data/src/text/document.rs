//! A document: where its bytes are, and where its characters are in them.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::decode::{Piece, decode, prefix};
use super::{InvalidUtf8, TextError};
use crate::fs::text::BOM;

/// A document whose characters are counted.
pub(super) struct Document {
    /// For messages.
    path: PathBuf,
    source: Source,
    invalid: InvalidUtf8,
    counted: Counted,
}

/// What is known of a document once it was gone through, up to its end or some character.
#[derive(Default)]
struct Counted {
    /// The place of every [`STEP`]th character, from the first one on.
    marks: Vec<Mark>,
    chars: u64,
    /// As UTF-8, with replacements.
    utf8_len: u64,
}

/// How many characters lie between two that are marked.
pub(super) const STEP: u64 = 1 << 14;

/// The place of a character.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    /// In the source's bytes.
    pub(super) offset: u64,
    /// In the document as UTF-8, with replacements.
    pub(super) utf8_offset: u64,
}

/// Where a document's bytes are.
pub(super) enum Source {
    Memory(Vec<u8>),
    File {
        /// Absolute, since the working directory may change.
        path: PathBuf,
        len: u64,
        modified: Option<SystemTime>,
    },
}

impl Source {
    /// A file, as it is now.
    pub(super) fn file(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        Ok(Self::File {
            path: std::path::absolute(path)?,
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }
}

impl Document {
    /// Goes through a document once, `chunk` bytes at a time, at least four.
    pub(super) fn new(
        path: &Path,
        source: Source,
        invalid: InvalidUtf8,
        chunk: usize,
    ) -> Result<Self, TextError> {
        let mut document = Self {
            path: path.to_owned(),
            source,
            invalid,
            counted: Counted::default(),
        };
        document.counted = document.count(chunk)?;
        Ok(document)
    }

    /// A document in memory, as it is.
    pub(super) fn of_string(path: &Path, text: String) -> Self {
        let mut counted = Counted::default();
        counted.add(0, &text);
        Self {
            path: path.to_owned(),
            source: Source::Memory(text.into_bytes()),
            invalid: InvalidUtf8::Refuse,
            counted,
        }
    }

    fn count(&self, chunk: usize) -> Result<Counted, TextError> {
        let len = self.source.len();
        let mut bom = [0; BOM.len_utf8()];
        let bom = BOM.encode_utf8(&mut bom).as_bytes();
        let begins_with_bom = self.read_at(0, bom.len())?.starts_with(bom);
        let start = if begins_with_bom { bom.len() as u64 } else { 0 };

        let mut counted = Counted::default();
        let mut offset = start;
        while offset < len {
            let bytes = self.read_at(offset, chunk)?;
            let at_end = offset + bytes.len() as u64 == len;
            let done = decode(&bytes, at_end, |at, piece| {
                let at = offset + at as u64;
                match piece {
                    Piece::Valid(text) => counted.add(at, text),
                    Piece::Invalid(_) if self.invalid == InvalidUtf8::Replace => {
                        counted.add(at, REPLACEMENT);
                    }
                    Piece::Invalid(found) => return Err(self.not_utf8(start, at, found, chunk)),
                }
                Ok(())
            })?;
            offset += done as u64;
        }
        counted.marks.shrink_to_fit();
        Ok(counted)
    }

    /// The error of a byte that is the first that is not UTF-8.
    fn not_utf8(&self, start: u64, offset: u64, found: u8, chunk: usize) -> TextError {
        let (mut line, mut column) = (1, 1);
        let mut at = start;
        while at < offset {
            let wanted = (offset - at).min(chunk as u64) as usize;
            let bytes = match self.read_at(at, wanted) {
                Ok(bytes) => bytes,
                Err(error) => return error,
            };
            for byte in bytes.iter() {
                match byte {
                    b'\n' => (line, column) = (line + 1, 1),
                    // All bytes of a character but its first.
                    0x80..=0xbf => {}
                    _ => column += 1,
                }
            }
            at += bytes.len() as u64;
        }
        let error = TextError::NotUtf8 {
            offset,
            line,
            column,
            found,
        };
        error.in_file(&self.path)
    }

    /// The path for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many characters there are.
    pub(super) const fn num_chars(&self) -> u64 {
        self.counted.chars
    }

    /// How many bytes of UTF-8 there are, with replacements.
    pub(super) const fn utf8_len(&self) -> u64 {
        self.counted.utf8_len
    }

    /// The last marked character up to this one, and its place.
    pub(super) fn mark(&self, position: u64) -> (u64, Mark) {
        let index = position / STEP;
        let mark = usize::try_from(index).ok();
        let mark = mark.and_then(|index| self.counted.marks.get(index));
        (index * STEP, mark.copied().unwrap_or_default())
    }

    /// Appends about `chunk` bytes, at least four, that begin with a character at `offset`. Returns
    /// where the next character begins.
    ///
    /// # Errors
    ///
    /// Nothing left is [`TextError::Changed`], too: there were as many characters as are asked for.
    pub(super) fn append(
        &self,
        offset: u64,
        chunk: usize,
        to: &mut String,
    ) -> Result<u64, TextError> {
        let bytes = self.read_at(offset, chunk)?;
        let next = offset + bytes.len() as u64;
        let done = decode(&bytes, next == self.source.len(), |_, piece| {
            match piece {
                Piece::Valid(text) => to.push_str(text),
                Piece::Invalid(_) if self.invalid == InvalidUtf8::Replace => {
                    to.push_str(REPLACEMENT);
                }
                // All was valid when the document was opened.
                Piece::Invalid(_) => return Err(self.changed(self.source.len())),
            }
            Ok(())
        })?;
        if done == 0 {
            return Err(self.changed(self.source.len()));
        }
        Ok(offset + done as u64)
    }

    /// At most `wanted` bytes, fewer only at the document's end.
    fn read_at(&self, offset: u64, wanted: usize) -> Result<Cow<'_, [u8]>, TextError> {
        let left = self.source.len().saturating_sub(offset);
        let wanted = left.min(wanted as u64) as usize;
        match &self.source {
            Source::Memory(bytes) => Ok(Cow::Borrowed(
                &bytes[bytes.len() - left as usize..][..wanted],
            )),
            Source::File {
                path,
                len,
                modified,
            } => {
                let io = |source| TextError::Io {
                    path: self.path.clone(),
                    source,
                };
                let mut file = File::open(path).map_err(io)?;
                let metadata = file.metadata().map_err(io)?;
                if metadata.len() != *len || metadata.modified().ok() != *modified {
                    return Err(self.changed(metadata.len()));
                }
                file.seek(SeekFrom::Start(offset)).map_err(io)?;
                let mut bytes = vec![0; wanted];
                file.read_exact(&mut bytes)
                    .map_err(|error| match error.kind() {
                        io::ErrorKind::UnexpectedEof => {
                            self.changed(file.metadata().map_or(offset, |now| now.len()))
                        }
                        _ => io(error),
                    })?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    fn changed(&self, found: u64) -> TextError {
        let expected = self.source.len();
        TextError::Changed { expected, found }.in_file(&self.path)
    }
}

/// What stands for an invalid sequence.
const REPLACEMENT: &str = "\u{fffd}";

impl Counted {
    /// Counts characters, the first of which is at `offset` in the source.
    fn add(&mut self, mut offset: u64, mut text: &str) {
        while !text.is_empty() {
            let since = self.chars % STEP;
            if since == 0 {
                self.marks.push(Mark {
                    offset,
                    utf8_offset: self.utf8_len,
                });
            }
            let (chars, len) = prefix(text, STEP - since);
            self.chars += chars;
            self.utf8_len += len as u64;
            offset += len as u64;
            text = &text[len..];
        }
    }
}
