//! The documents that texts are parts of.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::DocumentPart;
use super::document::Document;

/// Documents, one after the other.
pub(super) struct Corpus {
    path: PathBuf,
    documents: Vec<Document>,
    /// For each document how many characters come before it; then how many there are.
    starts: Vec<u64>,
}

impl Corpus {
    pub(super) fn new(path: &Path, documents: Vec<Document>) -> Self {
        let mut starts = vec![0];
        let mut total = 0;
        for document in &documents {
            total += document.num_chars();
            starts.push(total);
        }
        Self {
            path: path.to_owned(),
            documents,
            starts,
        }
    }

    /// Documents in memory.
    pub(super) fn of_strings(path: &Path, documents: impl Iterator<Item = String>) -> Self {
        let document = |text| Document::of_string(path, text);
        Self::new(path, documents.map(document).collect())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many characters all documents have.
    pub(super) fn num_chars(&self) -> u64 {
        self.starts[self.documents.len()]
    }

    pub(super) fn document(&self, index: usize) -> &Document {
        &self.documents[index]
    }

    /// How many characters come before a document.
    pub(super) fn start(&self, document: usize) -> u64 {
        self.starts[document]
    }

    /// The document of a character, and which of its characters it is.
    pub(super) fn locate(&self, position: u64) -> (usize, u64) {
        // Empty documents begin where the next one does, so that the last one to begin there has it.
        let after = self.starts.partition_point(|start| *start <= position);
        let document = after.saturating_sub(1);
        (document, position - self.starts[document])
    }

    /// The parts of documents that lie in a range, none of them empty.
    pub(super) fn parts(&self, range: Range<u64>) -> impl Iterator<Item = DocumentPart> {
        let first = self.locate(range.start).0;
        let starts = self.starts[..self.documents.len()].iter().enumerate();
        let begun = starts
            .skip(first)
            .take_while(move |(_, start)| **start < range.end);
        let part = move |(document, &start): (usize, &u64)| {
            let end = self.starts[document + 1].min(range.end);
            DocumentPart {
                document,
                range: range.start.saturating_sub(start)..end - start,
            }
        };
        begun.map(part).filter(|part| !part.range.is_empty())
    }
}
