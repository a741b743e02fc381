//! Whether what was downloaded is the file: SHA-256 of its decompressed content.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::{Compression, MirrorError, RemoteFile};
use crate::gzip::MAGIC;

/// What was found.
pub(super) enum Verdict {
    /// The content is right.
    Good,
    /// The gzip stream ends early, and may go on.
    Incomplete(MirrorError),
    /// Something else.
    Bad(MirrorError),
}

/// Checks a downloaded file. Of what is decompressed, nothing is kept.
pub(super) fn check(file: &RemoteFile, path: &Path) -> io::Result<Verdict> {
    let mut reader = BufReader::with_capacity(64 * 1024, File::open(path)?);
    let start = reader.fill_buf()?;
    let in_gzip = start.starts_with(&MAGIC);
    let html = is_html(start);
    let sum = match file.compression {
        Compression::Gzip if in_gzip => sum(MultiGzDecoder::new(reader), file.max_bytes),
        // A server may decompress on the way. Readers of compressed files tell by the content.
        Compression::Gzip | Compression::None => sum(reader, file.max_bytes),
    };
    let bad = match sum {
        Ok((found, _)) if found.eq_ignore_ascii_case(&file.sha256) => return Ok(Verdict::Good),
        _ if html => MirrorError::Html,
        Ok((_, bytes)) if bytes > file.max_bytes => MirrorError::TooLarge {
            limit: file.max_bytes,
            found: bytes,
        },
        Ok((found, bytes)) => MirrorError::Sum {
            expected: file.sha256.clone(),
            found,
            bytes,
        },
        Err(error) if in_gzip => {
            let damage = MirrorError::Gzip {
                bytes: path.metadata()?.len(),
                reason: error.to_string(),
            };
            if error.kind() == io::ErrorKind::UnexpectedEof {
                return Ok(Verdict::Incomplete(damage));
            }
            damage
        }
        Err(error) => return Err(error),
    };
    Ok(Verdict::Bad(bad))
}

/// The sum of the content, as hexadecimal digits, and its length; of at most one byte beyond `limit`.
fn sum(reader: impl Read, limit: u64) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let bytes = io::copy(&mut reader.take(limit.saturating_add(1)), &mut hash)?;
    Ok((format!("{:x}", hash.finalize()), bytes))
}

/// Whether bytes begin as a page for a browser does.
fn is_html(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let start = start.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"].iter().any(|tag| {
        start
            .get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    })
}
