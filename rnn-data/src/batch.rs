//! Batches as tensors, and Burn's `Dataset` for this crate's data; needs the feature `burn`.

mod characters;
mod ids;
mod images;
mod rows;
mod sentences;
mod spelling;
mod vectors;

use burn::tensor::{Device, Int, Tensor, TensorData};

pub use characters::{CharBatch, CharBatcher, one_hot};
pub use ids::{IdBatch, IdBatcher, SeparateWindows};
pub use images::{ImageBatch, ImageBatcher, ImageItem, ImageOrder, ImageReading};
pub use sentences::{PaddedBatch, TaggedBatch, TaggedBatcher, TaggedItem};
pub use spelling::SpellingBatch;
pub use vectors::PaddedVectors;

#[derive(Debug, thiserror::Error)]
#[error("{item} {index} was asked for, but the set has {len}")]
struct OutOfRange {
    item: &'static str,
    index: usize,
    len: usize,
}

/// The indices in `[batch·time]` of the steps below each row's length, row after row.
fn positions(lengths: &[usize], time: usize, device: &Device) -> Tensor<1, Int> {
    let rows = lengths.iter().enumerate();
    let positions: Vec<i64> = rows
        .flat_map(|(row, &length)| (row * time..).take(length))
        .map(|position| position as i64)
        .collect();
    let count = positions.len();
    Tensor::from_data(TensorData::new(positions, [count]), device)
}
