//! What a classifier knows after each row of an image.

use anyhow::ensure;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use rnn_model::{Lengths, RecurrentModule as _};

use super::model::{ClassifierSettings, Model};
use super::pictures::Image;
use crate::report::ReadingPicture;

/// Reads `image` row by row: after each row the class probabilities, if it ended there, and the last layer's
/// hidden state. The reverse direction of a network in both has read the rows from the end to this one.
pub fn picture(
    model: &Model,
    settings: &ClassifierSettings,
    image: &Image,
    device: &Device,
) -> anyhow::Result<ReadingPicture> {
    ensure!(
        settings.permute.is_none(),
        "--explain: expected a network that reads an image from top to bottom, found one that reads pixels in \
         a random order"
    );
    let (rows, cols) = (image.rows(), image.cols);
    let sequence = settings
        .reading()
        .tensor(&[&image.pixels], rows, cols, device);
    let [_, steps, features] = sequence.dims();
    // Pixel by pixel, a row is as many steps as it has pixels.
    let steps_of_row = steps / rows;
    let ends: Vec<usize> = (1..=rows).map(|row| row * steps_of_row).collect();
    let (output, _) = model.rnn().forward(sequence.clone(), None);
    let output = rows_of(output.squeeze_dim(0))?;
    let lengths = Lengths::new(ends.clone(), steps)?;
    let beginnings = sequence.expand([rows, steps, features]);
    let logits = model.forward_with_lengths(beginnings, &lengths);
    Ok(ReadingPicture {
        title: image.title(),
        image: image.pixels.clone(),
        cols,
        classes: settings.all_class_names(),
        probabilities: rows_of(softmax(logits, 1))?,
        hidden: ends.iter().map(|&end| output[end - 1].clone()).collect(),
    })
}

fn rows_of(tensor: Tensor<2>) -> anyhow::Result<Vec<Vec<f32>>> {
    let [_, columns] = tensor.dims();
    let values: Vec<f32> = tensor.try_into_data()?.iter().collect();
    Ok(values.chunks(columns).map(<[f32]>::to_vec).collect())
}
