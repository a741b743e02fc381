//! A line of a file of vectors.

use super::VectorsError;
use crate::fs::file::excerpt;

const SPACES: [char; 2] = [' ', '\t'];

/// A line without what ends it and spaces before that; not empty.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// How many vectors there are and their dimension, if that is what the line says.
    pub(super) fn header(&self) -> Result<Option<(usize, usize)>, VectorsError> {
        let mut tokens = tokens(self.text).map(|(_, token)| token);
        let (Some(count), Some(dim), None) = (tokens.next(), tokens.next(), tokens.next()) else {
            return Ok(None);
        };
        let is_count = |token: &str| token.bytes().all(|byte| byte.is_ascii_digit());
        if !is_count(count) || !is_count(dim) {
            return Ok(None);
        }
        match (count.parse(), dim.parse()) {
            (Ok(_), Ok(0)) => Err(VectorsError::NoDimension),
            (Ok(count), Ok(dim)) => Ok(Some((count, dim))),
            _ => Ok(None),
        }
    }

    /// How many values there are after a word without spaces.
    pub(super) fn dim(&self) -> Result<usize, VectorsError> {
        match tokens(self.text).count() - 1 {
            0 => Err(VectorsError::Values {
                line: self.number,
                column: self.column(self.text.len()) + 1,
                expected: 1,
                found: 0,
            }),
            dim => Ok(dim),
        }
    }

    /// The word, which may have spaces, and its values with where they begin.
    pub(super) fn split(
        &self,
        dim: usize,
    ) -> Result<(&'a str, impl Iterator<Item = (usize, &'a str)> + use<'a>), VectorsError> {
        let Self { number: line, text } = *self;
        if text.starts_with(SPACES) {
            return Err(VectorsError::EmptyWord { line });
        }
        let mut start = text.len();
        for found in 0..dim {
            let rest = text[..start].trim_end_matches(SPACES);
            let space = rest.rfind(SPACES).ok_or_else(|| VectorsError::Values {
                line,
                column: self.column(text.len()) + 1,
                expected: dim,
                found,
            })?;
            start = space + 1;
        }
        let word = text[..start].trim_end_matches(SPACES);
        // A number in a word after a space is a value too many.
        let more = tokens(word).skip(1);
        let mut more = more.skip_while(|(_, token)| !is_number(token));
        if let Some((at, _)) = more.next() {
            return Err(VectorsError::Values {
                line,
                column: self.column(at),
                expected: dim,
                found: dim + 1 + more.count(),
            });
        }
        let values = tokens(&text[start..]).map(move |(at, value)| (start + at, value));
        Ok((word, values))
    }

    /// The number that begins there.
    pub(super) fn number_at(&self, (at, value): (usize, &str)) -> Result<f32, VectorsError> {
        let line = self.number;
        match value.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => Err(VectorsError::NotFinite {
                line,
                column: self.column(at),
                found: excerpt(value),
            }),
            Err(_) => Err(VectorsError::NotANumber {
                line,
                column: self.column(at),
                found: excerpt(value),
            }),
        }
    }

    /// The column of a byte.
    fn column(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }
}

/// What stands between spaces, and where.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let parts = text.split(SPACES).map(move |part| {
        let at = start;
        start += part.len() + 1;
        (at, part)
    });
    parts.filter(|(_, part)| !part.is_empty())
}

fn is_number(token: &str) -> bool {
    token.parse::<f32>().is_ok_and(f32::is_finite)
}
