use rnn_data::Vocab;

use crate::objective::Tagging;

/// A sentence with a tag for each of its words.
#[derive(Clone, Debug)]
pub struct TaggedSentence<'a> {
    /// The words.
    pub words: Vec<String>,
    /// The tag of each word.
    pub tags: Vec<&'a str>,
    /// Whether the model has no embedding of its own for each word.
    pub unknown: Vec<bool>,
    vocab: &'a Vocab,
    /// Of each tag at each word.
    probabilities: Vec<f32>,
}

impl<'a> TaggedSentence<'a> {
    /// `tagging` has a tag of `vocab` for each word.
    pub(super) fn new(
        words: Vec<String>,
        unknown: Vec<bool>,
        tagging: Tagging,
        vocab: &'a Vocab,
    ) -> Self {
        let tags = tagging.tags.iter().map(|&id| name(vocab, id)).collect();
        Self {
            words,
            tags,
            unknown,
            vocab,
            probabilities: tagging.probabilities,
        }
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Each word with its tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        let words = self.words.iter().map(String::as_str);
        words.zip(self.tags.iter().copied())
    }

    /// The `n` most probable tags of a word with their probabilities, the most probable first; of a
    /// model that chooses the tags of a sentence together, over all its taggings.
    ///
    /// # Panics
    ///
    /// If there is no such word.
    pub fn n_best(&self, word: usize, n: usize) -> Vec<(&'a str, f32)> {
        let probabilities = self.of_word(word);
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let best = order.into_iter().take(n);
        best.map(|id| (name(self.vocab, id), probabilities[id]))
            .collect()
    }

    /// The probability of a word's tag, 0 to 1.
    ///
    /// # Panics
    ///
    /// If there is no such word.
    pub fn probability(&self, word: usize) -> f32 {
        let id = self.vocab.id(self.tags[word]);
        id.map_or(0.0, |id| self.of_word(word)[id])
    }

    fn of_word(&self, word: usize) -> &[f32] {
        let tags = self.vocab.len();
        &self.probabilities[word * tags..(word + 1) * tags]
    }
}

/// Ids are of the vocabulary.
fn name(vocab: &Vocab, id: usize) -> &str {
    vocab.symbol(id).unwrap_or_default()
}
