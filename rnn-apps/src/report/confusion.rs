//! Draws a confusion matrix as SVG.
//!
//! Up to [`COUNTED`] classes every cell has its count; up to [`DRAWN`] only counts above 0 are
//! written, in smaller cells. With more classes, cells would be too small to read, and the picture
//! lists the most frequent confusions instead.

use anyhow::ensure;
use maud::{Markup, Render, html};

use super::drawing::{FAINT, MARGIN, TEXT_SIZE, hex, picture};
use super::{Confusion, shortened, text_width, xml_safe};

const COUNTED: usize = 20;
const DRAWN: usize = 60;
/// The number of pairs in the list.
const LISTED: usize = 20;

/// The greatest width of a class's name, in the picture's units.
const NAME_ROOM: i32 = 150;

/// Okabe and Ito's blue for correct and vermilion for wrong predictions, which colour-blind people
/// can distinguish.
const RIGHT: [u8; 3] = [0x00, 0x72, 0xb2];
const WRONG: [u8; 3] = [0xd5, 0x5e, 0x00];
const EMPTY: &str = "#f4f4f4";

/// A class that was predicted as another.
#[derive(Clone, Copy, Debug)]
struct Pair<'a> {
    truth: &'a str,
    predicted: &'a str,
    count: usize,
    /// The share of the true class's examples.
    share: f64,
}

impl Confusion {
    /// The picture as a complete SVG file.
    ///
    /// There must be at least one class, and a square matrix of counts.
    pub fn svg(&self) -> anyhow::Result<String> {
        let n = self.classes.len();
        ensure!(n > 0, "a confusion of no classes");
        ensure!(
            self.counts.len() == n && self.counts.iter().all(|row| row.len() == n),
            "a confusion of {n} classes takes {n} rows of {n} counts"
        );
        let picture = if n <= DRAWN {
            self.heat_map()
        } else {
            self.list()
        };
        Ok(xml_safe(&picture.into_string()))
    }

    /// The picture in words, for counts that [`Self::svg`] accepts.
    pub fn summary(&self) -> String {
        let total: usize = self.counts.iter().flatten().sum();
        if total == 0 {
            return "No examples.".to_owned();
        }
        let right: usize = (0..self.classes.len()).map(|i| self.counts[i][i]).sum();
        let percent = Percent(right as f64 / total as f64);
        let pairs: Vec<String> = self
            .pairs()
            .iter()
            .take(3)
            .map(|pair| format!("{} for {} ({}×)", pair.truth, pair.predicted, pair.count))
            .collect();
        let most = if pairs.is_empty() {
            String::new()
        } else {
            format!(" Most often mistaken: {}.", pairs.join(", "))
        };
        format!("{right} of {total} right ({percent}).{most}")
    }

