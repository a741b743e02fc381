//! Draws what the units of a network do along a text as SVG.
//!
//! A row is a unit, a column a character, which is printed on every cell; long texts are broken into
//! blocks of [`COLUMNS`] characters. Cells of one colour are one path, and the characters of a block are
//! drawn once and referred to in each row, so that the file stays small.

use std::collections::BTreeMap;

use anyhow::ensure;
use maud::{Markup, html};

use super::drawing::{FAINT, LEVELS, MARGIN, TEXT_SIZE, level, picture, shade};
use super::{ActivityPicture, ActivityRow, shortened, text_width, xml_safe};

/// The most characters side by side.
const COLUMNS: usize = 100;

/// The width of a cell, and that of a text with square characters, such as Chinese.
const CELL: i32 = 9;
const WIDE_CELL: i32 = 14;
/// From a row to the next, with a gap of 1.
const ROW: i32 = 18;
/// Between blocks.
const GAP: i32 = 20;
/// Above the first block: the title and the key.
const HEAD: i32 = 72;
/// The least width of a picture, in which the title and the key have room.
const LEAST_WIDTH: i32 = 480;

/// Sizes that depend on the picture's content.
struct Layout {
    cell: i32,
    /// Where the names and the ranges of the rows end, and where the cells begin.
    names: i32,
    ranges: i32,
    cells: i32,
    /// The value that has the strongest colour.
    scale: f64,
}

impl ActivityPicture {
    /// The picture as a complete SVG file.
    ///
    /// There must be at least one character, and in each row a finite value for every character.
    pub fn svg(&self) -> anyhow::Result<String> {
        let length = self.text.len();
        ensure!(length > 0, "the activity along a text of no characters");
        for ActivityRow { name, values } in &self.rows {
            ensure!(
                values.len() == length && values.iter().all(|value| value.is_finite()),
                "the activity of {name} along {length} characters takes as many finite values"
            );
        }
        let layout = self.layout();
        let columns = length.min(COLUMNS) as i32;
        let width = layout.cells + columns * layout.cell + MARGIN;
        let width = width.max(LEAST_WIDTH);
        let block_height = ROW * (1 + self.rows.len() as i32) + GAP;
        let blocks = length.div_ceil(COLUMNS);
        let height = HEAD + block_height * blocks as i32;
        let title_size = 1.2 * f64::from(TEXT_SIZE);
        let title = shortened(&self.title, title_size, f64::from(width - 2 * MARGIN));
        let content = html! {
            text x=(MARGIN) y=(MARGIN + TEXT_SIZE) font-size="14" font-weight="bold" { (title) }
            (key(&layout, &self.quantity))
            @for block in 0..blocks {
                (self.block(&layout, block, HEAD + block_height * block as i32))
            }
        };
        Ok(xml_safe(
            &picture((width, height), &self.title, content).into_string(),
        ))
    }

    fn layout(&self) -> Layout {
        let names = widest(self.rows.iter().map(|row| row.name.clone()));
        let ranges = widest(self.rows.iter().map(ActivityRow::range));
        let last = self.place(self.text.len().div_ceil(COLUMNS).saturating_sub(1));
        let (names, ranges) = (MARGIN + names, MARGIN + names + 12 + ranges);
        let ranges = ranges.max(MARGIN + width(&last));
        let values = self.rows.iter().flat_map(|row| &row.values);
        let values = values.map(|value| f64::from(value.abs()));
        Layout {
            cell: match self.text.iter().any(|&c| is_wide(c)) {
                true => WIDE_CELL,
                false => CELL,
            },
            names,
            ranges,
            cells: ranges + 10,
            scale: values.fold(1.0, f64::max),
        }
    }

    /// The place of a block's first character in the text.
    fn place(&self, block: usize) -> String {
        format!("character {}", self.first + (block * COLUMNS) as u64)
    }

