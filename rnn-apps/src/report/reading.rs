//! Draws what a network that reads an image row by row knows after each row, as SVG: the image, the
//! probabilities of the classes, and the hidden state side by side, a row of the picture for each of the
//! image's.

use std::collections::BTreeMap;

use anyhow::ensure;
use maud::{Markup, html};

use super::drawing::{FAINT, LEVELS, MARGIN, TEXT_SIZE, hex, level, picture, shade};
use super::{ReadingPicture, shortened, text_width, xml_safe};

/// The height of a row of an image of 28 rows; of more rows it is less.
const ROW: i32 = 14;
/// The height of the rows together that is not exceeded, but for rows of one.
const HEIGHT: i32 = 560;
/// A pixel's width, and the most that the image takes.
const PIXEL: i32 = 7;
const IMAGE: i32 = 280;
/// The width of a class's probability, and the most classes side by side.
const CLASS: i32 = 22;
const CLASSES: usize = 30;
/// The width of all hidden units together, if there are fewer than so many.
const UNITS: i32 = 512;
/// Between the parts.
const GAP: i32 = 20;
/// Above the rows: the title, and what the parts are.
const HEAD: i32 = 76;
/// Room for the likeliest class beside its row.
const LIKELIEST: i32 = 110;

/// A rectangle of cells of one size.
struct Cells {
    left: i32,
    width: i32,
    height: i32,
}

impl Cells {
    /// The cells as paths, one per key: what `key` gives for a row and a column.
    fn paths<K: Ord>(
        &self,
        rows: usize,
        columns: usize,
        key: impl Fn(usize, usize) -> Option<K>,
    ) -> BTreeMap<K, String> {
        let &Self {
            left,
            width,
            height,
        } = self;
        let mut paths: BTreeMap<K, String> = BTreeMap::new();
        for row in 0..rows {
            for column in 0..columns {
                if let Some(key) = key(row, column) {
                    let (x, y) = (left + width * column as i32, HEAD + height * row as i32);
                    let path = paths.entry(key).or_default();
                    path.push_str(&format!("M{x} {y}h{width}v{height}h-{width}z"));
                }
            }
        }
        paths
    }
}

impl ReadingPicture {
    /// The picture as a complete SVG file.
    ///
    /// There must be at least one row and one class, as many finite probabilities as classes after each row,
    /// and as many finite hidden units after each.
    pub fn svg(&self) -> anyhow::Result<String> {
        let rows = self.image.len() / self.cols.max(1);
        let units = self.hidden.first().map_or(0, Vec::len);
        let is_whole = |values: &[Vec<f32>], columns: usize| {
            values.len() == rows
                && values
                    .iter()
                    .all(|row| row.len() == columns && row.iter().all(|value| value.is_finite()))
        };
        ensure!(
            rows > 0
                && !self.classes.is_empty()
                && is_whole(&self.probabilities, self.classes.len())
                && is_whole(&self.hidden, units),
            "what a network knows after each of {rows} rows takes as many rows of finite values"
        );
        let height = (HEIGHT / rows as i32).clamp(1, ROW);
        let pixels = Cells {
            left: MARGIN,
            width: (IMAGE / self.cols as i32).clamp(1, PIXEL),
            height,
        };
        let shown = self.shown();
        let classes = Cells {
            left: pixels.left + pixels.width * self.cols as i32 + GAP,
            width: CLASS,
            height,
        };
        let likeliest = classes.left + CLASS * shown.len() as i32 + 6;
        let hidden = Cells {
            left: likeliest + LIKELIEST + GAP,
            width: (UNITS / units.max(1) as i32).clamp(1, ROW),
            height,
        };
        let width = hidden.left + hidden.width * units as i32 + MARGIN;
        let bottom = HEAD + height * rows as i32 + MARGIN;
        let title_size = 1.2 * f64::from(TEXT_SIZE);
        let title = shortened(&self.title, title_size, f64::from(width - 2 * MARGIN));
        let content = html! {
            text x=(MARGIN) y=(MARGIN + TEXT_SIZE) font-size="14" font-weight="bold" { (title) }
            g fill=(FAINT) {
                text x=(pixels.left) y=(HEAD - 26) { "read so far" }
                text x=(classes.left) y=(HEAD - 26) { "probability of each class after the row" }
                text x=(hidden.left) y=(HEAD - 26) { "hidden state after the row, -1 … 1" }
            }
            (self.image(&pixels, rows))
            (self.classes(&classes, &shown, rows))
            (self.likeliest(likeliest, height))
            (self.states(&hidden, rows, units))
        };
        Ok(xml_safe(
            &picture((width, bottom), &self.title, content).into_string(),
        ))
    }

    /// The classes that are drawn: all, or those that were likeliest at some row.
    fn shown(&self) -> Vec<usize> {
        let highest = |class: usize| {
            let of_rows = self.probabilities.iter().map(|row| row[class]);
            of_rows.fold(0.0, f32::max)
        };
        let mut classes: Vec<usize> = (0..self.classes.len()).collect();
        classes.sort_by(|&a, &b| highest(b).total_cmp(&highest(a)));
        classes.truncate(CLASSES);
        classes.sort_unstable();
        classes
    }