    /// The pairs of confused classes, the most frequent first.
    fn pairs(&self) -> Vec<Pair<'_>> {
        let mut pairs = Vec::new();
        for (i, row) in self.counts.iter().enumerate() {
            for (j, &count) in row.iter().enumerate() {
                if i != j && count > 0 {
                    pairs.push(Pair {
                        truth: &self.classes[i],
                        predicted: &self.classes[j],
                        count,
                        share: share(count, row),
                    });
                }
            }
        }
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        pairs
    }

    fn heat_map(&self) -> Markup {
        let n = self.classes.len();
        let counted = n <= COUNTED;
        let cell: i32 = match n {
            0..=4 => 64,
            5..=12 => 44,
            13..=COUNTED => 36,
            _ => 18,
        };
        let side = cell * n as i32;
        let name = |name: &String| shortened(name, f64::from(TEXT_SIZE), f64::from(NAME_ROOM));
        let names: Vec<String> = self.classes.iter().map(name).collect();
        let width = |name: &String| text_width(name, f64::from(TEXT_SIZE)).ceil() as i32;
        let longest = names.iter().map(width).max().unwrap_or(0);
        let upright = longest <= cell - 4;

        let left = MARGIN + 20 + longest + 8;
        let top = MARGIN + 20 + if upright { TEXT_SIZE } else { longest } + 8;
        let middle = |i: usize| cell * i as i32 + cell / 2;
        let below = top + side + MARGIN;
        let (right, bottom) = (left + side + MARGIN, below + KEY_HEIGHT);
        let size = (right.max(MARGIN + KEY_WIDTH + MARGIN), bottom);
        picture(
            size,
            &format!("Confusion of {n} classes: truth down, predicted across"),
            html! {
                text x=(left + side / 2) y=(MARGIN + 10) text-anchor="middle" { "predicted" }
                text transform={ "translate(" (MARGIN + 10) " " (top + side / 2) ") rotate(-90)" }
                    text-anchor="middle" { "truth" }
                @for (i, name) in names.iter().enumerate() {
                    @let (x, y) = (left + middle(i), top + middle(i));
                    @if upright {
                        text x=(x) y=(top - 8) text-anchor="middle" { (name) }
                    } @else {
                        text transform={ "translate(" (x) " " (top - 8) ") rotate(-90)" }
                            dy="0.35em" { (name) }
                    }
                    text x=(left - 8) y=(y) dy="0.35em" text-anchor="end" { (name) }
                }
                rect x=(left) y=(top) width=(side) height=(side) fill=(EMPTY) {}
                @for (i, row) in self.counts.iter().enumerate() {
                    @for (j, &count) in row.iter().enumerate() {
                        @let (x, y) = (left + cell * j as i32, top + cell * i as i32);
                        @if count > 0 || counted {
                            (self.cell((i, j), share(count, row), (x, y, cell)))
                        }
                    }
                }
                // The gaps between the cells.
                @for i in 1..n as i32 {
                    @let (x, y) = (left + cell * i, top + cell * i);
                    path stroke="#ffffff"
                        d={ "M" (x) " " (top) "v" (side) "M" (left) " " (y) "h" (side) } {}
                }
                (key((MARGIN, below)))
            },
        )
    }

    fn cell(&self, (i, j): (usize, usize), share: f64, (x, y, cell): (i32, i32, i32)) -> Markup {
        let count = self.counts[i][j];
        let digits = count.to_string();
        // The largest size of text that fits the cell.
        let size = (0.85 * f64::from(cell) / text_width(&digits, 1.0)).min(0.55 * f64::from(cell));
        let size = format!("{:.1}", size.min(13.0));
        let fill = shade(if i == j { RIGHT } else { WRONG }, share);
        let ink = if count > 0 {
            text_colour_on(fill)
        } else {
            "#b0b0b0"
        };
        html! {
            g {
                title {
                    (self.classes[i]) " taken for " (self.classes[j]) ": " (count)
                    @if count > 0 { " (" (Percent(share)) ")" }
                }
                // Empty cells need it too, for their tooltip.
                rect x=(x) y=(y) width=(cell) height=(cell)
                    fill=(if count > 0 { hex(fill) } else { EMPTY.to_owned() }) {}
                text x=(x + cell / 2) y=(y + cell / 2) dy="0.35em" text-anchor="middle"
                    font-size=(size) fill=(ink) { (digits) }
            }
        }
    }

    fn list(&self) -> Markup {
        const ROW: i32 = 22;
        const BAR: i32 = 220;
        let n = self.classes.len();
        let pairs = self.pairs();
        let most = pairs.first().map_or(1, |pair| pair.count);
        let name = |name: &str| shortened(name, f64::from(TEXT_SIZE), f64::from(NAME_ROOM));
        let (truth, predicted) = (MARGIN, MARGIN + NAME_ROOM + 12);
        let bar = predicted + NAME_ROOM + 12;
        let listed = &pairs[..pairs.len().min(LISTED)];
        let rows = listed.len().max(1) as i32;
        let top = MARGIN + 24 + ROW;
        let size = (bar + BAR + 130 + MARGIN, top + rows * ROW + MARGIN);
        picture(
            size,
            &format!("The most confused of {n} classes"),
            html! {
                text x=(MARGIN) y=(MARGIN + 12) font-weight="bold" {
                    "The most confused of " (n) " classes"
                }
                @if listed.is_empty() {
                    text x=(MARGIN) y=(top) dy="0.35em" { "none" }
                } @else {
                    g fill=(FAINT) {
                        text x=(truth) y=(top - 12) { "truth" }
                        text x=(predicted) y=(top - 12) { "predicted" }
                        text x=(bar) y=(top - 12) { "times (share of the truth’s examples)" }
                    }
                }
                @for (i, pair) in listed.iter().enumerate() {
                    @let y = top + i as i32 * ROW + ROW / 2;
                    @let length = f64::from(BAR) * pair.count as f64 / most as f64;
                    text x=(truth) y=(y) dy="0.35em" { (name(pair.truth)) }
                    text x=(predicted) y=(y) dy="0.35em" { (name(pair.predicted)) }
                    rect x=(bar) y=(y - 7) width={ (format!("{length:.1}")) } height="14"
                        fill=(hex(WRONG)) {}
                    text x={ (format!("{:.1}", f64::from(bar) + length + 6.0)) } y=(y) dy="0.35em" {
                        (pair.count) " (" (Percent(pair.share)) ")"
                    }
                }
            },
        )
    }
}

