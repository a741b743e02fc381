//! Pretrained embeddings of words.

use std::collections::HashSet;
use std::path::Path;

use anyhow::ensure;
use burn::tensor::{Tensor, TensorData};
use rnn_data::tagged::{WordEncoder, WordVectors};
use rnn_model::LstmTagger;

use crate::ui::Grouped;

/// The model with the vectors of a file in the place of the embeddings of the words that it has, as they
/// are or in lower case, and a text that says so. The others keep theirs, which are made as large, by
/// their standard deviation, as those of the file.
pub fn read_into(
    model: LstmTagger,
    path: &Path,
    words: &WordEncoder,
) -> anyhow::Result<(LstmTagger, Option<String>)> {
    let vocab = words.words();
    let lowercase: HashSet<String> = vocab.iter().map(str::to_lowercase).collect();
    let is_wanted = |word: &str| vocab.contains(word) || lowercase.contains(word);
    let vectors = WordVectors::read(path, is_wanted)?;
    let unk = vocab.unk_id().and_then(|id| vocab.symbol(id));
    let vector = |word: &str| match Some(word) == unk {
        true => None,
        false => vectors
            .get(word)
            .or_else(|| vectors.get(&word.to_lowercase())),
    };
    let embeddings = model.embeddings();
    let [vocab_size, size] = embeddings.dims();
    ensure!(
        vectors.dim() == size,
        "{}: expected vectors of {size} numbers, the size of an embedding, found {}: give \
         --embedding-size {}",
        path.display(),
        vectors.dim(),
        vectors.dim()
    );
    let found: Vec<&[f32]> = vocab.iter().filter_map(vector).collect();
    let known = vocab_size - usize::from(unk.is_some());
    ensure!(
        !found.is_empty(),
        "{}: expected vectors of some of the {} known words, found none",
        path.display(),
        Grouped(known)
    );
    let text = format!(
        "vectors of {} of {} known words from {}",
        Grouped(found.len()),
        Grouped(known),
        path.display()
    );
    let device = embeddings.device();
    let mut numbers: Vec<f32> = embeddings.into_data().iter().collect();
    let scale =
        standard_deviation(found.iter().copied().flatten()) / standard_deviation(numbers.iter());
    // Vectors may be of zeros alone.
    let scale = if scale > 0.0 && scale.is_finite() {
        scale
    } else {
        1.0
    };
    for (row, word) in numbers.chunks_mut(size).zip(vocab.iter()) {
        match vector(word) {
            Some(vector) => row.copy_from_slice(vector),
            None => row.iter_mut().for_each(|number| *number *= scale),
        }
    }
    let data = TensorData::new(numbers, [vocab_size, size]);
    let model = model.with_embeddings(Tensor::from_data(data, &device));
    Ok((model, Some(text)))
}

fn standard_deviation<'a>(numbers: impl Iterator<Item = &'a f32>) -> f32 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for &number in numbers {
        let number = f64::from(number);
        count += 1.0;
        sum += number;
        squares += number * number;
    }
    let mean: f64 = sum / count;
    let variance: f64 = squares / count - mean * mean;
    variance.max(0.0).sqrt() as f32
}
