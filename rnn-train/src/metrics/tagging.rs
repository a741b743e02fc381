use rnn_data::Sentence;

/// How many words and sentences were tagged right.
///
/// ```
/// use rnn_data::notebook_sentences;
/// use rnn_train::metrics::TaggingScore;
///
/// let sentences = notebook_sentences();
/// let is_known = |word: &str| ["The", "dog", "read", "that", "book"].contains(&word);
/// let predicted = [vec!["DET", "NN", "V", "DET", "V"], vec!["NN", "V", "DET", "NN"]];
///
/// let score = TaggingScore::count(&sentences, &predicted, is_known);
/// assert_eq!((score.words, score.correct), (9, 8));
/// assert_eq!((score.unknown, score.unknown_correct), (4, 3)); // ate, the, apple; Everybody
/// assert_eq!(score.sentence_accuracy(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaggingScore {
    /// Words.
    pub words: usize,
    /// Words with the right tag.
    pub correct: usize,
    /// Words that have no id of their own.
    pub unknown: usize,
    /// Those of them with the right tag.
    pub unknown_correct: usize,
    /// Sentences.
    pub sentences: usize,
    /// Sentences without a mistake.
    pub sentences_correct: usize,
}

impl TaggingScore {
    /// Compares the tags `predicted` for each of `sentences` with the right ones. A right tag that
    /// the model does not know counts as a mistake, as it should.
    ///
    /// - `is_known`: whether a word has an id of its own
    ///
    /// # Panics
    ///
    /// If there are not as many predictions as sentences, or as words in one.
    pub fn count<P: AsRef<str>>(
        sentences: &[Sentence],
        predicted: &[impl AsRef<[P]>],
        is_known: impl Fn(&str) -> bool,
    ) -> Self {
        assert!(
            sentences.len() == predicted.len(),
            "expected tags for each of {} sentences, found those of {}",
            sentences.len(),
            predicted.len()
        );
        let mut score = Self::default();
        for (sentence, predicted) in sentences.iter().zip(predicted) {
            let predicted = predicted.as_ref();
            assert!(
                sentence.len() == predicted.len(),
                "expected a tag for each of {} words, found {}",
                sentence.len(),
                predicted.len()
            );
            let before = score;
            for ((word, tag), predicted) in sentence.iter().zip(predicted) {
                let right = usize::from(tag == predicted.as_ref());
                let unknown = usize::from(!is_known(word));
                score.words += 1;
                score.correct += right;
                score.unknown += unknown;
                score.unknown_correct += unknown * right;
            }
            let mistakes = (score.words - before.words) - (score.correct - before.correct);
            score.sentences += 1;
            score.sentences_correct += usize::from(mistakes == 0);
        }
        score
    }

    /// The share of words with the right tag, 0 to 1; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.words as f64
    }

    /// The same for unknown words; none if there are no such words.
    pub fn accuracy_unknown(&self) -> Option<f64> {
        (self.unknown > 0).then(|| self.unknown_correct as f64 / self.unknown as f64)
    }

    /// The share of sentences without a mistake, 0 to 1; NaN if there are none.
    pub fn sentence_accuracy(&self) -> f64 {
        self.sentences_correct as f64 / self.sentences as f64
    }
}
