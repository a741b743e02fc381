//! Images as text in a terminal.

/// Images side by side as text. Each line shows two rows of pixels by half-block characters, which
/// makes pixels square.
///
/// `images` are grey values, `cols` per row; pixels above `ink` are drawn. Empty margins are cut
/// off; `gap` columns separate two images.
pub fn text(images: &[&[u8]], cols: usize, ink: u8, gap: usize) -> Vec<String> {
    let rows = images
        .iter()
        .map(|image| image.len() / cols)
        .max()
        .unwrap_or(0);
    let has_ink = |image: &&[u8], row: usize, col: usize| {
        image.get(row * cols + col).is_some_and(|&grey| grey > ink)
    };
    let used = |image: &&[u8]| {
        let cols_with_ink = (0..cols).filter(|&col| (0..rows).any(|row| has_ink(image, row, col)));
        let (first, last) = (cols_with_ink.clone().min(), cols_with_ink.max());
        first.unwrap_or(0)..last.map_or(0, |last| last + 1)
    };
    let spans: Vec<_> = images.iter().map(used).collect();
    let mut lines: Vec<String> = (0..rows)
        .step_by(2)
        .map(|row| {
            let mut line = String::new();
            for (image, span) in images.iter().zip(&spans) {
                line.extend(span.clone().map(|col| {
                    match (has_ink(image, row, col), has_ink(image, row + 1, col)) {
                        (true, true) => '█',
                        (true, false) => '▀',
                        (false, true) => '▄',
                        (false, false) => ' ',
                    }
                }));
                line.extend(std::iter::repeat_n(' ', gap));
            }
            line.trim_end().to_owned()
        })
        .skip_while(|line: &String| line.is_empty())
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rows_make_a_line() {
        let image = [0, 9, 9, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 9, 0, 0];
        assert_eq!(text(&[&image, &image], 4, 5, 1), ["▀█ ▀█", "▄  ▄"]);
        // An odd number of rows, an empty image, no image.
        assert_eq!(text(&[&[9, 9]], 2, 5, 1), ["▀▀"]);
        assert!(text(&[&[0; 4]], 2, 5, 1).concat().is_empty());
        assert!(text(&[], 2, 5, 1).is_empty());
    }
}
