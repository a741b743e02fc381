use std::io;
use std::path::PathBuf;

use crate::Vocab;

/// What can be wrong with symbols or ids, or with the JSON that holds a [`Vocab`].
///
/// Lines and columns count from 1; columns count bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VocabError {
    /// A symbol without an id, and no symbol that stands for unknown ones.
    #[error(
        "symbol {position}: expected one of the {len} in the vocabulary, which has none for \
         unknown ones, found {symbol:?}"
    )]
    UnknownSymbol {
        /// Which of the symbols given, from 0.
        position: usize,
        /// The symbol, or its first 40 characters.
        symbol: String,
        /// Length of the vocabulary.
        len: usize,
    },
    /// An id without a symbol.
    #[error("id {position}: expected one below {len}, found {found}")]
    UnknownId {
        /// Which of the ids given, from 0.
        position: usize,
        /// The id.
        found: usize,
        /// Length of the vocabulary.
        len: usize,
    },

    /// The text is not JSON, or not a vocabulary's.
    #[error("vocabulary, line {line}, column {column}: {reason}")]
    Json {
        /// Where the parser stopped.
        line: usize,
        /// Where the parser stopped.
        column: usize,
        /// The parser's message: what it expected, or found.
        reason: String,
    },
    /// One symbol would have two ids.
    #[error(
        "vocabulary, line {line}, column {column}: expected a symbol for id {second}, found \
         {symbol:?}, which is the symbol of id {first}"
    )]
    Duplicate {
        /// Where the second one ends.
        line: usize,
        /// Where the second one ends.
        column: usize,
        /// The symbol, or its first 40 characters.
        symbol: String,
        /// Its id.
        first: usize,
        /// The id that it would have too.
        second: usize,
    },
    /// The symbol for unknown ones, or for padding, has no id.
    #[error(
        "vocabulary, line {line}, column {column}: expected one of the {len} symbols as {field}, \
         found {symbol:?}"
    )]
    NoSuchSymbol {
        /// Where it ends.
        line: usize,
        /// Where it ends.
        column: usize,
        /// `unk` or `pad`.
        field: &'static str,
        /// The symbol, or its first 40 characters.
        symbol: String,
        /// How many symbols there are.
        len: usize,
    },
    /// The file is not UTF-8.
    #[error("vocabulary, line {line}, character {column}: expected UTF-8, found byte {found:#04x}")]
    NotUtf8 {
        /// The line.
        line: usize,
        /// Characters before it in its line, plus one.
        column: usize,
        /// The byte there.
        found: u8,
    },
    /// The file is longer than [`Vocab::MAX_BYTES`], and is not read.
    #[error(
        "expected a vocabulary of at most {} bytes, found {found}",
        Vocab::MAX_BYTES
    )]
    TooLarge {
        /// Its length.
        found: u64,
    },

    /// A file could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file could be read, and what it holds is wrong.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VocabError>,
    },
}
