//! One class per word: sequence tagging.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};
use rnn_data::tagged::SentenceIds;
use rnn_data::{PaddedBatch, SpellingBatch, TaggedBatch};
use rnn_model::{Crf, Lengths, RecurrentModule, Spelling, Tagger, Words};

use super::{BatchLoss, Objective};
use crate::device::device_of;
use crate::error::TrainError;

/// Every sentence starts from a zero state. Loss and accuracy are means over words; padding has no
/// part in them, nor in any gradient. With a [`Crf`] the loss is the negative log-likelihood of the
/// sentences' tags, by the word as well, and what counts as predicted is the most probable tag of each
/// word over all taggings; in training, where that would take time, the tag with the highest logit.
impl<R: RecurrentModule> Objective for Tagger<R> {
    type Batch = TaggedBatch;
    type State = ();

    fn score(&self, batch: TaggedBatch, _: Option<()>) -> (BatchLoss, ()) {
        let (logits, lengths) = logits(self, &batch.words, batch.spelling.as_ref());
        let loss = match self.crf() {
            None => BatchLoss::cross_entropy(of_words(logits, &batch.words), batch.tags),
            Some(crf) => crf_loss(crf, logits, &lengths, &batch),
        };
        (loss, ())
    }
}

/// The mean over words of the negative log-likelihood of the sentences' tags.
fn crf_loss(crf: &Crf, logits: Tensor<3>, lengths: &Lengths, batch: &TaggedBatch) -> BatchLoss {
    let [sentences, time, num_tags] = logits.dims();
    let [count] = batch.tags.dims();
    // The loss means nothing of tags that are no classes; they are looked at where the classes are set.
    let tags = batch.tags.clone().clamp(0, num_tags as i64 - 1);
    let padded = Tensor::<1, Int>::zeros([sentences * time], &tags.device());
    let padded = padded.select_assign(0, batch.words.positions(), tags, IndexingUpdateOp::Add);
    let padded = padded.reshape([sentences, time]);
    let likelihood = crf.log_likelihood(logits.clone(), padded, lengths);
    let loss = likelihood.sum().neg() / count as f64;
    let loss = BatchLoss::mean(loss, count);
    let targets = batch.tags.clone();
    // A device that fails says so when the loss is read.
    let marginals = match loss.loss.device().is_autodiff() {
        true => None,
        false => crf.marginals(logits.clone(), lengths).ok(),
    };
    let Some(marginals) = marginals else {
        return loss.with_classes(of_words(logits, &batch.words), targets);
    };
    let marginals = TensorData::new(marginals.concat(), [count, num_tags]);
    let marginals = Tensor::<2>::from_data(marginals, &targets.device());
    // Of probabilities that sum to 1, the logarithms are logits.
    loss.with_classes(marginals.log(), targets)
}

/// The logits of a batch, `[batch, time, tags]`, with its lengths.
fn logits<R: RecurrentModule>(
    model: &Tagger<R>,
    words: &PaddedBatch,
    spelling: Option<&SpellingBatch>,
) -> (Tensor<3>, Lengths) {
    let lengths = lengths_of(words);
    let words = Words {
        ids: words.ids().clone(),
        spelling: spelling.map(|batch| Spelling {
            characters: batch.characters().ids().clone(),
            lengths: lengths_of(batch.characters()),
            places: batch.places().clone(),
        }),
    };
    let (logits, _) = model.forward_with_lengths(words, &lengths, None);
    (logits, lengths)
}

fn lengths_of(batch: &PaddedBatch) -> Lengths {
    let [_, time] = batch.ids().dims();
    Lengths::new(batch.lengths(), time).expect("a batch fits its own lengths")
}

/// The logits of all words, sentence after sentence, without padding: `[words, tags]`.
fn of_words(logits: Tensor<3>, words: &PaddedBatch) -> Tensor<2> {
    logits.flatten::<2>(0, 1).select(0, words.positions())
}

/// The predicted tags of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagging {
    /// The tag of each word.
    pub tags: Vec<usize>,
    /// The probability of each tag at each word, the tags of a word one after the other.
    pub probabilities: Vec<f32>,
}

/// Before the sentences are sorted into batches, in which a word has another place.
fn check_ids(sentences: &[SentenceIds], vocab_size: usize) {
    for (sentence, SentenceIds { words, .. }) in sentences.iter().enumerate() {
        if let Some(word) = words.iter().position(|&id| id >= vocab_size) {
            let found = words[word];
            panic!(
                "sentence {sentence}, word {word}: expected an id below {vocab_size}, found {found}"
            );
        }
    }
}

/// The most words that are tagged at a time, padding included, unless one sentence has more: what bounds
/// the memory where sentences are long.
const WORDS_AT_A_TIME: usize = 1 << 12;

