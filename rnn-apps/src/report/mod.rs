//! The report of a training run: SVG pictures, and one self-contained HTML page. Other commands draw
//! pictures of their own here.
//!
//! - [`curves`]: draws values over epochs or steps
//! - [`axis`]: chooses the ticks of such a picture
//! - [`confusion`]: draws a confusion matrix
//! - [`activity`]: draws what the units of a network do along a text
//! - [`reading`]: draws what a network that reads an image knows after each row
//! - [`drawing`]: what the last three have in common
//! - [`page`]: the HTML page
//!
//! Names, words and paths are untrusted input. `maud` and `plotters` escape them where they are
//! written, and [`xml_safe`] replaces the characters that XML forbids even when escaped.

mod activity;
mod axis;
mod confusion;
mod curves;
mod drawing;
mod page;
mod reading;

/// A picture of values over epochs or steps.
#[derive(Clone, Debug)]
pub struct Curve {
    pub title: String,
    /// The unit on the axis of the values: `nats`, `%`.
    pub unit: String,
    pub x: XAxis,
    pub series: Vec<Series>,
    /// A value to compare with.
    pub level: Option<Level>,
}

/// What values are drawn over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XAxis {
    Epochs,
    Steps,
}

impl XAxis {
    /// One of them: `epoch`.
    fn unit(self) -> &'static str {
        match self {
            Self::Epochs => "epoch",
            Self::Steps => "step",
        }
    }
}

/// A value that is drawn as a dashed line across a [`Curve`].
#[derive(Clone, Debug)]
pub struct Level {
    pub name: String,
    pub value: f64,
}

/// A line of a [`Curve`].
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    /// Epoch or step and value, in their order. Non-finite values are not drawn; the legend
    /// gives their number.
    pub points: Vec<(f64, f64)>,
}

/// A confusion matrix.
#[derive(Clone, Debug)]
pub struct Confusion {
    pub classes: Vec<String>,
    /// `counts[truth][predicted]`
    pub counts: Vec<Vec<usize>>,
}

/// What units of a network do along a text, a row each.
#[derive(Clone, Debug)]
pub struct ActivityPicture {
    pub title: String,
    /// What the values are: `hidden state`.
    pub quantity: String,
    /// The number of the text's first character, counted from 1.
    pub first: u64,
    pub text: Vec<char>,
    pub rows: Vec<ActivityRow>,
}

/// What a network that reads an image knows after each row.
#[derive(Clone, Debug)]
pub struct ReadingPicture {
    pub title: String,
    /// Grey values, row by row.
    pub image: Vec<u8>,
    pub cols: usize,
    pub classes: Vec<String>,
    /// After each row the probability of each class.
    pub probabilities: Vec<Vec<f32>>,
    /// After each row the hidden state.
    pub hidden: Vec<Vec<f32>>,
}

/// A row of an [`ActivityPicture`].
#[derive(Clone, Debug)]
pub struct ActivityRow {
    pub name: String,
    /// The value after each character of the text.
    pub values: Vec<f32>,
}

/// Wrongly predicted examples, as a picture or as a table.
#[derive(Clone, Debug)]
pub enum Mistakes {
    Picture {
        png: Vec<u8>,
        caption: String,
    },
    Table {
        header: Vec<String>,
        rows: Vec<Vec<String>>,
        caption: String,
    },
}

/// The contents of a report. Empty parts are left out of the page.
#[derive(Clone, Debug)]
pub struct Report {
    pub title: String,
    /// Names and values, in this order.
    pub results: Vec<(String, String)>,
    pub settings: Vec<(String, String)>,
    pub curves: Vec<Curve>,
    /// The best epoch or step, as the curves count: named above them, and marked in each that contains it.
    pub best: Option<usize>,
    pub confusion: Option<Confusion>,
    pub mistakes: Option<Mistakes>,
}

/// `text` with `�` in place of the characters that XML forbids even when escaped. With one of them
/// in a class's name, no program could open the picture.
fn xml_safe(text: &str) -> String {
    let forbidden = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    text.replace(forbidden, "\u{FFFD}")
}

/// The approximate width of a text in a font of that size, rather too wide than too narrow, since
/// the font depends on the reader's system.
fn text_width(text: &str, size: f64) -> f64 {
    // From the Hangul letters on, most scripts have square characters.
    let em = |c: char| if c < '\u{1100}' { 0.6 } else { 1.0 };
    size * text.chars().map(em).sum::<f64>()
}

/// A text cut to the width `room`, ending in `…` if it was cut.
fn shortened(text: &str, size: f64, room: f64) -> String {
    if text_width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if text_width(&kept, size) + size > room {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics unless all tags are closed in order, all values quoted, and all text escaped. `void`
    /// are the elements that have no end tag in HTML.
    pub fn assert_well_formed(xml: &str, void: &[&str]) {
        let mut open = Vec::new();
        let mut rest = xml;
        while let Some((text, tail)) = rest.split_once('<') {
            assert_text(text);
            let (tag, tail) = tail.split_once('>').expect("an end of the tag");
            rest = tail;
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "in {xml}");
                continue;
            }
            let (name, attributes) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
            let parts: Vec<&str> = attributes.split('"').collect();
            assert_eq!(parts.len() % 2, 1, "quotes in <{tag}>");
            for pair in parts.chunks_exact(2) {
                assert!(pair[0].ends_with('='), "an attribute in <{tag}>");
                assert_text(pair[1]);
            }
            if !tag.ends_with('/') && !void.contains(&name) {
                open.push(name);
            }
        }
        assert_text(rest);
        assert!(open.is_empty(), "{open:?} left open");
    }

    fn assert_text(text: &str) {
        assert_eq!(text, xml_safe(text));
        for (at, _) in text.match_indices('&') {
            let end = text[at..].find(';').expect("an end of the entity");
            let entity = &text[at..=at + end];
            let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
            assert!(known.contains(&entity), "{entity}");
        }
    }

    #[test]
    fn what_xml_forbids_is_replaced() {
        assert_eq!(xml_safe("a\u{1b}[1m\0\tü\u{FFFF}\n"), "a�[1m�\tü�\n");
    }

    #[test]
    fn long_texts_are_shortened() {
        assert_eq!(shortened("seven", 10.0, 30.0), "seven");
        assert_eq!(shortened("seventeen", 10.0, 40.0), "seven…");
        assert_eq!(shortened("漢字漢字漢字", 10.0, 40.0), "漢字漢…");
        assert_eq!(shortened("seven", 10.0, 0.0), "…");
    }
}
