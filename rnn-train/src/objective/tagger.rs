//! One class per word: sequence tagging.

use burn::module::Module;
use burn::tensor::Tensor;
use rnn_data::{PaddedBatch, TaggedBatch};
use rnn_model::{Lengths, RecurrentModule, Tagger};

use super::{BatchLoss, Objective};
use crate::device::device_of;
use crate::error::TrainError;

/// Every sentence starts from a zero state. Loss and accuracy are means over words; padding has no
/// part in them, nor in any gradient.
impl<R: RecurrentModule> Objective for Tagger<R> {
    type Batch = TaggedBatch;
    type State = ();

    fn score(&self, batch: TaggedBatch, _: Option<()>) -> (BatchLoss, ()) {
        let logits = word_logits(self, &batch.words);
        (BatchLoss::cross_entropy(logits, batch.tags), ())
    }
}

/// The logits of all words, sentence after sentence, without padding: `[words, tags]`.
fn word_logits<R: RecurrentModule>(model: &Tagger<R>, batch: &PaddedBatch) -> Tensor<2> {
    let [_, time] = batch.ids().dims();
    let lengths = Lengths::new(batch.lengths(), time).expect("a batch fits its own lengths");
    let (logits, _) = model.forward_with_lengths(batch.ids().clone(), &lengths, None);
    logits.flatten::<2>(0, 1).select(0, batch.positions())
}

/// Before the sentences are sorted into batches, in which a word has another place.
fn check_ids(sentences: &[Vec<usize>], vocab_size: usize) {
    for (sentence, words) in sentences.iter().enumerate() {
        if let Some(word) = words.iter().position(|&id| id >= vocab_size) {
            let found = words[word];
            panic!(
                "sentence {sentence}, word {word}: expected an id below {vocab_size}, found {found}"
            );
        }
    }
}

/// Predicts the tags of sentences, which are ids of words, `batch_size` sentences at a time.
///
/// # Errors
///
/// If the model has no parameters or the device fails.
///
/// # Panics
///
/// If a sentence is empty, an id is not below the model's `vocab_size`, or `batch_size` is 0.
pub fn tag<R: RecurrentModule>(
    model: &Tagger<R>,
    sentences: &[Vec<usize>],
    batch_size: usize,
) -> Result<Vec<Vec<usize>>, TrainError> {
    let model = model.valid();
    let device = device_of(&model).ok_or(TrainError::NoParameters)?;
    check_ids(sentences, model.vocab_size());
    // Sentences of similar length share a batch, which then needs little padding.
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