    fn image(&self, cells: &Cells, rows: usize) -> Markup {
        let paths = cells.paths(rows, self.cols, |row, column| {
            // Sixteen greys are enough to see it, and few paths.
            Some(self.image[row * self.cols + column] / 16 * 17)
        });
        html! {
            g shape-rendering="crispEdges" {
                @for (&grey, path) in &paths { path fill=(hex([255 - grey; 3])) d=(path) {} }
            }
        }
    }

    fn classes(&self, cells: &Cells, shown: &[usize], rows: usize) -> Markup {
        let paths = cells.paths(rows, shown.len(), |row, column| {
            let level = level(self.probabilities[row][shown[column]], 1.0);
            (level > 0).then_some(level)
        });
        html! {
            g text-anchor="middle" {
                @for (column, &class) in (0..).zip(shown) {
                    text x=(cells.left + CLASS * column + CLASS / 2) y=(HEAD - 6) {
                        (shortened(&self.classes[class], f64::from(TEXT_SIZE), f64::from(CLASS)))
                    }
                }
            }
            g shape-rendering="crispEdges" {
                @for (&level, path) in &paths { path fill=(shade(level)) d=(path) {} }
            }
        }
    }

    /// Beside each row what the network would say there; where rows are low, beside some.
    fn likeliest(&self, left: i32, height: i32) -> Markup {
        let every = (TEXT_SIZE / height.max(1)).max(1) as usize;
        let last = self.probabilities.len() - 1;
        let is_named = |row: usize| row == last || (last - row).is_multiple_of(every);
        html! {
            @for (row, of_row) in self.probabilities.iter().enumerate().filter(|(row, _)| is_named(*row)) {
                @let best = (0..of_row.len()).max_by(|&a, &b| of_row[a].total_cmp(&of_row[b])).unwrap_or(0);
                @let percent = format!("{:.0} %", 100.0 * of_row[best]);
                @let room = f64::from(LIKELIEST) - text_width(&percent, f64::from(TEXT_SIZE)) - 10.0;
                text x=(left) y=(HEAD + height * (row as i32 + 1) - 2) {
                    (shortened(&self.classes[best], f64::from(TEXT_SIZE), room)) " "
                    tspan fill=(FAINT) { (percent) }
                }
            }
        }
    }

    fn states(&self, cells: &Cells, rows: usize, units: usize) -> Markup {
        let paths = cells.paths(rows, units, |row, unit| {
            let level = level(self.hidden[row][unit], 1.0).clamp(-LEVELS, LEVELS);
            (level != 0).then_some(level)
        });
        html! {
            g shape-rendering="crispEdges" {
                @for (&level, path) in &paths { path fill=(shade(level)) d=(path) {} }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_well_formed;
    use super::*;

    fn picture() -> ReadingPicture {
        ReadingPicture {
            title: "two.png <&>".to_owned(),
            image: vec![0, 255, 128, 0],
            cols: 2,
            classes: vec!["cat".to_owned(), "a long name & more".to_owned()],
            probabilities: vec![vec![0.5, 0.5], vec![0.1, 0.9]],
            hidden: vec![vec![-1.0, 0.0, 1.0], vec![0.5, 2.0, -0.5]],
        }
    }

    #[test]
    fn the_picture_holds_image_probabilities_and_states() -> anyhow::Result<()> {
        let svg = picture().svg()?;
        assert_well_formed(&svg, &[]);
        assert!(svg.contains("two.png &lt;&amp;&gt;"));
        assert!(svg.contains("90 %"), "{svg}");
        // White paper, black ink, and a grey between.
        for grey in ["#ffffff", "#000000", "#777777"] {
            assert!(svg.contains(grey), "{grey} in {svg}");
        }
        // A state beyond 1 has the strongest colour.
        assert!(svg.contains(&shade(LEVELS)) && svg.contains(&shade(-LEVELS)));
        Ok(())
    }

    #[test]
    fn many_classes_are_those_that_were_likely_once() -> anyhow::Result<()> {
        let mut large = picture();
        large.classes = (0..256).map(|class| class.to_string()).collect();
        let mut row = vec![0.0; 256];
        row[200] = 1.0;
        large.probabilities = vec![row; 2];
        assert!(large.shown().contains(&200));
        assert_eq!(large.shown().len(), CLASSES);
        assert_well_formed(&large.svg()?, &[]);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut wrong = [(); 4].map(|()| picture());
        wrong[0].image.clear();
        wrong[1].probabilities[1].pop();
        wrong[2].hidden[0][0] = f32::NAN;
        wrong[3].hidden.pop();
        for picture in wrong {
            assert!(picture.svg().is_err(), "{picture:?}");
        }
    }
}
