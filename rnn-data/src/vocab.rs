//! Symbols and their ids.

mod builder;
mod error;
mod json;
mod parse;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::fs::file;
pub use builder::VocabBuilder;
pub use error::VocabError;

/// Distinct symbols (characters, words or tags), numbered from 0.
///
/// Ids depend on nothing but which symbols there are and how often, never on the order in which they
/// come (but for [`Vocab::in_order`]) or on a hash: the same text gives the same ids everywhere.
/// [`VocabBuilder`] says how.
///
/// ```
/// use rnn_data::Vocab;
///
/// let vocab = Vocab::chars("hihello");
/// assert_eq!(vocab.iter().collect::<String>(), "ehilo");
/// assert_eq!(vocab.id("h"), Some(1));
/// assert_eq!(vocab.symbol(1), Some("h"));
///
/// let ids = vocab.encode_chars("hello")?;
/// assert_eq!(ids, [1, 0, 3, 3, 4]);
/// assert_eq!(vocab.decode(&ids)?.concat(), "hello");
///
/// let error = vocab.encode_chars("help").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "symbol 3: expected one of the 5 in the vocabulary, which has none for unknown ones, \
///      found \"p\""
/// );
/// # Ok::<(), rnn_data::VocabError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocab {
    /// By id; distinct.
    symbols: Vec<String>,
    /// The inverse of `symbols`.
    ids: HashMap<String, usize>,
    unk: Option<usize>,
    pad: Option<usize>,
}

impl Vocab {
    /// The longest file that [`Vocab::read`] takes, in bytes: 256 MiB, more than ten million words.
    pub const MAX_BYTES: u64 = 256 << 20;

    /// The characters of a text, sorted.
    pub fn chars(text: &str) -> Self {
        Self::builder().chars(text)
    }

    /// Words, sorted.
    ///
    /// ```
    /// use rnn_data::Vocab;
    ///
    /// let tags = Vocab::words(["DET", "NN", "V", "DET", "NN"]);
    /// assert_eq!(tags.len(), 3);
    /// assert_eq!(tags.encode(["V", "DET"])?, [2, 0]);
    /// # Ok::<(), rnn_data::VocabError>(())
    /// ```
    pub fn words(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::builder().words(words)
    }

    /// Symbols with ids in the order in which they first come, as in many tutorials. Unlike all other
    /// vocabularies this one depends on the order of the text.
    ///
    /// ```
    /// use rnn_data::Vocab;
    ///
    /// let vocab = Vocab::in_order("the dog ate the apple".split(' '));
    /// assert_eq!(vocab.iter().collect::<Vec<_>>(), ["the", "dog", "ate", "apple"]);
    /// ```
    pub fn in_order(symbols: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut distinct = Vec::new();
        let mut seen = HashSet::new();
        for symbol in symbols {
            let symbol = symbol.as_ref();
            if seen.insert(symbol.to_owned()) {
                distinct.push(symbol.to_owned());
            }
        }
        Self::from_distinct(distinct, None, None)
    }

    /// The same with one of its symbols standing for all that have no id.
    ///
    /// # Errors
    ///
    /// [`VocabError::UnknownSymbol`] if it is none of them.
    pub fn with_unk(self, symbol: &str) -> Result<Self, VocabError> {
        let plain = Self { unk: None, ..self };
        let unk = plain.id_at(0, symbol)?;
        Ok(Self {
            unk: Some(unk),
            ..plain
        })
    }

    /// A vocabulary with special symbols, or without rare ones.
    pub fn builder() -> VocabBuilder {
        VocabBuilder::new()
    }

    /// `symbols` must be distinct.
    fn from_distinct(symbols: Vec<String>, unk: Option<usize>, pad: Option<usize>) -> Self {
        let ids = symbols.iter().cloned().zip(0..).collect();
        Self {
            symbols,
            ids,
            unk,
            pad,
        }
    }

    /// How many symbols there are.
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The symbol's id, or else that of the symbol for unknown ones, if there is one.
    pub fn id(&self, symbol: &str) -> Option<usize> {
        self.ids.get(symbol).copied().or(self.unk)
    }

    /// Whether the symbol has an id of its own.
    pub fn contains(&self, symbol: &str) -> bool {
        self.ids.contains_key(symbol)
    }

