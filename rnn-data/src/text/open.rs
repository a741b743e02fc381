//! A text from a file or a folder.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::corpus::Corpus;
use super::document::{Document, Source};
use super::{InvalidUtf8, Text, TextError};
use crate::fs::text::{MAX_BYTES, plain_up_to};
use crate::fs::{file, is_utf16};
use crate::gzip;

/// How many bytes are read at a time.
const CHUNK: usize = 1 << 20;

impl Text {
    /// A file as a text of one document; or a folder's files whose names end in `.txt`, each a document,
    /// in the order of the bytes of their names. Folders in it are left out.
    ///
    /// Every file is gone through once, to check and count its characters. A byte order mark at its
    /// beginning is skipped, line ends stay as they are. What can't be read at offsets is decoded into
    /// memory, up to 1 GiB: files in gzip, which the content tells, not the name, and pipes. UTF-16 is
    /// an error even where invalid bytes are replaced.
    ///
    /// # Errors
    ///
    /// [`TextError::Io`] if a file cannot be read, and [`TextError::File`] around
    /// [`TextError::NoDocuments`], [`TextError::NotUtf8`], [`TextError::Utf16`], [`TextError::Gzip`],
    /// [`TextError::TooLarge`], and [`TextError::Changed`] if the file is written to meanwhile. Both name
    /// the file.
    ///
    /// ```
    /// use rnn_data::text::{InvalidUtf8, Text};
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("latin-1.txt");
    /// std::fs::write(&path, b"no\ncaf\xe9")?;
    ///
    /// let error = Text::open(&path, InvalidUtf8::Refuse).unwrap_err();
    /// assert_eq!(error.to_string(), path.display().to_string());
    /// assert_eq!(
    ///     std::error::Error::source(&error).unwrap().to_string(),
    ///     "line 2, column 4: expected UTF-8, found byte 0xe9 (byte offset 6)"
    /// );
    /// let text = Text::open(&path, InvalidUtf8::Replace)?;
    /// assert_eq!(text.read(3..7)?, "caf\u{fffd}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>, invalid: InvalidUtf8) -> Result<Self, TextError> {
        Self::open_in_chunks(path.as_ref(), invalid, CHUNK)
    }

    pub(super) fn open_in_chunks(
        path: &Path,
        invalid: InvalidUtf8,
        chunk: usize,
    ) -> Result<Self, TextError> {
        let documents = if path.is_dir() {
            let files = files_of(path)?;
            let open = |file: PathBuf| open(&file, invalid, chunk);
            files.into_iter().map(open).collect::<Result<_, _>>()?
        } else {
            vec![open(path, invalid, chunk)?]
        };
        Ok(Self::of(Corpus::new(path, documents)))
    }
}

/// The files of a folder whose names end in `.txt`, by name.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, TextError> {
    let io = |source| TextError::Io {
        path: folder.to_owned(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(io)?;
    let entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(io)?;
    let count = entries.len();
    let is_text = |path: &PathBuf| path.extension().is_some_and(|end| end == "txt");
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .filter(|path| is_text(path) && !path.is_dir())
        .collect();
    if files.is_empty() {
        return Err(TextError::NoDocuments { entries: count }.in_file(folder));
    }
    files.sort_by(|a, b| name(a).cmp(name(b)));
    Ok(files)
}

fn name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

fn open(path: &Path, invalid: InvalidUtf8, chunk: usize) -> Result<Document, TextError> {
    let io = |source| TextError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    // A pipe has no offsets, and files of the kernel have no length.
    let mut in_memory = !metadata.is_file() || metadata.len() == 0;
    if !in_memory {
        let mut head = Vec::new();
        (&file).take(2).read_to_end(&mut head).map_err(io)?;
        if is_utf16(&head) {
            return Err(TextError::Utf16.in_file(path));
        }
        file.rewind().map_err(io)?;
        in_memory = head == gzip::MAGIC;
    }
    let source = if in_memory {
        let bytes = file::read_open(file, MAX_BYTES as u64).map_err(io)?;
        let plain = bytes
            .map_err(|found| TextError::TooLarge {
                limit: MAX_BYTES,
                found,
            })
            .and_then(|bytes| Ok(plain_up_to(&bytes, MAX_BYTES)?.into_owned()));
        Source::Memory(plain.map_err(|error| error.in_file(path))?)
    } else {
        Source::file(path, &metadata).map_err(io)?
    };
    Document::new(path, source, invalid, chunk)
}