    /// The characters in a row, and below them the units.
    fn block(&self, layout: &Layout, block: usize, top: i32) -> Markup {
        let start = block * COLUMNS;
        let end = self.text.len().min(start + COLUMNS);
        let &Layout { cell, cells, .. } = layout;
        let x = |column: usize| cells + cell * column as i32;
        let baseline = top + 13;
        let mut paths: BTreeMap<i32, String> = BTreeMap::new();
        for (y, row) in (top + ROW..).step_by(ROW as usize).zip(&self.rows) {
            for (column, &value) in row.values[start..end].iter().enumerate() {
                let path = paths.entry(level(value, layout.scale)).or_default();
                let height = ROW - 1;
                path.push_str(&format!("M{} {y}h{cell}v{height}h-{cell}z", x(column)));
            }
        }
        html! {
            g shape-rendering="crispEdges" {
                @for (&level, path) in &paths { path fill=(shade(level)) d=(path) {} }
            }
            g id={ "characters-" (block) } font-family="monospace" text-anchor="middle" fill="#000000" {
                @for (column, &c) in self.text[start..end].iter().enumerate() {
                    text x=(x(column) + cell / 2) y=(baseline) { (symbol(c)) }
                }
            }
            @for row in 1..=self.rows.len() as i32 {
                use href={ "#characters-" (block) } y=(ROW * row) {}
            }
            g text-anchor="end" {
                text x=(layout.ranges) y=(baseline) fill=(FAINT) { (self.place(block)) }
                @for (y, row) in (baseline + ROW..).step_by(ROW as usize).zip(&self.rows) {
                    text x=(layout.names) y=(y) { (row.name) }
                    text x=(layout.ranges) y=(y) fill=(FAINT) { (row.range()) }
                }
            }
        }
    }
}

impl ActivityRow {
    /// The least and the greatest value.
    fn range(&self) -> String {
        let least = self.values.iter().copied().fold(f32::INFINITY, f32::min);
        let greatest = self
            .values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        format!("{} … {}", number(least.into()), number(greatest.into()))
    }
}

/// The legend of the colours.
fn key(layout: &Layout, quantity: &str) -> Markup {
    const SWATCH: i32 = 22;
    const Y: i32 = MARGIN + 24;
    let (low, high) = (number(-layout.scale), number(layout.scale));
    let levels = (-LEVELS..=LEVELS).step_by(4);
    let left = MARGIN + width(&low) + 6;
    let right = left + SWATCH * levels.clone().count() as i32 + 6;
    html! {
        text x=(MARGIN) y=(Y + 12) { (low) }
        @for (x, level) in (left..).step_by(SWATCH as usize).zip(levels) {
            rect x=(x) y=(Y) width=(SWATCH) height="16" fill=(shade(level)) {}
        }
        text x=(right) y=(Y + 12) { (high) }
        text x=(right + width(&high) + 12) y=(Y + 12) fill=(FAINT) { (quantity) }
    }
}

/// A character as it is printed on its cells: those that can't be seen by a symbol.
fn symbol(c: char) -> String {
    match c {
        '\n' => "↵".to_owned(),
        ' ' => "·".to_owned(),
        // Unicode has pictures of the control characters, in their order.
        '\0'..' ' => char::from_u32(0x2400 + u32::from(c)).map_or_else(String::new, String::from),
        '\u{7f}' => "\u{2421}".to_owned(),
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER.to_string(),
        // Combining marks need something to stand on.
        '\u{300}'..='\u{36f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}' => format!("\u{25cc}{c}"),
        c => c.to_string(),
    }
}

/// Whether a character is about square, as from the Hangul letters on most are, but for further Latin
/// and Greek letters, marks, punctuation and signs.
fn is_wide(c: char) -> bool {
    c >= '\u{1100}' && !('\u{1ab0}'..='\u{25ff}').contains(&c)
}

fn width(text: &str) -> i32 {
    text_width(text, f64::from(TEXT_SIZE)).ceil() as i32
}

fn widest(texts: impl Iterator<Item = String>) -> i32 {
    texts.map(|text| width(&text)).max().unwrap_or(0)
}

