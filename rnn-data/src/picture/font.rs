//! A bitmap font of the ten digits and `≠`, five pixels high.

const ROWS: usize = 5;

/// A character: its number of columns, and the pixels of each row as bits, the leftmost first.
type Glyph = (u32, [u8; ROWS]);

#[rustfmt::skip] // A character is seen best in one line.
const DIGITS: [Glyph; 10] = [
    (3, [0b111, 0b101, 0b101, 0b101, 0b111]),
    (3, [0b010, 0b110, 0b010, 0b010, 0b111]),
    (3, [0b111, 0b001, 0b111, 0b100, 0b111]),
    (3, [0b111, 0b001, 0b011, 0b001, 0b111]),
    (3, [0b101, 0b101, 0b111, 0b001, 0b001]),
    (3, [0b111, 0b100, 0b111, 0b001, 0b111]),
    (3, [0b111, 0b100, 0b111, 0b101, 0b111]),
    (3, [0b111, 0b001, 0b010, 0b010, 0b010]),
    (3, [0b111, 0b101, 0b111, 0b101, 0b111]),
    (3, [0b111, 0b101, 0b111, 0b001, 0b111]),
];

/// `≠`, an equals sign struck out.
const UNEQUAL: Glyph = (5, [0b00010, 0b11111, 0b00100, 0b11111, 0b01000]);

/// The text's characters, with the column that each starts at, and the column after the last.
fn set(text: &str) -> (Vec<(u32, Glyph)>, u32) {
    let mut next = 0;
    let glyphs = text.chars().map(|character| {
        let digit = character.to_digit(10).map(|digit| DIGITS[digit as usize]);
        let glyph = digit.unwrap_or(UNEQUAL);
        let start = next;
        // One empty column between characters.
        next += glyph.0 + 1;
        (start, glyph)
    });
    let glyphs = glyphs.collect();
    (glyphs, next.saturating_sub(1))
}

/// Width and height of a text of digits and `≠`, if each pixel of a character is `scale` wide and
/// high.
pub(super) fn size(text: &str, scale: u32) -> (u32, u32) {
    (set(text).1 * scale, ROWS as u32 * scale)
}

/// The upper left corners, as `[x, y]`, of the squares, `scale` pixels wide and high, that make up such
/// a text with its own upper left corner at `[left, top]`.
pub(super) fn squares(
    text: &str,
    [left, top]: [u32; 2],
    scale: u32,
) -> impl Iterator<Item = [u32; 2]> {
    set(text)
        .0
        .into_iter()
        .flat_map(move |(start, (columns, rows))| {
            rows.into_iter().zip(0..).flat_map(move |(row, y)| {
                (0..columns)
                    .filter(move |x| row >> (columns - 1 - x) & 1 == 1)
                    .map(move |x| [left + (start + x) * scale, top + y * scale])
            })
        })
}
