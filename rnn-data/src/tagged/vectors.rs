//! Vectors of words in text form.

mod error;
mod line;

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use crate::fs::text::BOM;
use crate::fs::{LineReader, line_content, open_text};
pub use error::VectorsError;
use line::Line;

/// Vectors of words that were trained elsewhere, from a file in text form: GloVe's, and word2vec's or
/// fastText's `.vec` with a first line that says how many there are and their dimension.
///
/// ```
/// use rnn_data::tagged::WordVectors;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("vectors.vec");
/// std::fs::write(&path, "3 2\nthe 0.5 -1\ndog 0.25 2e-3\ncat 1 2\n")?;
/// let vectors = WordVectors::read(&path, |word| word != "the")?;
/// assert_eq!((vectors.len(), vectors.dim()), (2, 2));
/// assert_eq!(vectors.get("dog"), Some(&[0.25, 0.002][..]));
/// assert_eq!(vectors.get("the"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WordVectors {
    dim: usize,
    /// Which of the vectors is a word's.
    index: HashMap<String, usize>,
    /// All vectors, one after the other.
    values: Vec<f32>,
}

impl WordVectors {
    /// Reads the vectors of the words that are wanted, from a file that is plain or in gzip, line by
    /// line: no others are in memory.
    ///
    /// A line has a word and its values with spaces between them. The first line says how many values
    /// there are; a word may have spaces, as some in GloVe's largest file do. Of a word that comes twice
    /// the first vector counts. Of lines whose word is not wanted, only the number of values is checked.
    ///
    /// # Errors
    ///
    /// [`VectorsError::Text`] if the file can't be opened, and [`VectorsError::File`], which names the
    /// file, around [`VectorsError::Values`], [`VectorsError::NotANumber`], [`VectorsError::NotFinite`],
    /// [`VectorsError::EmptyWord`], [`VectorsError::Count`], [`VectorsError::Empty`], and
    /// [`VectorsError::Text`] where it is no text.
    ///
    /// ```
    /// use rnn_data::tagged::WordVectors;
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("glove.txt");
    /// std::fs::write(&path, "the 0.5 -1\ndog 0.25 x\n")?;
    /// let error = WordVectors::read(&path, |_| true).unwrap_err();
    /// let cause = std::error::Error::source(&error).ok_or("no cause")?;
    /// assert_eq!(cause.to_string(), "line 2, column 10: expected a number, found \"x\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        path: impl AsRef<Path>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, VectorsError> {
        let path = path.as_ref();
        let input = open_text(path)?;
        Self::read_from(input, wanted).map_err(|error| VectorsError::File {
            path: path.to_owned(),
            source: Box::new(error),
        })
    }

    fn read_from(input: impl BufRead, wanted: impl Fn(&str) -> bool) -> Result<Self, VectorsError> {
        let mut lines = LineReader::new(input);
        let mut vectors = Self {
            dim: 0,
            index: HashMap::new(),
            values: Vec::new(),
        };
        let mut header = None;
        let mut count = 0;
        while let Some((number, text)) = lines.read()? {
            let text = line_content(text).trim_end_matches([' ', '\t']);
            let text = match number {
                1 => text.strip_prefix(BOM).unwrap_or(text),
                _ => text,
            };
            if text.is_empty() {
                continue;
            }
            let line = Line { number, text };
            if number == 1 {
                header = line.header()?;
                if let Some((_, dim)) = header {
                    vectors.dim = dim;
                    continue;
                }
            }
            if vectors.dim == 0 {
                vectors.dim = line.dim()?;
            }
            count += 1;
            vectors.add(&line, &wanted)?;
        }
        if count == 0 {
            return Err(VectorsError::Empty);
        }
        match header {
            Some((expected, _)) if expected != count => Err(VectorsError::Count {
                expected,
                found: count,
            }),
            _ => Ok(vectors),
        }
    }

    fn add(&mut self, line: &Line, wanted: impl Fn(&str) -> bool) -> Result<(), VectorsError> {
        let (word, values) = line.split(self.dim)?;
        if wanted(word) && !self.index.contains_key(word) {
            for value in values {
                self.values.push(line.number_at(value)?);
            }
            self.index.insert(word.to_owned(), self.index.len());
        }
        Ok(())
    }

    /// How many values a vector has.
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none: no word of the file was wanted.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The vector of a word, if it was wanted and the file has it.
    pub fn get(&self, word: &str) -> Option<&[f32]> {
        let start = self.index.get(word)? * self.dim;
        self.values.get(start..start + self.dim)
    }
}

#[cfg(test)]
mod tests;
