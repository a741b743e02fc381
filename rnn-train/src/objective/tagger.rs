//! One label per word: sequence tagging.

use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::tensor::Tensor;
use rnn_data::{PaddedBatch, Sentence, TaggedBatch, TaggedBatcher, TaggedItem, Vocab};
use rnn_model::{Lengths, LstmTagger};

use crate::data::Loader;
use crate::error::TrainError;
use crate::metrics::device_of;
use crate::objective::{Objective, Scores};

/// Batches of tagged sentences.
pub type TaggedLoader = Loader<TaggedBatch>;

/// Every sentence starts from a zero state. Loss and accuracy are means over words; padding has no
/// part in either, nor in any gradient.
impl Objective for LstmTagger {
    type Batch = TaggedBatch;
    type State = ();

    fn score(&self, batch: TaggedBatch, _: Option<()>) -> (Scores, ()) {
        let logits = word_logits(self, &batch.words);
        (Scores::cross_entropy(logits, batch.tags), ())
    }
}

impl TaggedLoader {
    /// Batches of `batch_size` sentences in their order; the last one may be smaller.
    ///
    /// # Panics
    ///
    /// When a batch is made, if a sentence is empty or has not as many tags as words.
    pub fn sentences(items: Vec<TaggedItem>, batch_size: usize) -> Self {
        Self::new(
            Arc::new(InMemDataset::new(items)),
            Arc::new(TaggedBatcher),
            batch_size,
        )
    }
}

/// The scores of all words, sentence after sentence, without padding: `[words, tags]`.
fn word_logits(model: &LstmTagger, batch: &PaddedBatch) -> Tensor<2> {
    let [_, time] = batch.ids().dims();
    let lengths = Lengths::new(batch.lengths(), time).expect("a batch fits its own lengths");
    let (logits, _) = model.forward_with_lengths(batch.ids().clone(), &lengths, None);
    logits.flatten::<2>(0, 1).select(0, batch.positions())
}

/// The tags that `model` gives to sentences of words' ids, `batch_size` sentences at a time.
///
/// # Errors
///
/// If the model has no parameters or the device fails.
///
/// # Panics
///
/// If a sentence is empty, an id is not below the model's `vocab_size`, or `batch_size` is 0.
pub fn tag(
    model: &LstmTagger,
    sentences: &[Vec<usize>],
    batch_size: usize,
) -> Result<Vec<Vec<usize>>, TrainError> {
    let model = model.valid();
    let device = device_of(&model)?;
    // Sentences of like length share a batch, so that a long one does not fill the others up.
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|&index| sentences[index].len());
    let mut tagged = vec![Vec::new(); sentences.len()];
    for batch in order.chunks(batch_size) {
        let words: Vec<&[usize]> = batch.iter().map(|&i| sentences[i].as_slice()).collect();
        let best = word_logits(&model, &PaddedBatch::new(&words, &device)).argmax(1);
        let best = best.try_into_data().map_err(TrainError::device)?;
        let mut best = best.iter::<i64>().map(|tag| tag as usize);
        for &index in batch {
            tagged[index] = best.by_ref().take(sentences[index].len()).collect();
        }
    }
    Ok(tagged)
}

/// How many words and sentences were tagged right.
///
/// ```
/// use rnn_data::{Vocab, notebook_sentences};
/// use rnn_train::TaggingScore;
///
/// let sentences = notebook_sentences();
/// let words = Vocab::builder().with_unk("<unk>").words(["The", "dog", "read", "that", "book"]);
/// let predicted = [vec!["DET", "NN", "V", "DET", "V"], vec!["NN", "V", "DET", "NN"]];
///
/// let score = TaggingScore::count(&sentences, &predicted, &words);
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
    /// # Panics
    ///
    /// If there are not as many predictions as sentences, or as words in one.
    pub fn count(
        sentences: &[Sentence],
        predicted: &[Vec<impl AsRef<str>>],
        words: &Vocab,
    ) -> Self {
        assert_eq!(
            sentences.len(),
            predicted.len(),
            "a list of tags per sentence"
        );
        let mut score = Self::default();
        for (sentence, predicted) in sentences.iter().zip(predicted) {
            assert_eq!(sentence.len(), predicted.len(), "a tag per word");
            let before = score;
            for ((word, tag), predicted) in sentence.iter().zip(predicted) {
                let right = usize::from(tag == predicted.as_ref());
                let unknown = usize::from(!words.contains(word));
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
