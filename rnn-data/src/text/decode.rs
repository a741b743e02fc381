//! Bytes as text, piece by piece.

/// A stretch of bytes.
pub(super) enum Piece<'a> {
    Valid(&'a str),
    /// A longest sequence that begins as a character and is none, which `String::from_utf8_lossy`
    /// replaces by one U+FFFD; its first byte.
    Invalid(u8),
}

/// Decodes bytes that begin with a character. Unless they are a document's last (`at_end`), a character
/// that their end cuts is left. Returns how many bytes are decoded, at least one of four. `visit` is
/// told where each piece begins.
pub(super) fn decode<E>(
    bytes: &[u8],
    at_end: bool,
    mut visit: impl FnMut(usize, Piece<'_>) -> Result<(), E>,
) -> Result<usize, E> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (valid, invalid) = match str::from_utf8(rest) {
            Ok(text) => (text, 0),
            Err(error) => {
                // Valid up to there, so that this never falls back.
                let valid = str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default();
                let left = rest.len() - valid.len();
                let invalid = error.error_len().or(at_end.then_some(left));
                (valid, invalid.unwrap_or(0))
            }
        };
        if !valid.is_empty() {
            visit(at, Piece::Valid(valid))?;
        }
        at += valid.len();
        if invalid == 0 {
            break;
        }
        visit(at, Piece::Invalid(bytes[at]))?;
        at += invalid;
    }
    Ok(at)
}

/// The first `count` characters of a text, or all of it if it has fewer: how many they are, and their
/// length in bytes.
pub(super) fn prefix(text: &str, count: u64) -> (u64, usize) {
    // Counting is many times faster than looking for the place of a character.
    let chars = text.chars().count() as u64;
    if chars <= count {
        return (chars, text.len());
    }
    let end = usize::try_from(count).ok();
    let end = end.and_then(|count| text.char_indices().nth(count));
    (count, end.map_or(text.len(), |(end, _)| end))
}
