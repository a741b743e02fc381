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
    let (mut left, mut len) = (count, 0);
    while left > 0 {
        let rest = &text[len..];
        let Some(first) = rest.chars().next() else {
            break;
        };
        // So many bytes are no more than so many characters, and counting them is fast; and one
        // character is no more than is left.
        let bytes = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        let bytes = rest.floor_char_boundary(bytes).max(first.len_utf8());
        left -= rest[..bytes].chars().count() as u64;
        len += bytes;
    }
    (count - left, len)
}
