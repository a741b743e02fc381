use std::collections::{BTreeMap, HashSet};

use super::Vocab;

/// How a [`Vocab`] is made from text: which symbols come first whether or not the text has them, and
/// how often the others must occur.
///
/// Special symbols take the ids from 0, in the order in which they were given; then come the symbols
/// of the text, sorted by their characters' code points. A symbol that is both is special.
///
/// ```
/// use rnn_data::Vocab;
///
/// let vocab = Vocab::builder()
///     .with_pad("<pad>")
///     .with_unk("<unk>")
///     .with_min_count(2)
///     .words("a rose is a rose is a rose .".split(' '));
/// assert_eq!(vocab.iter().collect::<Vec<_>>(), ["<pad>", "<unk>", "a", "is", "rose"]);
/// assert_eq!((vocab.pad_id(), vocab.unk_id()), (Some(0), Some(1)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct VocabBuilder {
    special: Vec<String>,
    unk: Option<String>,
    pad: Option<String>,
    min_count: usize,
}

impl VocabBuilder {
    /// No special symbols, and every symbol of the text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a special symbol. One that was given before keeps its place.
    pub fn with_special(mut self, symbol: impl Into<String>) -> Self {
        let symbol = symbol.into();
        if !self.special.contains(&symbol) {
            self.special.push(symbol);
        }
        self
    }

    /// Adds a special symbol that stands for all that have no id. If there was one before, that
    /// remains as a plain special symbol.
    ///
    /// ```
    /// use rnn_data::Vocab;
    ///
    /// let vocab = Vocab::builder().with_unk("?").chars("abc");
    /// assert_eq!(vocab.encode_chars("cab!")?, [3, 1, 2, 0]);
    /// # Ok::<(), rnn_data::VocabError>(())
    /// ```
    pub fn with_unk(self, symbol: impl Into<String>) -> Self {
        let symbol = symbol.into();
        Self {
            unk: Some(symbol.clone()),
            ..self.with_special(symbol)
        }
    }

    /// Adds a special symbol that fills short sequences up, for models that see their padding. If
    /// there was one before, that remains as a plain special symbol.
    pub fn with_pad(self, symbol: impl Into<String>) -> Self {
        let symbol = symbol.into();
        Self {
            pad: Some(symbol.clone()),
            ..self.with_special(symbol)
        }
    }

    /// Leaves out symbols of the text that occur less often. Both 0 and 1 keep all.
    pub fn with_min_count(mut self, min_count: usize) -> Self {
        self.min_count = min_count;
        self
    }

    /// The vocabulary of a text's characters.
    pub fn chars(self, text: &str) -> Vocab {
        let mut counts = BTreeMap::<char, usize>::new();
        for symbol in text.chars() {
            *counts.entry(symbol).or_default() += 1;
        }
        self.build(counts.into_iter().map(|(c, count)| (c.to_string(), count)))
    }

    /// The vocabulary of these words, each given as often as it occurs.
    pub fn words(self, words: impl IntoIterator<Item = impl AsRef<str>>) -> Vocab {
        let mut counts = BTreeMap::<String, usize>::new();
        for word in words {
            let word = word.as_ref();
            match counts.get_mut(word) {
                Some(count) => *count += 1,
                // Only a word's first occurrence is worth a copy.
                None => {
                    counts.insert(word.to_owned(), 1);
                }
            }
        }
        self.build(counts)
    }

    /// `counts` must come sorted.
    fn build(self, counts: impl IntoIterator<Item = (String, usize)>) -> Vocab {
        let special: HashSet<&String> = self.special.iter().collect();
        let of_text = counts
            .into_iter()
            .filter(|(symbol, count)| *count >= self.min_count && !special.contains(symbol))
            .map(|(symbol, _)| symbol);
        let symbols: Vec<String> = self.special.iter().cloned().chain(of_text).collect();
        // Special symbols take the first ids.
        let id = |symbol: Option<String>| {
            symbol.and_then(|symbol| self.special.iter().position(|other| *other == symbol))
        };
        Vocab::from_distinct(symbols, id(self.unk), id(self.pad))
    }
}
