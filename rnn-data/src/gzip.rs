//! Gzip streams, decoded up to a length that the caller sets, so that a small file cannot ask for a lot
//! of memory: the output grows with what is decoded.

mod error;

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

pub use error::GzipError;

/// The two bytes that every gzip file starts with.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

const CHUNK: usize = 64 * 1024;

/// Decodes a gzip stream up to one byte past `limit`: the result is longer than `limit` if the stream
/// holds more.
pub(crate) fn decode_up_to(bytes: &[u8], limit: usize) -> Result<Vec<u8>, GzipError> {
    let mut plain = Vec::new();
    Stream::new(bytes).read_until(&mut plain, limit.saturating_add(1))?;
    Ok(plain)
}

/// Compresses; the same bytes always give the same result (no name, no time).
pub(crate) fn encode(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A decoder of a gzip file: one member after another, as `cat a.gz b.gz` makes them.
pub(crate) struct Stream<'a> {
    /// Length of the whole compressed input.
    len: usize,
    /// `None` after the last member.
    member: Option<GzDecoder<&'a [u8]>>,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            len: bytes.len(),
            member: Some(GzDecoder::new(bytes)),
        }
    }

    /// Decodes until `plain` is `len` bytes long, or the stream ends.
    pub(crate) fn read_until(&mut self, plain: &mut Vec<u8>, len: usize) -> Result<(), GzipError> {
        let mut chunk = [0; CHUNK];
        while plain.len() < len {
            let Some(member) = &mut self.member else {
                break;
            };
            let wanted = CHUNK.min(len - plain.len());
            match member.read(&mut chunk[..wanted]) {
                Ok(0) => self.next_member()?,
                Ok(count) => plain.extend_from_slice(&chunk[..count]),
                Err(error) => return Err(self.explain(&error, plain.len())),
            }
        }
        Ok(())
    }

    fn next_member(&mut self) -> Result<(), GzipError> {
        let rest = self.member.take().map_or(&[][..], GzDecoder::into_inner);
        if rest.starts_with(&MAGIC) {
            self.member = Some(GzDecoder::new(rest));
        } else if !rest.is_empty() {
            return Err(GzipError::TrailingBytes {
                offset: self.len - rest.len(),
                found: rest.len(),
            });
        }
        Ok(())
    }

    fn explain(&self, error: &io::Error, decoded: usize) -> GzipError {
        let rest = self.member.as_ref().map_or(0, |m| m.get_ref().len());
        let offset = self.len - rest;
        let reason = error.to_string();
        // The decoder tells a wrong trailer by its message alone; a test fails if the message changes.
        if error.kind() == io::ErrorKind::UnexpectedEof {
            GzipError::Truncated { offset, decoded }
        } else if reason.contains("checksum") {
            GzipError::Checksum { offset, decoded }
        } else {
            GzipError::Corrupt { offset, reason }
        }
    }
}
