//! A text side by side as contiguous streams, cut into windows.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::cursor::Cursor;
use super::ids::Ids;
use super::{Text, TextError};
use crate::streams::Layout;
use crate::{StreamRow, StreamWindow, StreamsError, Vocab};

/// How many bytes are read at a time for a row.
const CHUNK: usize = 16 << 10;

/// [`Streams`](crate::Streams) of the characters of a text, which are read as windows are asked for: the
/// same rows and windows as of the documents' ids in memory.
///
/// Going through the windows in order reads each character about once. Any other order is right, too,
/// and reads some 16,384 characters more a row. Each row holds some 16 KiB of the text in memory,
/// whatever its size.
///
/// ```
/// use rnn_data::Streams;
/// use rnn_data::text::{Text, TextStreams};
///
/// let text = Text::from_documents("letters", ["abcde", "xyz"]);
/// let vocab = text.vocab("<unk>")?;
/// let streams = TextStreams::new(text, &vocab, 2, 2)?;
/// assert_eq!((streams.num_pairs(), streams.len()), (6, 2));
///
/// let ids = ["abcde", "xyz"].map(|document| vocab.encode_chars(document).unwrap());
/// let in_memory = Streams::new(ids.to_vec(), 2, 2).unwrap();
/// assert_eq!(streams.get(1)?, in_memory.get(1));
/// # Ok::<(), rnn_data::TextError>(())
/// ```
pub struct TextStreams {
    text: Text,
    ids: Ids,
    layout: Layout,
    /// One per row.
    cursors: Vec<Mutex<Cursor>>,
}

impl TextStreams {
    /// A text as `batch_size` streams, in windows of at most `window` steps. A character that is not in
    /// the vocabulary has the id of its symbol for unknown ones.
    ///
    /// # Errors
    ///
    /// [`TextError::Streams`] for a batch size or window of 0, [`TextError::TooShort`], with the name of
    /// the text, if no document has two characters.
    pub fn new(
        text: Text,
        vocab: &Vocab,
        batch_size: usize,
        window: usize,
    ) -> Result<Self, TextError> {
        let lengths: Vec<u64> = text
            .parts()
            .map(|part| part.range.end - part.range.start)
            .collect();
        let layout = Layout::new(&lengths, batch_size, window).map_err(|error| match error {
            StreamsError::NoPairs { documents } => TextError::TooShort {
                chars: text.num_chars(),
                documents,
            }
            .in_file(text.path()),
            other => other.into(),
        })?;
        Ok(Self {
            ids: Ids::new(vocab),
            cursors: (0..batch_size)
                .map(|_| Mutex::new(Cursor::new(CHUNK)))
                .collect(),
            layout,
            text,
        })
    }

    /// How many windows there are: as many as the stream with the most has.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether there are no windows; there is always one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pairs of input and target all windows have together.
    pub const fn num_pairs(&self) -> u64 {
        self.layout.num_pairs()
    }

    /// The text.
    pub const fn text(&self) -> &Text {
        &self.text
    }

    /// The window at `index`, if it is below [`len`](Self::len). Several threads can ask at a time.
    ///
    /// # Errors
    ///
    /// [`TextError::UnknownChar`] if the vocabulary has no symbol for unknown ones, and the errors of
    /// reading: [`TextError::Io`] and [`TextError::Changed`]; all with the name of the file.
    pub fn get(&self, index: usize) -> Result<Option<StreamWindow>, TextError> {
        if index >= self.len() {
            return Ok(None);
        }
        let rows = 0..self.layout.rows();
        let rows = rows
            .map(|row| self.row(row, index))
            .collect::<Result<_, _>>()?;
        Ok(Some(StreamWindow { rows }))
    }

    fn row(&self, row: usize, index: usize) -> Result<StreamRow, TextError> {
        let Some(span) = self.layout.span(row, index) else {
            return Ok(StreamRow::ended());
        };
        let corpus = &self.text.corpus;
        let (document, position) = corpus.locate(self.text.range.start + span.start);

        // A cursor is right whatever happened to the thread that had it.
        let cursor = self.cursors[row].lock();
        let mut cursor = cursor.unwrap_or_else(PoisonError::into_inner);
        cursor.seek(corpus, document, position)?;
        let mut inputs = Vec::with_capacity(span.length + 1);
        let mut unknown = None;
        cursor.advance(corpus, span.length as u64 + 1, |text| {
            for c in text.chars() {
                match self.ids.get(c) {
                    Some(id) => inputs.push(id),
                    None => {
                        unknown.get_or_insert((inputs.len() as u64, c));
                    }
                }
            }
        })?;
        drop(cursor);

        if let Some((before, found)) = unknown {
            let error = TextError::UnknownChar {
                position: position + before,
                found,
                len: self.ids.len,
            };
            return Err(error.in_file(corpus.document(document).path()));
        }
        let targets = inputs[1..].to_vec();
        inputs.truncate(span.length);
        Ok(StreamRow {
            inputs,
            targets,
            starts: span.starts,
        })
    }
}

impl fmt::Debug for TextStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextStreams")
            .field("text", &self.text)
            .field("rows", &self.layout.rows())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