const KEY_WIDTH: i32 = 330;
const KEY_HEIGHT: i32 = 78;

/// The legend of the colours.
fn key((x, y): (i32, i32)) -> Markup {
    const SWATCH: i32 = 46;
    const SHARES: [f64; 5] = [0.01, 0.1, 0.25, 0.5, 1.0];
    html! {
        text x=(x) y=(y + 12) fill=(FAINT) { "share of the truth’s examples" }
        @for (row, (name, colour)) in [("right", RIGHT), ("wrong", WRONG)].into_iter().enumerate() {
            @let y = y + 20 + 22 * row as i32;
            text x=(x) y=(y + 10) dy="0.35em" { (name) }
            @for (i, share) in SHARES.into_iter().enumerate() {
                @let x = x + 44 + (SWATCH + 2) * i as i32;
                @let fill = shade(colour, share);
                rect x=(x) y=(y) width=(SWATCH) height="20" fill=(hex(fill)) {}
                text x=(x + SWATCH / 2) y=(y + 10) dy="0.35em" text-anchor="middle"
                    font-size="11" fill=(text_colour_on(fill)) { (format!("{} %", 100.0 * share)) }
            }
        }
    }
}

fn share(count: usize, row: &[usize]) -> f64 {
    match row.iter().sum::<usize>() {
        0 => 0.0,
        sum => count as f64 / sum as f64,
    }
}

/// The colour blended with white by the square root of the share, and never quite white, so that
/// rare mistakes stay visible.
fn shade(colour: [u8; 3], share: f64) -> [u8; 3] {
    let strength = 0.1 + 0.9 * share.sqrt();
    colour.map(|part| (255.0 - strength * (255.0 - f64::from(part))).round() as u8)
}

/// Black or white, whichever has more contrast with that colour.
fn text_colour_on(colour: [u8; 3]) -> &'static str {
    let [red, green, blue] = colour.map(|part| (f64::from(part) / 255.0).powf(2.2));
    let light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    // The contrasts are equal at 0.18. A slightly higher limit keeps one text colour along a good
    // diagonal.
    if light > 0.22 { "#000000" } else { "#ffffff" }
}

/// Displays a share in percent.
struct Percent(f64);

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} %", 100.0 * self.0)
    }
}

