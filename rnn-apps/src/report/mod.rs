//! The report of a training run: pictures as SVG, and one page of HTML that needs nothing else.
//!
//! - [`curves`]: values over epochs as a picture
//! - [`axis`]: where such a picture has its ticks
//! - [`confusion`]: truth against prediction as a picture
//! - [`page`]: everything on one page
//!
//! Names, words and paths come from outside. Each is escaped where it is written, by `maud` and by
//! `plotters`, and what XML cannot hold even so is replaced by [`xml_safe`].

mod axis;
mod confusion;
mod curves;
mod page;

/// One picture of values over epochs.
#[derive(Clone, Debug)]
pub struct Curve {
    pub title: String,
    /// What stands along the axis of the values: `nats`, `%`.
    pub unit: String,
    pub series: Vec<Series>,
}

/// A line of a [`Curve`].
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    /// Epoch and value, in the order of the epochs. Those that are not finite are left out of the
    /// picture, which says so.
    pub points: Vec<(f64, f64)>,
}

/// How often each class was taken for which.
#[derive(Clone, Debug)]
pub struct Confusion {
    pub classes: Vec<String>,
    /// `counts[truth][predicted]`
    pub counts: Vec<Vec<usize>>,
}

/// Examples that went wrong, as a picture or in words.
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

/// All there is to say about a run. What is empty has no place on the page.
#[derive(Clone, Debug)]
pub struct Report {
    pub title: String,
    /// Names and values, in this order.
    pub results: Vec<(String, String)>,
    pub settings: Vec<(String, String)>,
    pub curves: Vec<Curve>,
    /// Named above the curves and marked in each that reaches it.
    pub best_epoch: Option<usize>,
    pub confusion: Option<Confusion>,
    pub mistakes: Option<Mistakes>,
}

/// `text` with `�` for the characters that XML forbids, escaped or not: one of them in a class's
/// name, and no program would open the picture.
fn xml_safe(text: &str) -> String {
    let forbidden = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    text.replace(forbidden, "\u{FFFD}")
}

/// About how wide a text is in a font of that size. Which font it will be is up to the reader's
/// system, so this is on the wide side.
fn text_width(text: &str, size: f64) -> f64 {
    // From the first Korean letters on, scripts are mostly as wide as high.
    let em = |c: char| if c < '\u{1100}' { 0.6 } else { 1.0 };
    size * text.chars().map(em).sum::<f64>()
}

/// As much of a text as fits into `room`, with `…` for the rest.
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

    /// Panics unless every tag is closed in order, every value quoted, and nothing left unescaped.
    /// `void` are the elements that HTML leaves open.
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
