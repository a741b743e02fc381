use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::positions;
use super::rows::padded_ids;
use super::spelling::SpellingBatch;
use crate::tagged::{SentenceIds, WordEncoder};
use crate::{Sentence, Vocab, VocabError};

/// A batch of sequences of ids, padded with id 0 to the length of the longest.
///
/// Padding needs no id of its own, because it is masked: a recurrent module takes the lengths, and
/// [`positions`](Self::positions) selects the steps of its output that are not padding.
///
/// ```
/// use rnn_data::PaddedBatch;
///
/// let batch = PaddedBatch::new(&[&[4, 2, 7], &[5]], &Default::default());
/// assert_eq!(batch.ids().to_data().iter::<i64>().collect::<Vec<_>>(), [4, 2, 7, 5, 0, 0]);
/// assert_eq!(batch.lengths(), [3, 1]);
/// assert_eq!(batch.positions().to_data().iter::<i64>().collect::<Vec<_>>(), [0, 1, 2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct PaddedBatch {
    ids: Tensor<2, Int>,
    lengths: Vec<usize>,
}

impl PaddedBatch {
    /// Pads sequences to the longest of them.
    ///
    /// # Panics
    ///
    /// If there are no sequences, or one is empty.
    pub fn new(sequences: &[&[usize]], device: &Device) -> Self {
        assert!(!sequences.is_empty(), "expected at least one sequence");
        let lengths: Vec<usize> = sequences.iter().map(|ids| ids.len()).collect();
        assert!(
            lengths.iter().all(|&length| length > 0),
            "expected sequences of at least 1 id, found an empty one"
        );
        Self {
            ids: padded_ids(sequences, |id| id as i64, device),
            lengths,
        }
    }

    /// `[batch, time]`
    pub fn ids(&self) -> &Tensor<2, Int> {
        &self.ids
    }

    /// The length of each sequence, the largest of them `time`.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Where the ids that are not padding stand in `[batch·time]`, sequence after sequence.
    pub fn positions(&self) -> Tensor<1, Int> {
        let [_, time] = self.ids.dims();
        positions(&self.lengths, time, &self.ids.device())
    }
}

/// A tagged sentence as ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedItem {
    /// The words' ids, and those of their characters for a model that reads them.
    pub sentence: SentenceIds,
    /// The id of each word's tag.
    pub tags: Vec<usize>,
}

impl TaggedItem {
    /// A sentence by its vocabularies.
    ///
    /// # Errors
    ///
    /// [`VocabError::UnknownSymbol`], if a vocabulary has neither the symbol nor one for unknown ones.
    pub fn encode(
        sentence: &Sentence,
        words: &WordEncoder,
        tags: &Vocab,
    ) -> Result<Self, VocabError> {
        Ok(Self {
            sentence: words.encode(&sentence.words)?,
            tags: tags.encode(&sentence.tags)?,
        })
    }
}

/// A batch of tagged sentences.
#[derive(Clone, Debug)]
pub struct TaggedBatch {
    /// The words, padded.
    pub words: PaddedBatch,
    /// Their characters, if the items have them.
    pub spelling: Option<SpellingBatch>,
    /// The tags of all words, sentence after sentence, without padding: `[words]`.
    pub tags: Tensor<1, Int>,
}

/// Makes [`TaggedBatch`]es of [`TaggedItem`]s of any lengths.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaggedBatcher;

impl Batcher<TaggedItem, TaggedBatch> for TaggedBatcher {
    /// # Panics
    ///
    /// If there are no items, one is empty, or has not as many tags as words (or, if any item has
    /// characters, not those of each word).
    fn batch(&self, items: Vec<TaggedItem>, device: &Device) -> TaggedBatch {
        let mut words = Vec::with_capacity(items.len());
        let mut tags = Vec::new();
        let mut characters = Vec::with_capacity(items.len());
        for TaggedItem {
            sentence,
            tags: of_words,
        } in &items
        {
            assert!(
                sentence.words.len() == of_words.len(),
                "expected a tag for each of {} words, found {}",
                sentence.words.len(),
                of_words.len()
            );
            words.push(sentence.words.as_slice());
            characters.push(sentence.characters.as_slice());
            tags.extend(of_words.iter().map(|&tag| tag as i64));
        }
        let count = tags.len();
        let is_spelt = characters.iter().any(|sentence| !sentence.is_empty());
        let words = PaddedBatch::new(&words, device);
        TaggedBatch {
            spelling: is_spelt.then(|| SpellingBatch::new(&characters, words.lengths(), device)),
            words,
            tags: Tensor::from_data(TensorData::new(tags, [count]), device),
        }
    }
}
