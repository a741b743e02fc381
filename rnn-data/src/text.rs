//! Texts of any size for character language models, which are read from their files piece by piece and
//! never held in memory whole.
//!
//! [`Text`] is a text of one or more documents, or a part of one. [`TextStreams`] lays it out in
//! parallel rows and windows for truncated back-propagation. [`HARBOUR`] is a small text to try them on.

mod chars;
mod corpus;
mod cursor;
mod decode;
mod document;
mod ids;
mod open;
mod split;
mod streams;
#[cfg(test)]
mod tests;
mod whole;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub use crate::fs::TextError;
pub use chars::TextChars;
pub use ids::UnknownChars;
pub use streams::TextStreams;

use corpus::Corpus;
use cursor::Cursor;

/// A short play in prose, written for this library: a text that is always there, for examples, tests
/// and a first try of a language model. Its licence is the library's.
///
/// ```
/// use rnn_data::text::{HARBOUR, Text};
///
/// let text = Text::from_string("harbour", HARBOUR);
/// assert!(text.num_chars() > 12_000);
/// ```
pub const HARBOUR: &str = include_str!("text/harbour.txt");

/// What becomes of bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvalidUtf8 {
    /// They are an error that says where they are.
    #[default]
    Refuse,
    /// Each sequence of them becomes the replacement character U+FFFD, as with
    /// [`String::from_utf8_lossy`].
    Replace,
}

/// A text of one or more documents, or a part of it, counted in characters (Unicode scalars).
///
/// A text from files is never in memory whole: [`open`](Text::open) goes through it once and keeps the
/// place of every 16,384th character, about a thousandth of the text's size. Whatever is asked of it
/// later is read from the files, at offsets; files are open only while they are read. A file that has
/// changed since is an error. Cloning a text, or taking a part of it, copies nothing.
///
/// Each document is a sequence of its own, at whose beginning a network's state starts anew. A part that
/// begins within a document begins with a document. Documents without characters do not count.
///
/// ```
/// use rnn_data::text::{InvalidUtf8, Text};
///
/// let dir = tempfile::tempdir()?;
/// std::fs::write(dir.path().join("1.txt"), "to be ")?;
/// std::fs::write(dir.path().join("2.txt"), "or not")?;
///
/// let text = Text::open(dir.path(), InvalidUtf8::Refuse)?;
/// assert_eq!((text.num_documents(), text.num_chars()), (2, 12));
/// assert_eq!(text.part(3..8)?.read(0..5)?, "be or");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Text {
    corpus: Arc<Corpus>,
    /// In characters, from the first document's first.
    range: Range<u64>,
}

/// The part of one document that is in a text.
#[derive(Clone, Debug)]
struct DocumentPart {
    document: usize,
    /// In characters of the document.
    range: Range<u64>,
}

impl Text {
    /// A text of one document in memory, as it is. The name is for messages.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_string("greeting", "hello");
    /// assert_eq!((text.num_documents(), text.num_chars()), (1, 5));
    /// ```
    pub fn from_string(name: impl AsRef<Path>, text: impl Into<String>) -> Self {
        Self::from_documents(name, [text])
    }

    /// A text of several documents in memory, as they are. The name is for messages.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_documents("sayings", ["less is more", "more or less"]);
    /// assert_eq!((text.num_documents(), text.num_chars()), (2, 24));
    /// ```
    pub fn from_documents(
        name: impl AsRef<Path>,
        documents: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let documents = documents.into_iter().map(Into::into);
        Self::of(Corpus::of_strings(name.as_ref(), documents))
    }

    fn of(corpus: Corpus) -> Self {
        Self {
            range: 0..corpus.num_chars(),
            corpus: Arc::new(corpus),
        }
    }

    /// The file or folder, or the name of a text in memory.
    pub fn path(&self) -> &Path {
        self.corpus.path()
    }

    /// How many characters the text has.
    pub const fn num_chars(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// How many documents the text has at least one character of.
    pub fn num_documents(&self) -> usize {
        self.parts().count()
    }

    /// The text's documents, or the parts of them that are in it, each as a text.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_documents("words", ["one", "", "two"]).part(1..6)?;
    /// let lengths: Vec<u64> = text.documents().map(|document| document.num_chars()).collect();
    /// assert_eq!(lengths, [2, 3]);
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn documents(&self) -> impl Iterator<Item = Self> {
        self.parts().map(|part| {
            let start = self.corpus.start(part.document);
            Self {
                corpus: Arc::clone(&self.corpus),
                range: start + part.range.start..start + part.range.end,
            }
        })
    }

    /// The characters of the text, one after the other, read as they are asked for.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_documents("words", ["on", "off"]);
    /// let mut chars = text.chars();
    /// let mut shown = String::new();
    /// while let Some(c) = chars.next() {
    ///     let c = c?;
    ///     if chars.starts_document() {
    ///         shown.push('|');
    ///     }
    ///     shown.push(c);
    /// }
    /// assert_eq!(shown, "|on|off");
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn chars(&self) -> TextChars {
        TextChars::new(self.clone())
    }

    /// The characters in a range, in memory.
    ///
    /// # Errors
    ///
    /// [`TextError::Range`] if the text has fewer characters, and the errors of reading: [`TextError::Io`]
    /// and [`TextError::Changed`], with the name of the file.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_string("greeting", "grüß Gott");
    /// assert_eq!(text.read(2..4)?, "üß");
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn read(&self, range: Range<u64>) -> Result<String, TextError> {
        let part = self.part(range)?;
        let mut text = String::new();
        part.visit(|piece| text.push_str(piece))?;
        Ok(text)
    }

    /// The parts of documents that the text is made of, none of them empty.
    fn parts(&self) -> impl Iterator<Item = DocumentPart> {
        self.corpus.parts(self.range.clone())
    }

    /// Goes through the text once, in pieces none of which goes over a document's end.
    fn visit(&self, mut visit: impl FnMut(&str)) -> Result<(), TextError> {
        let mut cursor = Cursor::new(CHUNK);
        for part in self.parts() {
            cursor.visit(&self.corpus, &part, &mut visit)?;
        }
        Ok(())
    }
}

/// How many bytes are read at a time where a text is gone through from its beginning to its end.
const CHUNK: usize = 256 << 10;

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("path", &self.path())
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}
