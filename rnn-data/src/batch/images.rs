use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::OutOfRange;
use crate::ImageSet;

/// One image and its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageItem {
    /// Grey levels, row by row from the top, `rows·cols` of them.
    pub pixels: Vec<u8>,
    /// Pixels from top to bottom.
    pub rows: usize,
    /// Pixels from left to right.
    pub cols: usize,
    /// The class.
    pub label: u8,
}

/// Images as sequences of their rows, with their labels.
#[derive(Clone, Debug)]
pub struct ImageBatch {
    /// Grey levels from 0 (black) to 1 (white), `[batch, rows, cols]`: time is from top to bottom.
    pub images: Tensor<3>,
    /// Classes, `[batch]`.
    pub labels: Tensor<1, Int>,
}

/// Makes [`ImageBatch`]es of [`ImageItem`]s of one size.
///
/// ```
/// use burn::data::dataloader::batcher::Batcher;
/// use burn::data::dataset::Dataset;
/// use rnn_data::{ImageBatcher, Strokes};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let digits = Strokes::new(1).generate(20)?;
/// let batch = ImageBatcher.batch(digits.get_many(vec![0, 5, 7])?, &Default::default());
/// assert_eq!(batch.images.dims(), [3, 28, 28]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageBatcher;

impl Dataset<ImageItem> for ImageSet {
    fn get(&self, index: usize) -> Result<ImageItem, DatasetError> {
        if index >= self.len() {
            return Err(DatasetError::new(OutOfRange {
                item: "image",
                index,
                len: self.len(),
            }));
        }
        Ok(ImageItem {
            pixels: self.image(index).to_vec(),
            rows: self.rows(),
            cols: self.cols(),
            label: self.label(index),
        })
    }

    fn len(&self) -> usize {
        ImageSet::len(self)
    }
}

impl Batcher<ImageItem, ImageBatch> for ImageBatcher {
    /// # Panics
    ///
    /// If there are no items, or they differ in size.
    fn batch(&self, items: Vec<ImageItem>, device: &Device) -> ImageBatch {
        let images: Vec<&[u8]> = items.iter().map(|item| item.pixels.as_slice()).collect();
        let (rows, cols) = (items[0].rows, items[0].cols);
        let labels: Vec<i64> = items.iter().map(|item| i64::from(item.label)).collect();
        let batch = items.len();
        ImageBatch {
            images: image_tensor(&images, rows, cols, device),
            labels: Tensor::from_data(TensorData::new(labels, [batch]), device),
        }
    }
}

/// Grey values of images of one size as numbers from 0 (black) to 1 (white), `[batch, rows, cols]`.
///
/// # Panics
///
/// If an image has not `rows·cols` pixels.
pub fn image_tensor(images: &[&[u8]], rows: usize, cols: usize, device: &Device) -> Tensor<3> {
    let mut pixels = Vec::with_capacity(images.len() * rows * cols);
    for image in images {
        assert!(
            image.len() == rows * cols,
            "expected images of {rows} x {cols} pixels, found one of {} pixels",
            image.len()
        );
        pixels.extend(image.iter().map(|&grey| f32::from(grey) / 255.0));
    }
    Tensor::from_data(TensorData::new(pixels, [images.len(), rows, cols]), device)
}
