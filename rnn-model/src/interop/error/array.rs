use std::io;

/// What is wrong with an array of NumPy, `.npy` or in `.npz`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// It can't be read.
    #[error("{name}: can't be read")]
    Read {
        /// The array.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// Its header is damaged, or of a version that is not read.
    #[error("{name}: expected {expected}, found {found}")]
    Header {
        /// The array.
        name: String,
        /// What should be there.
        expected: &'static str,
        /// What is.
        found: String,
    },
    /// Its elements are not read.
    #[error(
        "{name}: expected integers, truth values or floating-point numbers of 16, 32 or 64 bits, found \
         {found}"
    )]
    Type {
        /// The array.
        name: String,
        /// The type of its elements, as NumPy writes it.
        found: String,
    },
    /// It has another size than its header says.
    #[error(
        "{name}: expected {expected} bytes, as its shape {shape:?} says, found {}",
        if *or_more { "more".to_owned() } else { found.to_string() }
    )]
    Size {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What the shape says.
        expected: u64,
        /// How many were read.
        found: u64,
        /// Whether more follow.
        or_more: bool,
    },
    /// The arrays are far larger than the file.
    #[error(
        "{name}: expected at most {limit} bytes more, in proportion to the file, found more: in Python, save it \
         without compression, by numpy.savez"
    )]
    TooLarge {
        /// Where the limit is passed.
        name: String,
        /// What was left.
        limit: u64,
    },
}
