use std::io;
use std::path::PathBuf;

use crate::TextError;

/// What can be wrong with tagged sentences, or with the file that holds them.
///
/// Lines and columns count from 1; columns count characters, so they are where an editor shows them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaggedError {
    /// A line of CoNLL-U has other than ten fields.
    #[error("line {line}: expected 10 fields with tabs between them, found {found}")]
    Fields {
        /// The line.
        line: usize,
        /// How many fields.
        found: usize,
    },
    /// The first field of CoNLL-U is no id.
    #[error(
        "line {line}, column 1: expected a word's number, a range such as 3-4 or an empty node \
         such as 5.1, found {found:?}"
    )]
    Id {
        /// The line.
        line: usize,
        /// The field, or its first 40 characters.
        found: String,
    },
    /// Words of a sentence in CoNLL-U are not numbered 1, 2, 3 and so on, with ranges before their
    /// words and empty nodes after the word that they are numbered by.
    #[error("line {line}, column 1: expected {expected}, found {found}")]
    Order {
        /// The line.
        line: usize,
        /// What may stand there.
        expected: String,
        /// What does.
        found: String,
    },
    /// There is a tag, or the place for one, and no word.
    #[error("line {line}, column {column}: expected a word, found none")]
    EmptyWord {
        /// The line.
        line: usize,
        /// Where the word should be.
        column: usize,
    },
    /// There is a word and no tag.
    #[error("line {line}, column {column}: expected {expected}, found {found:?}")]
    MissingTag {
        /// The line.
        line: usize,
        /// Where the tag should be in CoNLL-U; where the word starts in `word/TAG`.
        column: usize,
        /// What a tag looks like in this format.
        expected: &'static str,
        /// What there is, or its first 40 characters.
        found: String,
    },
    /// There may be blank lines and comments, and there is nothing else.
    #[error("expected at least one sentence, found none (lines: {lines})")]
    NoSentences {
        /// How many lines there are.
        lines: usize,
    },

    /// The bytes are no text, or the file can't be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A folder holds no file of a kind.
    #[error(
        "{}: expected a file with {} in its name, ending in .conllu or .txt (or .gz after that), \
         found none",
        dir.display(),
        words.join(" or ")
    )]
    MissingFile {
        /// The folder.
        dir: PathBuf,
        /// What its name has in it, as a word of its own.
        words: &'static [&'static str],
    },
    /// A folder can't be read.
    #[error("{}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A folder holds two files where there should be one.
    #[error(
        "expected one file, found {} and {}: give the one that is meant by itself",
        first.display(),
        second.display()
    )]
    Ambiguous {
        /// One file.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// A file could be read, and what it holds is wrong.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<TaggedError>,
    },
}
