//! Parts of a text.

use std::ops::Range;

use super::{Text, TextError};

impl Text {
    /// The characters in a range as a text.
    ///
    /// # Errors
    ///
    /// [`TextError::Range`] if the text has fewer characters, or the range ends before it begins.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_string("word", "hello").part(1..5)?;
    /// assert_eq!(text.part(1..3)?.read(0..2)?, "ll");
    /// let error = text.part(1..6).unwrap_err();
    /// assert_eq!(
    ///     std::error::Error::source(&error).unwrap().to_string(),
    ///     "expected a range of characters within 0..4, found 1..6"
    /// );
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn part(&self, range: Range<u64>) -> Result<Self, TextError> {
        let chars = self.num_chars();
        if range.start > range.end || range.end > chars {
            let found = range;
            return Err(TextError::Range { chars, found }.in_file(self.path()));
        }
        let before = self.range.start;
        Ok(Self {
            corpus: self.corpus.clone(),
            range: before + range.start..before + range.end,
        })
    }

    /// Divides the text by position, its documents one after the other: the first k parts together have
    /// the sum of their shares of its characters, rounded down. A document can be divided, too; its rest
    /// is a document of its own in the next part.
    ///
    /// # Errors
    ///
    /// [`TextError::Shares`] unless all shares are positive and their sum is 1, within rounding;
    /// [`TextError::EmptyPart`] if the text is too short for them.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_string("letters", "abcdefghijk");
    /// let parts = text.split(&[0.9, 0.1])?;
    /// assert_eq!((parts[0].num_chars(), parts[1].num_chars()), (9, 2));
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn split(&self, shares: &[f64]) -> Result<Vec<Self>, TextError> {
        let sum: f64 = shares.iter().sum();
        let positive = shares.iter().all(|share| *share > 0.0);
        let whole = (sum - 1.0).abs() < 1e-6;
        if !(positive && whole) {
            let found = shares.to_vec();
            return Err(TextError::Shares { found }.in_file(self.path()));
        }
        let chars = self.num_chars();
        let (mut start, mut share_before) = (0, 0.0);
        let part = |(part, &share): (usize, &f64)| {
            share_before += share;
            let end = match part + 1 == shares.len() {
                true => chars,
                false => floor_of_share(share_before, chars),
            };
            if start == end {
                let error = TextError::EmptyPart {
                    part,
                    parts: shares.len(),
                    share,
                    chars,
                };
                return Err(error.in_file(self.path()));
            }
            let range = start..end;
            start = end;
            self.part(range)
        };
        shares.iter().enumerate().map(part).collect()
    }
}

/// A share of `count`, rounded down; but what a sum's rounding has brought just below a whole number is
/// that number.
fn floor_of_share(share: f64, count: u64) -> u64 {
    let exact = share * count as f64;
    let nearest = exact.round();
    let whole = if (nearest - exact).abs() <= 1e-12 * count as f64 {
        nearest
    } else {
        exact.floor()
    };
    // Not negative; a sum of shares can be above 1 by a rounding.
    (whole as u64).min(count)
}
