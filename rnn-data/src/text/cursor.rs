//! A place in a text, with some characters around it in memory.

use super::corpus::Corpus;
use super::decode::prefix;
use super::document::STEP;
use super::{DocumentPart, TextError};

/// Reads documents from any character on; going on where it stands reads each byte once.
#[derive(Debug)]
pub(super) struct Cursor {
    /// How many bytes are read at a time.
    chunk: usize,
    /// The document that `buffer` is of, if any is.
    document: Option<usize>,
    /// Decoded characters.
    buffer: String,
    /// Where in the buffer the next character begins.
    at: usize,
    /// Which character of the document it is.
    position: u64,
    /// Where in the document's source the character after the buffer begins.
    pub(super) offset: u64,
}

impl Cursor {
    pub(super) const fn new(chunk: usize) -> Self {
        Self {
            chunk,
            document: None,
            buffer: String::new(),
            at: 0,
            position: 0,
            offset: 0,
        }
    }

    /// Goes to a character that the document has.
    pub(super) fn seek(
        &mut self,
        corpus: &Corpus,
        document: usize,
        position: u64,
    ) -> Result<(), TextError> {
        let same = self.document == Some(document);
        if same && self.step_back_to(position) {
            return Ok(());
        }
        // The next mark may be nearer, but what lies before it is mostly in the buffer.
        let near = (self.position..=self.position.saturating_add(STEP)).contains(&position);
        if !same || !near {
            let (marked, mark) = corpus.document(document).mark(position);
            self.document = Some(document);
            self.buffer.clear();
            self.at = 0;
            self.position = marked;
            self.offset = mark.offset;
        }
        self.advance(corpus, position - self.position, |_| ())
    }

    /// Goes back within the buffer, if it reaches so far.
    fn step_back_to(&mut self, position: u64) -> bool {
        let Some(back) = self.position.checked_sub(position) else {
            return false;
        };
        let Some(last) = back.checked_sub(1) else {
            return true;
        };
        let mut before = self.buffer[..self.at].char_indices().rev();
        // A character has at least one byte.
        let Some(last) = usize::try_from(last).ok().filter(|last| *last < self.at) else {
            return false;
        };
        match before.nth(last) {
            Some((at, _)) => {
                (self.at, self.position) = (at, position);
                true
            }
            None => false,
        }
    }

    /// Goes through a part of a document, in pieces.
    pub(super) fn visit(
        &mut self,
        corpus: &Corpus,
        part: &DocumentPart,
        visit: impl FnMut(&str),
    ) -> Result<(), TextError> {
        self.seek(corpus, part.document, part.range.start)?;
        self.advance(corpus, part.range.end - part.range.start, visit)
    }

    /// Goes on by `count` characters, which the document has.
    pub(super) fn advance(
        &mut self,
        corpus: &Corpus,
        mut count: u64,
        mut visit: impl FnMut(&str),
    ) -> Result<(), TextError> {
        while count > 0 {
            self.fill_if_at_end(corpus)?;
            let rest = &self.buffer[self.at..];
            let (chars, len) = prefix(rest, count);
            visit(&rest[..len]);
            self.at += len;
            self.position += chars;
            count -= chars;
        }
        Ok(())
    }

    /// The next character, which the document has.
    pub(super) fn next(&mut self, corpus: &Corpus) -> Result<Option<char>, TextError> {
        self.fill_if_at_end(corpus)?;
        let next = self.buffer[self.at..].chars().next();
        if let Some(next) = next {
            self.at += next.len_utf8();
            self.position += 1;
        }
        Ok(next)
    }

    fn fill_if_at_end(&mut self, corpus: &Corpus) -> Result<(), TextError> {
        if self.at < self.buffer.len() {
            return Ok(());
        }
        let Some(document) = self.document else {
            return Ok(());
        };
        self.buffer.clear();
        self.at = 0;
        let document = corpus.document(document);
        match document.append(self.offset, self.chunk, &mut self.buffer) {
            Ok(next) => {
                self.offset = next;
                Ok(())
            }
            Err(error) => {
                // It may hold what came before the error.
                self.buffer.clear();
                Err(error)
            }
        }
    }
}