    /// The symbol of an id.
    pub fn symbol(&self, id: usize) -> Option<&str> {
        self.symbols.get(id).map(String::as_str)
    }

    /// The symbols, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.symbols.iter().map(String::as_str)
    }

    /// The id of the symbol that stands for unknown ones.
    pub const fn unk_id(&self) -> Option<usize> {
        self.unk
    }

    /// The id of the symbol that fills short sequences up.
    pub const fn pad_id(&self) -> Option<usize> {
        self.pad
    }

    /// The ids of these symbols.
    ///
    /// # Errors
    ///
    /// [`VocabError::UnknownSymbol`], if there is no symbol for unknown ones.
    pub fn encode(
        &self,
        symbols: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<usize>, VocabError> {
        let encode = |(position, symbol): (usize, _)| self.id_at(position, AsRef::as_ref(&symbol));
        symbols.into_iter().enumerate().map(encode).collect()
    }

    /// The ids of a text's characters.
    ///
    /// # Errors
    ///
    /// [`VocabError::UnknownSymbol`], if there is no symbol for unknown ones. Its position counts
    /// characters.
    pub fn encode_chars(&self, text: &str) -> Result<Vec<usize>, VocabError> {
        let mut buffer = [0; char::MAX.len_utf8()];
        text.chars()
            .enumerate()
            .map(|(position, symbol)| self.id_at(position, symbol.encode_utf8(&mut buffer)))
            .collect()
    }

    pub(crate) fn id_at(&self, position: usize, symbol: &str) -> Result<usize, VocabError> {
        self.id(symbol).ok_or_else(|| VocabError::UnknownSymbol {
            position,
            symbol: file::excerpt(symbol),
            len: self.len(),
        })
    }

    /// The symbols of these ids. Join characters by `concat()`, and words by `join(" ")`.
    ///
    /// # Errors
    ///
    /// [`VocabError::UnknownId`].
    pub fn decode(&self, ids: &[usize]) -> Result<Vec<&str>, VocabError> {
        let decode = |(position, &found): (usize, &usize)| {
            let len = self.len();
            self.symbol(found).ok_or(VocabError::UnknownId {
                position,
                found,
                len,
            })
        };
        ids.iter().enumerate().map(decode).collect()
    }

    /// Reads what [`Vocab::write`] has written.
    ///
    /// # Errors
    ///
    /// [`VocabError::Io`] if the file cannot be read, and [`VocabError::File`] around
    /// [`VocabError::TooLarge`], [`VocabError::NotUtf8`] and the errors of [`Vocab::from_json`]. Both
    /// name the file.
    ///
    /// ```
    /// use rnn_data::Vocab;
    ///
    /// let dir = tempfile::tempdir()?;
    /// let vocab = Vocab::chars("hihello");
    /// vocab.write(dir.path().join("vocab.json"))?;
    /// assert_eq!(Vocab::read(dir.path().join("vocab.json"))?, vocab);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: impl AsRef<Path>) -> Result<Self, VocabError> {
        let path = path.as_ref();
        let bytes = file::read_bounded(path, Self::MAX_BYTES).map_err(|source| VocabError::Io {
            path: path.to_owned(),
            source,
        })?;
        bytes
            .map_err(|found| VocabError::TooLarge { found })
            .and_then(|bytes| match file::utf8(&bytes) {
                Ok(text) => Self::from_json(text),
                Err(file::NotUtf8 {
                    line,
                    column,
                    found,
                    ..
                }) => Err(VocabError::NotUtf8 {
                    line,
                    column,
                    found,
                }),
            })
            .map_err(|error| VocabError::File {
                path: path.to_owned(),
                source: Box::new(error),
            })
    }

    /// Writes [`Vocab::to_json`] to a file. The text goes to a temporary file in the same folder,
    /// which then takes the name: a reader finds the old file or the new one, never a part.
    ///
    /// # Errors
    ///
    /// [`VocabError::Io`], naming the file.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), VocabError> {
        let path = path.as_ref();
        file::write_whole(path, || Ok(self.to_json().into_bytes())).map_err(|source| {
            VocabError::Io {
                path: path.to_owned(),
                source,
            }
        })
    }
}
