//! What can be wrong with a text, in a file or in memory.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::file::NotUtf8;
use crate::{GzipError, StreamsError};

/// What can be wrong with a text, or with the file that holds it.
///
/// Lines and columns count from 1; columns count characters, so they are where an editor shows them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The bytes are not text.
    #[error(
        "line {line}, column {column}: expected UTF-8, found byte {found:#04x} (byte offset {offset})"
    )]
    NotUtf8 {
        /// How many bytes of the text, once it is decompressed, come before it.
        offset: u64,
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
    /// A line that is longer than lines are, where a text is read line by line.
    #[error("line {line}: expected at most {limit} bytes, found more")]
    LongLine {
        /// The line.
        line: usize,
        /// The limit.
        limit: usize,
    },
    /// What a text is read from, line by line, has failed.
    #[error("line {line}: expected to read it, found an error")]
    Read {
        /// The line that would have been read.
        line: usize,
        /// The system's error, or that of a damaged gzip stream.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file could be read, and what it holds is wrong; or a text in memory is.
    #[error("{}", path.display())]
    File {
        /// The file, the folder, or the name of a text in memory.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<TextError>,
    },

    /// A file is no longer what it was when its text was opened.
    #[error(
        "expected the file as it was when it was opened, {expected} bytes long, found it changed, {}",
        if expected == found {
            "as long as before but written since".to_owned()
        } else {
            format!("{found} bytes long")
        }
    )]
    Changed {
        /// Its length then.
        expected: u64,
        /// Its length now.
        found: u64,
    },
    /// A folder has no file whose name ends in `.txt`.
    #[error("expected files whose names end in .txt, found none among the folder's {entries}")]
    NoDocuments {
        /// How many files and folders it has.
        entries: usize,
    },

    /// A part that reaches beyond the text, or ends before it begins.
    #[error(
        "expected a range of characters within 0..{chars}, found {}..{}", found.start, found.end
    )]
    Range {
        /// How many characters the text has.
        chars: u64,
        /// The range.
        found: Range<u64>,
    },
    /// Shares that do not divide a text.
    #[error(
        "expected positive shares whose sum is 1, found {found:?}, whose sum is {}",
        found.iter().sum::<f64>()
    )]
    Shares {
        /// The shares.
        found: Vec<f64>,
    },
    /// A share of a text that is less than a character.
    #[error(
        "expected at least one character in each part, found none in part {} of {parts}, which has \
         a share of {share}: the text has {chars} characters", part + 1
    )]
    EmptyPart {
        /// Which of the parts, from 0.
        part: usize,
        /// How many there are.
        parts: usize,
        /// Its share.
        share: f64,
        /// How many characters the text has.
        chars: u64,
    },
    /// No character has one after it, so that there is nothing to predict.
    #[error(
        "expected a document of at least 2 characters, found {chars} characters in {documents} \
         documents"
    )]
    TooShort {
        /// How many characters the text has.
        chars: u64,
        /// How many documents it has.
        documents: usize,
    },
    /// A character without an id, and no symbol that stands for unknown ones.
    #[error(
        "character {position}: expected one of the {len} symbols in the vocabulary, which has none \
         for unknown ones, found {found:?}"
    )]
    UnknownChar {
        /// Which character of the document, from 0.
        position: u64,
        /// The character.
        found: char,
        /// Length of the vocabulary.
        len: usize,
    },
    /// A batch size or window of 0.
    #[error(transparent)]
    Streams(#[from] StreamsError),
}

impl TextError {
    /// The error with the name of the file that it is about.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            source: Box::new(self),
        }
    }
}

impl From<NotUtf8> for TextError {
    fn from(error: NotUtf8) -> Self {
        Self::NotUtf8 {
            offset: error.offset as u64,
            line: error.line,
            column: error.column,
            found: error.found,
        }
    }
}
