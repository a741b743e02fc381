use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor};

use super::PaddedBatch;
use super::rows::padded_ids;

/// How the words of a batch of sentences are spelt: each distinct word once, and where it stands.
///
/// ```
/// use std::sync::Arc;
/// use rnn_data::SpellingBatch;
///
/// let [cat, a]: [Arc<[usize]>; 2] = [[3, 1, 20].into(), [1].into()];
/// let sentences = [&[a.clone(), cat.clone(), a][..], &[cat]];
/// let batch = SpellingBatch::new(&sentences, &[3, 1], &Default::default());
/// assert_eq!(batch.characters().lengths(), [1, 3]);
/// let places: Vec<i64> = batch.places().to_data().iter().collect();
/// assert_eq!(places, [0, 1, 0, 1, 0, 0]); // the last two are padding
/// ```
#[derive(Clone, Debug)]
pub struct SpellingBatch {
    characters: PaddedBatch,
    places: Tensor<2, Int>,
}

impl SpellingBatch {
    /// The words of sentences, each the ids of its characters; `lengths` says how many words each
    /// sentence should have.
    ///
    /// # Panics
    ///
    /// If there are no sentences, one has not as many words, or a word has no characters.
    pub fn new<'a>(sentences: &[&'a [Arc<[usize]>]], lengths: &[usize], device: &Device) -> Self {
        let mut distinct: Vec<&'a [usize]> = Vec::new();
        let mut ids: HashMap<&'a [usize], usize> = HashMap::new();
        let mut places = Vec::with_capacity(sentences.len());
        for (sentence, &length) in sentences.iter().zip(lengths) {
            assert!(
                sentence.len() == length,
                "expected the characters of each of {length} words, found those of {}",
                sentence.len()
            );
            let place = |word: &'a Arc<[usize]>| {
                *ids.entry(word).or_insert_with(|| {
                    distinct.push(word);
                    distinct.len() - 1
                })
            };
            places.push(sentence.iter().map(place).collect::<Vec<usize>>());
        }
        let places: Vec<&[usize]> = places.iter().map(Vec::as_slice).collect();
        Self {
            places: padded_ids(&places, |id| id as i64, device),
            characters: PaddedBatch::new(&distinct, device),
        }
    }

    /// The characters of each distinct word, in the order in which the words first come:
    /// `[distinct, longest]`.
    pub fn characters(&self) -> &PaddedBatch {
        &self.characters
    }

    /// Which of the distinct words stands where, `[batch, time]`; 0 past a sentence's end.
    pub fn places(&self) -> &Tensor<2, Int> {
        &self.places
    }
}
