//! Lines that leave out what the terminal is too narrow for.

use console::{Term, measure_text_width};

/// Between two pieces.
const GAP: &str = "  ";

/// The pieces of a line in their order, each with its rank: the lower, the more important.
#[derive(Debug, Default)]
pub struct Line {
    pieces: Vec<(u8, String)>,
}

impl Line {
    /// Adds a piece at the end.
    pub fn add(&mut self, rank: u8, text: impl Into<String>) {
        self.pieces.push((rank, text.into()));
    }

    /// The pieces for which `width` columns have room, the most important ones first; all of them
    /// without a width. None is cut.
    pub fn within(&self, width: Option<usize>) -> String {
        let mut by_rank: Vec<usize> = (0..self.pieces.len()).collect();
        by_rank.sort_by_key(|&index| self.pieces[index].0);
        let mut left = width.map_or(usize::MAX, |width| width + GAP.len());
        let mut kept = vec![false; self.pieces.len()];
        for index in by_rank {
            let needed = measure_text_width(&self.pieces[index].1) + GAP.len();
            if needed <= left {
                left -= needed;
                kept[index] = true;
            }
        }
        let pieces = self.pieces.iter().zip(kept);
        let texts: Vec<&str> = pieces
            .filter_map(|((_, text), kept)| kept.then_some(text.as_str()))
            .collect();
        texts.join(GAP)
    }
}

/// The number of columns; `None` if this is not a terminal.
pub fn width(terminal: &Term) -> Option<usize> {
    terminal
        .size_checked()
        .map(|(_, columns)| usize::from(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_pieces_are_left_out_whole() {
        let mut line = Line::default();
        for (rank, text) in [(0, "first"), (3, "x"), (1, "second"), (2, "a long one")] {
            line.add(rank, text);
        }
        for (width, expected) in [
            (None, "first  x  second  a long one"),
            (Some(28), "first  x  second  a long one"),
            (Some(27), "first  second  a long one"),
            (Some(25), "first  second  a long one"),
            // What is less important stays if it is short enough.
            (Some(24), "first  x  second"),
            (Some(15), "first  second"),
            (Some(12), "first  x"),
            (Some(5), "first"),
            (Some(4), "x"),
            (Some(0), ""),
        ] {
            assert_eq!(line.within(width), expected, "{width:?}");
        }
    }

    #[test]
    fn colours_take_no_room() {
        let mut line = Line::default();
        line.add(
            0,
            console::style("best")
                .green()
                .force_styling(true)
                .to_string(),
        );
        assert_eq!(measure_text_width(&line.within(Some(4))), 4);
    }
}
