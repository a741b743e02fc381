use std::path::PathBuf;

use crate::TextError;

/// What can be wrong with a file of word vectors.
///
/// Lines and columns count from 1; columns count characters, so they are where an editor shows them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorsError {
    /// A line has another number of values than the first line says or has.
    #[error(
        "line {line}, column {column}: expected {expected} values after the word, found {found}"
    )]
    Values {
        /// The line.
        line: usize,
        /// Where the first value that is too many stands, or where one is missing.
        column: usize,
        /// How many values a vector has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A value is no number.
    #[error("line {line}, column {column}: expected a number, found {found:?}")]
    NotANumber {
        /// The line.
        line: usize,
        /// Where the value stands.
        column: usize,
        /// The value, or its first 40 characters.
        found: String,
    },
    /// A value is not finite, or beyond 32 bits.
    #[error("line {line}, column {column}: expected a finite number of 32 bits, found {found:?}")]
    NotFinite {
        /// The line.
        line: usize,
        /// Where the value stands.
        column: usize,
        /// The value, or its first 40 characters.
        found: String,
    },
    /// A line begins with a space, where its word should be.
    #[error("line {line}, column 1: expected a word, found none")]
    EmptyWord {
        /// The line.
        line: usize,
    },
    /// The first line says that vectors have no values.
    #[error("line 1: expected vectors of at least 1 dimension, found 0")]
    NoDimension,
    /// There are more vectors, or fewer, than the first line says.
    #[error("expected {expected} vectors, as line 1 says, found {found}")]
    Count {
        /// How many it says.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There is no vector.
    #[error("expected at least one vector, found none")]
    Empty,

    /// The bytes are no text, or the file can't be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A file could be read, and what it holds is wrong.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VectorsError>,
    },
}