/// Predicts the tags of sentences, at most `batch_size` of them at a time: the most probable tag of each word, or,
/// with a [`Crf`], the most probable tags of each sentence.
///
/// # Errors
///
/// If the model has no parameters or the device fails.
///
/// # Panics
///
/// If a sentence is empty or, for a model that reads characters, lacks those of a word; an id is not below
/// the model's `vocab_size`; or `batch_size` is 0.
pub fn tag<R: RecurrentModule>(
    model: &Tagger<R>,
    sentences: &[SentenceIds],
    batch_size: usize,
) -> Result<Vec<Tagging>, TrainError> {
    let model = model.valid();
    let device = device_of(&model).ok_or(TrainError::NoParameters)?;
    check_ids(sentences, model.vocab_size());
    // Sentences of similar length share a batch, which then needs little padding.
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|&index| sentences[index].words.len());
    let mut tagged = vec![None; sentences.len()];
    for batch in batches(&order, sentences, batch_size) {
        let of_batch = || batch.iter().map(|&index| &sentences[index]);
        let words: Vec<&[usize]> = of_batch().map(|ids| ids.words.as_slice()).collect();
        let words = PaddedBatch::new(&words, &device);
        let spelling = model.characters().map(|_| {
            let characters: Vec<&[Arc<[usize]>]> =
                of_batch().map(|ids| ids.characters.as_slice()).collect();
            SpellingBatch::new(&characters, words.lengths(), &device)
        });
        let (logits, lengths) = logits(&model, &words, spelling.as_ref());
        let taggings = match model.crf() {
            None => most_probable(logits, &words)?,
            Some(crf) => {
                let best = crf.decode(logits.clone(), &lengths);
                let best = best.map_err(TrainError::device)?.into_iter();
                let marginals = crf.marginals(logits, &lengths);
                let all = best.zip(marginals.map_err(TrainError::device)?);
                all.map(|(tags, probabilities)| Tagging {
                    tags,
                    probabilities,
                })
                .collect()
            }
        };
        for (&index, tagging) in batch.iter().zip(taggings) {
            tagged[index] = Some(tagging);
        }
    }
    Ok(tagged.into_iter().flatten().collect())
}

/// Sentences in an order that puts longer ones behind, cut into batches.
fn batches<'a>(
    mut order: &'a [usize],
    sentences: &[SentenceIds],
    batch_size: usize,
) -> Vec<&'a [usize]> {
    assert!(batch_size > 0, "the batch size must be at least 1, found 0");
    let mut batches = Vec::new();
    while !order.is_empty() {
        let most = order.len().min(batch_size);
        let fits = |&count: &usize| {
            let longest = sentences[order[count - 1]].words.len();
            count * longest <= WORDS_AT_A_TIME
        };
        let count = (1..=most).rev().find(fits).unwrap_or(1);
        let (batch, rest) = order.split_at(count);
        batches.push(batch);
        order = rest;
    }
    batches
}

/// The most probable tag of each word by itself.
fn most_probable(logits: Tensor<3>, words: &PaddedBatch) -> Result<Vec<Tagging>, TrainError> {
    let logits = of_words(logits, words);
    let [_, num_tags] = logits.dims();
    let probabilities = softmax(logits, 1);
    let probabilities = probabilities.try_into_data().map_err(TrainError::device)?;
    let probabilities: Vec<f32> = probabilities.iter().collect();
    let mut rest = probabilities.as_slice();
    let sentence = |&length: &usize| {
        let (probabilities, after) = rest.split_at(length * num_tags);
        rest = after;
        let tags = probabilities.chunks(num_tags).map(first_largest).collect();
        Tagging {
            tags,
            probabilities: probabilities.to_vec(),
        }
    };
    Ok(words.lengths().iter().map(sentence).collect())
}

/// The index of the first of the largest numbers.
fn first_largest(numbers: &[f32]) -> usize {
    (0..numbers.len()).fold(0, |best, index| {
        if numbers[index] > numbers[best] {
            index
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_have_neither_too_many_sentences_nor_words() {
        let of_lengths = |lengths: &[usize]| -> Vec<SentenceIds> {
            lengths
                .iter()
                .map(|&length| vec![0; length].into())
                .collect()
        };
        let sizes = |lengths: &[usize], batch_size| -> Vec<usize> {
            let order: Vec<usize> = (0..lengths.len()).collect();
            let batches = batches(&order, &of_lengths(lengths), batch_size);
            batches.iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(sizes(&[1, 2, 3, 4, 5], 2), [2, 2, 1]);
        assert_eq!(sizes(&[1, 2_048, 2_048, 4_096, 5_000], 64), [2, 1, 1, 1]);
        assert!(sizes(&[], 4).is_empty());
    }
}
