//! Pretrained embeddings of words.

use std::path::Path;

use anyhow::ensure;
use burn::tensor::{Tensor, TensorData};
use rnn_data::tagged::{WordEncoder, WordVectors};
use rnn_model::LstmTagger;

use crate::ui::{Grouped, Output};

/// The model with the vectors of a file in the place of the embeddings of the words that it has. The
/// others keep theirs, which are made as large, by their standard deviation, as those of the file.
pub fn read_into(
    model: LstmTagger,
    path: &Path,
    words: &WordEncoder,
    out: &mut Output,
) -> anyhow::Result<LstmTagger> {
    let vocab = words.words();
    let vectors = WordVectors::read(path, |word| vocab.contains(word))?;
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
    ensure!(
        !vectors.is_empty(),
        "{}: expected vectors of some of the {} known words, found none",
        path.display(),
        Grouped(vocab.len())
    );
    let device = embeddings.device();
    let mut numbers: Vec<f32> = embeddings.into_data().iter().collect();
    let of_file = || vocab.iter().filter_map(|word| vectors.get(word)).flatten();
    let scale = standard_deviation(of_file()) / standard_deviation(numbers.iter());
    for (row, word) in numbers.chunks_mut(size).zip(vocab.iter()) {
        match vectors.get(word) {
            Some(vector) => row.copy_from_slice(vector),
            None => row.iter_mut().for_each(|number| *number *= scale),
        }
    }
    out.field(
        "vectors",
        format_args!(
            "of {} of {} known words, from {}",
            Grouped(vectors.len()),
            Grouped(vocab.len()),
            path.display()
        ),
    )?;
    let data = TensorData::new(numbers, [vocab_size, size]);
    Ok(model.with_embeddings(Tensor::from_data(data, &device)))
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
