//! Whether a JPEG file goes on to its end: decoders fill up what is missing with grey.

/// The byte that begins a marker.
const MARKER: u8 = 0xff;
const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether the picture's own end marker is there. One in a preview, which is inside a segment, is none.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    // Without the start marker, which told the format.
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some((marker, after)) = next_marker(rest) {
        // Those that stand alone: TEM, and the restarts of a scan.
        if marker == 0x01 || (0xd0..=0xd7).contains(&marker) {
            rest = after;
            continue;
        }
        if marker == END_OF_IMAGE {
            return true;
        }
        let Some((&[high, low], _)) = after.split_first_chunk() else {
            return false;
        };
        // The length counts its own two bytes.
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(behind) = after.get(length..) else {
            return false;
        };
        rest = behind;
        if marker == START_OF_SCAN {
            rest = behind_scan(rest);
        }
    }
    false
}

/// The next marker, whatever is before it, with what follows it.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let start = bytes.iter().position(|&byte| byte == MARKER)?;
    // A marker may be filled up with more of its first byte.
    let fill = bytes[start..].iter().take_while(|&&byte| byte == MARKER);
    let at = start + fill.count();
    Some((*bytes.get(at)?, &bytes[at + 1..]))
}

/// What follows the data of a scan, in which a zero follows each byte that would begin a marker.
fn behind_scan(bytes: &[u8]) -> &[u8] {
    let is_end = |two: &[u8]| two[0] == MARKER && !matches!(two[1], 0 | 0xd0..=0xd7 | MARKER);
    match bytes.windows(2).position(is_end) {
        Some(at) => &bytes[at..],
        None => &[],
    }
}
