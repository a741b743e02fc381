use std::io;
use std::path::PathBuf;

use crate::GzipError;

/// What can be wrong with IDX bytes, with the file that holds them, or with the parts of an array.
///
/// Offsets count bytes from the start, at 0, after decompression.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The first two bytes are not zero, so this is not an IDX file.
    #[error(
        "not IDX: expected two zero bytes at byte 0, found {:#04x} {:#04x}",
        found[0], found[1]
    )]
    Magic {
        /// The first two bytes.
        found: [u8; 2],
    },
    /// A file is called `.gz` and is neither gzip nor plain IDX.
    #[error(
        "not gzip: expected 0x1f 0x8b at byte 0 of a file that is called .gz (or 0x00 0x00, plain \
         IDX), found {:#04x} {:#04x}",
        found[0], found[1]
    )]
    NotGzip {
        /// The first two bytes.
        found: [u8; 2],
    },
    /// The third byte is not the code of an element type.
    #[error(
        "unknown IDX element type at byte 2: expected one of 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, \
         found {found:#04x}"
    )]
    UnknownDtype {
        /// The byte there.
        found: u8,
    },
    /// The bytes end inside the header.
    #[error("IDX header cut off at byte {found}: expected a header of {expected} bytes")]
    TruncatedHeader {
        /// Length of the header, as far as it is known: 4, or 4 + 4 × rank.
        expected: usize,
        /// Length of the bytes.
        found: usize,
    },
    /// The bytes end inside the data.
    #[error("IDX data cut off at byte {offset}: expected {expected} bytes of data, found {found}")]
    TruncatedData {
        /// Where the bytes end.
        offset: usize,
        /// Bytes of data that the header promises.
        expected: usize,
        /// Bytes of data that are there.
        found: usize,
    },
    /// There are bytes after the data.
    #[error("bytes after the IDX data at byte {offset}: expected the end, found {found}")]
    TrailingBytes {
        /// Where the data ends.
        offset: usize,
        /// How many bytes follow; of a gzip stream at most one of them is decoded.
        found: usize,
    },
    /// The number of elements does not fit 64 bits.
    #[error("IDX dimensions at byte 4: expected a product below 2^64, found shape {shape:?}")]
    ShapeOverflow {
        /// The dimensions.
        shape: Vec<usize>,
    },
    /// More data than [`Idx::MAX_BYTES`](crate::Idx::MAX_BYTES), refused before any of it is
    /// allocated.
    #[error("IDX dimensions at byte 4: expected at most {limit} bytes of data, found {found}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// Bytes of data that the dimensions or the file's length ask for.
        found: u64,
    },

    /// The bytes are a damaged gzip stream.
    #[error(transparent)]
    Gzip(#[from] GzipError),

    /// The shape given for an array is not the shape of its data.
    #[error("shape {shape:?} has {expected} elements, found {found}")]
    ShapeMismatch {
        /// The shape.
        shape: Vec<usize>,
        /// Product of the shape.
        expected: usize,
        /// Length of the data.
        found: usize,
    },
    /// More dimensions than the format's one byte can count.
    #[error("IDX holds at most 255 dimensions, found {found}")]
    RankTooLarge {
        /// How many.
        found: usize,
    },
    /// A dimension that the format's four bytes cannot hold.
    #[error("IDX dimension {axis}: expected at most 4294967295, found {found}")]
    DimensionTooLarge {
        /// Which, from 0.
        axis: usize,
        /// Its length.
        found: usize,
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
        source: Box<IdxError>,
    },
}
