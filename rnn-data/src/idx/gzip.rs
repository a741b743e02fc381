//! IDX in gzip. The header decides how much may be decoded, so a small file cannot ask for a lot of
//! memory: the output grows with what really arrives, and stops one byte past what is expected.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::IdxError;
use super::header::Header;

/// The two bytes that every gzip file starts with.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

const CHUNK: usize = 64 * 1024;

/// Decodes a gzip stream that holds one IDX array, into plain IDX bytes.
///
/// The result has one byte too many if there is more in the stream than the header promises.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let mut stream = Stream::new(bytes);
    let mut plain = Vec::new();
    stream.read_until(&mut plain, Header::FIXED)?;
    if let Some(&rank) = plain.get(Header::FIXED - 1) {
        stream.read_until(&mut plain, Header::len_for(usize::from(rank)))?;
    }
    let header = Header::parse(&plain)?;
    // Reading on to the end, and past it, is what makes the decoder check the checksum.
    stream.read_until(&mut plain, header.len() + header.data_len + 1)?;
    Ok(plain)
}

/// Decodes a gzip stream of whatever it holds, and no further than one byte past `limit`: the result
/// is longer than `limit` if there is more.
///
/// The errors are the `Gzip…` variants, which say nothing of IDX.
pub(crate) fn decode_up_to(bytes: &[u8], limit: usize) -> Result<Vec<u8>, IdxError> {
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

/// A gzip file: one member after another, as `cat a.gz b.gz` makes them.
struct Stream<'a> {
    /// Length of the whole compressed input.
    len: usize,
    /// `None` after the last member.
    member: Option<GzDecoder<&'a [u8]>>,
}

impl<'a> Stream<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            len: bytes.len(),
            member: Some(GzDecoder::new(bytes)),
        }
    }

    /// Decodes until `plain` is `len` bytes long, or the stream ends.
    fn read_until(&mut self, plain: &mut Vec<u8>, len: usize) -> Result<(), IdxError> {
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

    fn next_member(&mut self) -> Result<(), IdxError> {
        let rest = self.member.take().map_or(&[][..], GzDecoder::into_inner);
        if rest.starts_with(&MAGIC) {
            self.member = Some(GzDecoder::new(rest));
        } else if !rest.is_empty() {
            return Err(IdxError::GzipTrailingBytes {
                offset: self.len - rest.len(),
                found: rest.len(),
            });
        }
        Ok(())
    }

    fn explain(&self, error: &io::Error, decoded: usize) -> IdxError {
        let rest = self.member.as_ref().map_or(0, |m| m.get_ref().len());
        let offset = self.len - rest;
        let reason = error.to_string();
        // The decoder has no kind of its own for a wrong trailer, only these words; a test sees to
        // it that they stay.
        if error.kind() == io::ErrorKind::UnexpectedEof {
            IdxError::GzipTruncated { offset, decoded }
        } else if reason.contains("checksum") {
            IdxError::GzipChecksum { offset, decoded }
        } else {
            IdxError::GzipCorrupt { offset, reason }
        }
    }
}
