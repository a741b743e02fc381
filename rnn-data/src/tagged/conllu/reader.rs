use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::ConlluSentence;
use super::sentence::Builder;
use crate::fs::{LineReader, open_text};
use crate::tagged::TaggedError;

/// Reads CoNLL-U sentence by sentence, with their text as it is, in memory that does not grow with the
/// text: an iterator that ends after the first error.
///
/// A sentence is there as soon as the blank line after it has been read. The format is taken strictly:
///
/// - A line has ten fields with tabs between them, none empty, and spaces in FORM, LEMMA and MISC alone.
/// - Words are numbered 1, 2, 3 and so on, ranges (`3-4`) come before their words, and empty nodes
///   (`5.1`) after the word that they are numbered by.
/// - HEAD is `_`, 0, or the number of a word of the sentence.
/// - Sentences end with a blank line, in which there may be spaces, or with the text.
/// - A line has at most 1 MiB, a sentence at most 16 MiB.
///
/// # Errors
///
/// Each item can be an error: [`TaggedError::Fields`], [`TaggedError::Spaces`], [`TaggedError::Id`],
/// [`TaggedError::Order`], [`TaggedError::EmptyWord`], [`TaggedError::EmptyField`],
/// [`TaggedError::Space`], [`TaggedError::Head`], [`TaggedError::LongSentence`], and
/// [`TextError::Read`](crate::TextError::Read).
///
/// ```
/// use rnn_data::tagged::{ConlluField, ConlluReader, TaggedError};
///
/// /// Upper-cases every XPOS.
/// fn copy(from: &[u8], to: &mut String) -> Result<(), TaggedError> {
///     for sentence in ConlluReader::new(from) {
///         let sentence = sentence?;
///         let xpos = sentence.values(ConlluField::Xpos).map(str::to_uppercase);
///         *to += sentence.with_column(ConlluField::Xpos, &xpos.collect::<Vec<_>>())?.text();
///     }
///     Ok(())
/// }
/// let text = "# a\n1\tGo\tgo\t_\tvb\t_\t0\troot\t_\t_\n\n\n# b\n1\tno\tno\t_\tuh\t_\t0\troot\t_\t_\n\n# c";
/// let mut copied = String::new();
/// copy(text.as_bytes(), &mut copied)?;
/// assert_eq!(copied, text.replace("vb", "VB").replace("uh", "UH"));
/// # Ok::<(), TaggedError>(())
/// ```
pub struct ConlluReader<R> {
    lines: LineReader<R>,
    /// For errors.
    path: Option<PathBuf>,
    is_done: bool,
}

impl<R: BufRead> ConlluReader<R> {
    /// Reads from here on.
    pub const fn new(input: R) -> Self {
        Self {
            lines: LineReader::new(input),
            path: None,
            is_done: false,
        }
    }

    fn read(&mut self) -> Result<Option<ConlluSentence>, TaggedError> {
        let mut builder = Builder::new(self.lines.number() + 1);
        while let Some((number, line)) = self.lines.read()? {
            if builder.add(number, line)? {
                return builder.finish().map(Some);
            }
        }
        self.is_done = true;
        let rest = Some(builder).filter(|builder| !builder.is_empty());
        rest.map(Builder::finish).transpose()
    }

    fn in_file(&self, error: TaggedError) -> TaggedError {
        match &self.path {
            Some(path) => error.in_file(path),
            None => error,
        }
    }
}

impl ConlluReader<Box<dyn BufRead + Send>> {
    /// Reads a file, plain or in gzip. The content tells which, not the name.
    ///
    /// # Errors
    ///
    /// [`TextError::Io`](crate::TextError::Io) if the file can't be opened. Errors of the iterator are then in
    /// [`TaggedError::File`], which names the file.
    ///
    /// ```
    /// use rnn_data::tagged::ConlluReader;
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("one.conllu");
    /// std::fs::write(&path, "1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n")?;
    /// for sentence in ConlluReader::open(&path)? {
    ///     assert_eq!(sentence?.words().collect::<Vec<_>>(), ["Go"]);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TaggedError> {
        let path = path.as_ref();
        Ok(Self {
            path: Some(path.to_owned()),
            ..Self::new(open_text(path)?)
        })
    }
}

impl<R: BufRead> Iterator for ConlluReader<R> {
    type Item = Result<ConlluSentence, TaggedError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let read = self.read();
        self.is_done |= read.is_err();
        read.map_err(|error| self.in_file(error)).transpose()
    }
}
