use std::sync::Arc;

use super::WordForm;
use crate::{Vocab, VocabError};

/// The ids of a sentence's words, and of the characters of each for a model that reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentenceIds {
    /// Of the words.
    pub words: Vec<usize>,
    /// Of each word's characters; none at all for a model of words alone.
    pub characters: Vec<Arc<[usize]>>,
}

impl From<Vec<usize>> for SentenceIds {
    /// Words by their ids alone.
    fn from(words: Vec<usize>) -> Self {
        let characters = Vec::new();
        Self { words, characters }
    }
}

/// Turns words into ids: the vocabularies of a tagger.
///
/// ```
/// use rnn_data::Vocab;
/// use rnn_data::tagged::{WordEncoder, WordForm};
///
/// let words = Vocab::builder().with_unk("<unk>").words(["the", "dog"]);
/// let encoder = WordEncoder::new(words, WordForm { lowercase: true, digits: false });
/// assert_eq!(encoder.encode(&["The", "dog", "ate"])?.words, [2, 1, 0]);
///
/// let characters = Vocab::builder().with_unk("<unk>").chars("a dog");
/// let encoder = encoder.with_characters(characters);
/// let ids = encoder.encode(&["Dog"])?;
/// assert_eq!(&*ids.characters[0], [0, 5, 4]); // D is unknown
/// # Ok::<(), rnn_data::VocabError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WordEncoder {
    words: Vocab,
    form: WordForm,
    characters: Option<Vocab>,
    /// In bytes.
    longest: usize,
}

impl WordEncoder {
    /// The most characters of a word that are read: of a longer one, the first half and the last half
    /// of them.
    pub const MAX_CHARACTERS: usize = 32;

    /// Words by their ids alone; `form` is that of the words in the vocabulary.
    pub fn new(words: Vocab, form: WordForm) -> Self {
        Self {
            longest: words.iter().map(str::len).max().unwrap_or(0),
            words,
            form,
            characters: None,
        }
    }

    /// The same with characters, as they are written, but for Unicode's normal form C.
    pub fn with_characters(mut self, characters: Vocab) -> Self {
        self.characters = Some(characters);
        self
    }

    /// The vocabulary of words.
    pub fn words(&self) -> &Vocab {
        &self.words
    }

    /// The vocabulary of characters.
    pub fn characters(&self) -> Option<&Vocab> {
        self.characters.as_ref()
    }

    /// The form of the words in the vocabulary.
    pub fn form(&self) -> WordForm {
        self.form
    }

    /// Whether the vocabulary has the word, as it is written or in its form.
    pub fn is_known(&self, word: &str) -> bool {
        self.form.is_known(&self.words, word)
    }

    /// No known word is longer, in bytes, however it is written.
    pub(super) fn longest(&self) -> usize {
        // Normal form C makes a text no shorter than a third of it.
        3 * self.longest
    }

    /// The ids of a sentence's words.
    ///
    /// # Errors
    ///
    /// [`VocabError::UnknownSymbol`], if a vocabulary has neither the word (or a character) nor a symbol
    /// for unknown ones.
    pub fn encode(&self, words: &[impl AsRef<str>]) -> Result<SentenceIds, VocabError> {
        let id = |(index, word): (usize, &str)| match self.form.id(&self.words, word) {
            Some(id) => Ok(id),
            None => self.words.id_at(index, word),
        };
        let words = || words.iter().map(AsRef::as_ref);
        let characters = match &self.characters {
            None => Vec::new(),
            Some(characters) => words()
                .map(|word| spell(characters, word))
                .collect::<Result<_, _>>()?,
        };
        Ok(SentenceIds {
            words: words().enumerate().map(id).collect::<Result<_, _>>()?,
            characters,
        })
    }
}

/// The ids of a word's characters.
fn spell(characters: &Vocab, word: &str) -> Result<Arc<[usize]>, VocabError> {
    const HALF: usize = WordEncoder::MAX_CHARACTERS / 2;
    let word = WordForm::default().apply(word);
    let mut ids = characters.encode_chars(&word)?;
    if ids.len() > 2 * HALF {
        ids.drain(HALF..ids.len() - HALF);
    }
    Ok(ids.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn of_a_long_word_both_ends_are_read() {
        let characters = Vocab::builder().with_unk("?").chars("abc");
        let word = format!("{}{}{}", "a".repeat(16), "b".repeat(1_000), "c".repeat(16));
        let ids = spell(&characters, &word).unwrap();
        assert_eq!(*ids, [[1; 16], [3; 16]].concat());
        assert_eq!(*spell(&characters, "cab").unwrap(), [3, 1, 2]);
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn another_way_to_write_a_character_is_no_other_word() {
        let encoder = WordEncoder::new(Vocab::words(["caf\u{e9}"]), WordForm::default())
            .with_characters(Vocab::chars("caf\u{e9}"));
        let ids = encoder.encode(&["cafe\u{301}"]).unwrap();
        assert_eq!(ids, encoder.encode(&["caf\u{e9}"]).unwrap());
        let error = encoder.encode(&["caf\u{e9}", "cat"]).unwrap_err();
        assert!(error.to_string().contains("\"t\""), "{error}");
    }
}