impl Render for Percent {
    fn render_to(&self, buffer: &mut String) {
        maud::display(self).render_to(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_well_formed;
    use super::*;

    /// 90 examples of each class are right, and about 10, more for later classes, are predicted as
    /// the next class.
    fn confusion(n: usize) -> Confusion {
        let mut counts = vec![vec![0; n]; n];
        for i in 0..n {
            counts[i][i] += 90;
            counts[i][(i + 1) % n] += 10 + i;
        }
        Confusion {
            classes: (0..n).map(|i| format!("class {i}")).collect(),
            counts,
        }
    }

    fn svg(confusion: &Confusion) -> String {
        let svg = confusion.svg().expect("a picture");
        assert_well_formed(&svg, &[]);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(!svg.contains("NaN"));
        svg
    }

    /// The number of cells with that count.
    fn cells(svg: &str, count: &str) -> usize {
        svg.matches(&format!(">{count}</text></g>")).count()
    }

    #[test]
    fn one_class_has_one_cell() {
        let svg = svg(&confusion(1));
        assert_eq!(cells(&svg, "100"), 1);
        assert!(svg.contains("truth") && svg.contains("predicted"));
    }

    #[test]
    fn few_classes_have_a_number_in_every_cell() {
        let svg = svg(&confusion(10));
        assert_eq!(cells(&svg, "90"), 10);
        assert_eq!(cells(&svg, "0"), 80);
        // On both axes.
        assert_eq!(svg.matches(">class 3</text>").count(), 2);
        assert!(svg.contains("class 3 taken for class 4: 13 (12.6 %)"));
    }

    #[test]
    fn more_classes_have_numbers_where_there_are_any() {
        let svg = svg(&confusion(40));
        assert_eq!(cells(&svg, "90"), 40);
        assert_eq!(cells(&svg, "0"), 0);
        assert_eq!(svg.matches("<g>").count(), 80);
    }

    #[test]
    fn many_classes_are_a_list_of_what_is_confused_most() {
        let many = svg(&confusion(200));
        assert_eq!(many.matches("<rect").count(), 1 + LISTED);
        assert!(many.contains(">class 199</text>") && many.contains("209 (69.9 %)"));
        assert!(!many.contains(">class 100</text>"));

        let mut right = confusion(61);
        for (i, row) in right.counts.iter_mut().enumerate() {
            row.fill(0);
            row[i] = 1;
        }
        assert!(svg(&right).contains(">none</text>"));
    }

    #[test]
    fn a_class_may_have_no_examples() {
        for n in [10, 40, 200] {
            let mut confusion = confusion(n);
            confusion.counts[2].fill(0);
            svg(&confusion);
        }
        let nothing = Confusion {
            classes: vec!["a".to_owned(), "b".to_owned()],
            counts: vec![vec![0; 2]; 2],
        };
        assert_eq!(cells(&svg(&nothing), "0"), 4);
        assert_eq!(nothing.summary(), "No examples.");
    }

    #[test]
    fn the_summary_counts_and_names() {
        assert_eq!(
            confusion(3).summary(),
            "270 of 303 right (89.1 %). Most often mistaken: class 2 for class 0 (12×), \
             class 1 for class 2 (11×), class 0 for class 1 (10×)."
        );
        assert_eq!(confusion(1).summary(), "100 of 100 right (100.0 %).");
    }

    #[test]
    fn counts_of_another_shape_are_refused() {
        let mut short = confusion(3);
        short.counts[1].pop();
        let error = short.svg().expect_err("a row too short").to_string();
        assert!(error.contains("3 rows of 3 counts"), "{error}");
        let none = Confusion {
            classes: Vec::new(),
            counts: Vec::new(),
        };
        assert!(none.svg().is_err());
    }

    #[test]
    fn names_are_escaped_and_shortened() {
        for n in [2, 30, 70] {
            let mut confusion = confusion(n);
            confusion.classes[n - 1] = "<unk> & \"\0".to_owned();
            confusion.classes[n - 2] = "x".repeat(100);
            let svg = svg(&confusion);
            assert!(!svg.contains("<unk>"));
            assert!(svg.contains("&lt;unk&gt; &amp; &quot;�</text>"));
            assert!(svg.contains("x…</text>"));
        }
    }

    #[test]
    fn what_is_right_and_what_is_wrong_differ_in_hue() {
        let [right, wrong] = [RIGHT, WRONG].map(|colour| shade(colour, 0.001));
        assert!(right[2] > right[0] && wrong[0] > wrong[2]);
        assert_eq!(shade(WRONG, 1.0), WRONG);
        assert_eq!(
            (text_colour_on(RIGHT), text_colour_on(right)),
            ("#ffffff", "#000000")
        );
    }
}