fn number(value: f64) -> String {
    match value.abs() < 1e4 {
        true => format!("{value:.2}"),
        false => format!("{value:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_well_formed;
    use super::*;

    /// Rows of values between -1 and 1 along a text.
    fn along(text: &str, rows: usize) -> ActivityPicture {
        let text: Vec<char> = text.chars().collect();
        let row = |row: usize| ActivityRow {
            name: format!("unit {row}"),
            values: (0..text.len())
                .map(|column| ((row + column) as f32).sin())
                .collect(),
        };
        ActivityPicture {
            title: "What units do".to_owned(),
            quantity: "hidden state".to_owned(),
            first: 1,
            rows: (0..rows).map(row).collect(),
            text,
        }
    }

    fn svg(picture: &ActivityPicture) -> String {
        let svg = picture.svg().expect("a picture");
        assert_well_formed(&svg, &[]);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(!svg.contains("NaN"));
        svg
    }

    fn cells(svg: &str, width: i32) -> usize {
        svg.matches(&format!("h{width}v17h-{width}z")).count()
    }

    #[test]
    fn every_unit_has_a_cell_for_every_character() {
        let svg = svg(&along("hello", 3));
        assert_eq!(cells(&svg, CELL), 15);
        for c in ["h", "e", "o"] {
            assert_eq!(svg.matches(&format!(">{c}</text>")).count(), 1, "{c}");
        }
        assert_eq!(svg.matches(">l</text>").count(), 2);
        assert_eq!(svg.matches("<use href=\"#characters-0\"").count(), 3);
        assert!(svg.contains(">unit 2</text>") && svg.contains(">character 1</text>"));
        assert!(svg.contains(">-0.76 … 0.91</text>"));
        assert!(svg.contains(">hidden state</text>"));
    }

    #[test]
    fn a_long_text_is_broken_into_blocks() {
        let mut picture = along(&"a".repeat(201), 2);
        picture.first = 1001;
        let svg = svg(&picture);
        assert_eq!(cells(&svg, CELL), 402);
        assert_eq!(svg.matches(">a</text>").count(), 201);
        assert_eq!(svg.matches(">unit 1</text>").count(), 3);
        for place in ["character 1001", "character 1101", "character 1201"] {
            assert!(svg.contains(&format!(">{place}</text>")), "{place}");
        }
        assert!(!svg.contains("character 1301"));
        // A text that fills its blocks has no empty one after them.
        let svg = self::svg(&along(&"a".repeat(200), 2));
        assert_eq!(svg.matches(">unit 1</text>").count(), 2);
    }

    #[test]
    fn one_character_and_one_unit_are_enough() {
        assert_eq!(cells(&svg(&along("x", 1)), CELL), 1);
        let mut constant = along("aaa", 1);
        constant.rows[0].values = vec![0.0; 3];
        assert!(svg(&constant).contains(">0.00 … 0.00</text>"));
    }

    #[test]
    fn characters_are_escaped_and_made_visible() {
        let mut picture = along("<&>\" \n\t\0\u{7f}\u{85}\u{301}\u{FFFF}", 1);
        picture.title = "</svg><script>".to_owned();
        picture.rows[0].name = "<b>\0".to_owned();
        let svg = svg(&picture);
        assert!(!svg.contains("<script>") && !svg.contains("<b>"));
        for symbol in [
            "&lt;",
            "&amp;",
            "&gt;",
            "&quot;",
            "·",
            "↵",
            "␉",
            "␀",
            "␡",
            "\u{25cc}\u{301}",
        ] {
            assert!(svg.contains(&format!(">{symbol}</text>")), "{symbol}");
        }
        assert_eq!(svg.matches(">�</text>").count(), 2);
        assert_eq!(cells(&svg, WIDE_CELL), 12);
    }

    #[test]
    fn square_characters_have_wider_cells() {
        assert_eq!(cells(&svg(&along("日本 a", 2)), WIDE_CELL), 8);
        assert_eq!(cells(&svg(&along("“ça” … –", 2)), CELL), 16);
    }

    #[test]
    fn values_above_1_set_the_scale() {
        let mut picture = along("abc", 1);
        picture.rows[0].values = vec![-4.0, 0.0, 2.0];
        let svg = svg(&picture);
        assert!(svg.contains(">-4.00</text>") && svg.contains(">4.00</text>"));
        assert_eq!((level(-4.0, 4.0), level(2.0, 4.0)), (-LEVELS, LEVELS / 2));
        assert_eq!(
            [0, -LEVELS, LEVELS].map(shade),
            ["#ffffff", "#4393c3", "#d6604d"]
        );
        picture.rows[0].values = vec![f32::MAX, f32::MIN, 0.0];
        assert!(self::svg(&picture).contains(">-3.4e38 … 3.4e38</text>"));
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        assert!(along("", 1).svg().is_err());
        let mut picture = along("abc", 2);
        picture.rows[1].values[2] = f32::NAN;
        let error = picture.svg().expect_err("a value that is not finite");
        assert!(error.to_string().contains("unit 1"), "{error}");
        picture.rows[1].values.pop();
        assert!(picture.svg().is_err());
    }
}
