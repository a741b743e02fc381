//! Text that a command is given as a file or on standard input.

use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use rnn_data::fs::{decode_text, read_text};

/// Reads a text file, plain or in gzip, or standard input if `path` is `-`.
pub fn read(path: &Path) -> anyhow::Result<String> {
    if path != Path::new("-") {
        return Ok(read_text(path)?);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(anyhow::Error::from)
        .and_then(|_| Ok(decode_text(&bytes)?))
        .context("standard input")
}
