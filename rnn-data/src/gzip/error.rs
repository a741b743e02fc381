/// What can be wrong with a gzip stream.
///
/// Offsets count compressed bytes from the start, at 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GzipError {
    /// The stream ends early.
    #[error(
        "gzip stream cut off at byte {offset}: expected more compressed data, found the end after \
         {decoded} decoded bytes"
    )]
    Truncated {
        /// Length of the compressed bytes.
        offset: usize,
        /// Bytes that could be decoded.
        decoded: usize,
    },
    /// The stream is not valid deflate data.
    #[error("corrupt gzip stream near byte {offset}: expected deflate data, found: {reason}")]
    Corrupt {
        /// How far the compressed bytes had been read.
        offset: usize,
        /// The decoder's message.
        reason: String,
    },
    /// The decoded bytes do not have the checksum and length that the trailer states.
    #[error(
        "gzip trailer before byte {offset}: expected the checksum and length of the {decoded} \
         decoded bytes, found others"
    )]
    Checksum {
        /// Where the trailer ends.
        offset: usize,
        /// Bytes decoded.
        decoded: usize,
    },
    /// Bytes that are no gzip member follow the stream.
    #[error(
        "bytes after the gzip stream at byte {offset}: expected the end or another gzip member, \
         found {found} bytes that are neither"
    )]
    TrailingBytes {
        /// Where the gzip stream ends.
        offset: usize,
        /// How many bytes follow.
        found: usize,
    },
}
