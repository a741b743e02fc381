//! The characters of a text, one after the other.

use std::fmt;
use std::iter::FusedIterator;

use super::cursor::Cursor;
use super::{CHUNK, Text, TextError};

/// The characters of a text, from [`Text::chars`]. After an error it ends.
pub struct TextChars {
    text: Text,
    cursor: Cursor,
    /// The next character, counted through all documents; the text's end after the last.
    position: u64,
    /// Where the document ends that it is in, or would be, but for the end of the text.
    document_end: u64,
    starts_document: bool,
}

impl TextChars {
    pub(super) const fn new(text: Text) -> Self {
        Self {
            cursor: Cursor::new(CHUNK),
            position: text.range.start,
            document_end: text.range.start,
            starts_document: false,
            text,
        }
    }

    /// Whether the character that came last is the first one of a document, or of the part of a document
    /// that the text begins with.
    pub const fn starts_document(&self) -> bool {
        self.starts_document
    }

    fn read(&mut self) -> Result<Option<char>, TextError> {
        let corpus = &self.text.corpus;
        self.starts_document = self.position == self.document_end;
        if self.starts_document {
            let (document, position) = corpus.locate(self.position);
            self.cursor.seek(corpus, document, position)?;
            self.document_end = corpus.start(document + 1);
        }
        let next = self.cursor.next(corpus)?;
        self.position += 1;
        Ok(next)
    }
}

impl Iterator for TextChars {
    type Item = Result<char, TextError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.text.range.end {
            return None;
        }
        let next = self.read();
        if next.is_err() {
            self.position = self.text.range.end;
        }
        next.transpose()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.text.range.end - self.position;
        // An error, which is an item itself, ends it early.
        (usize::from(left > 0), usize::try_from(left).ok())
    }
}

impl FusedIterator for TextChars {}

impl fmt::Debug for TextChars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextChars")
            .field("text", &self.text)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
