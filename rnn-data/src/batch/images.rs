use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

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

/// How images become sequences.
///
/// ```
/// use rnn_data::{ImageOrder, ImageReading};
///
/// let device = Default::default();
/// let image = [0, 51, 102, 255]; // two rows of two pixels
/// let rows = ImageReading::default();
/// assert_eq!(rows.tensor(&[&image], 2, 2, &device).dims(), [1, 2, 2]);
///
/// let pixels = ImageReading { order: ImageOrder::Pixels, ..rows };
/// let sequence = pixels.tensor(&[&image], 2, 2, &device);
/// assert_eq!(sequence.dims(), [1, 4, 1]);
/// assert_eq!(sequence.into_data().iter::<f32>().collect::<Vec<_>>(), [0.0, 0.2, 0.4, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImageReading {
    /// What a step reads.
    pub order: ImageOrder,
    /// The mean that grey levels from 0 to 1 are reduced by, and the standard deviation that they are
    /// then divided by, as torchvision's `Normalize(mean, std)` does; none leaves them as they are.
    pub normalize: Option<[f32; 2]>,
}

/// What a step of a sequence reads of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageOrder {
    /// A row of pixels, from top to bottom.
    #[default]
    Rows,
    /// One pixel, row by row from the top.
    Pixels,
    /// One pixel, in a random order drawn from this seed: the same one for all images.
    Permuted(u64),
}

impl ImageOrder {
    /// The numbers of steps and of features of an image's sequence.
    pub fn shape(self, rows: usize, cols: usize) -> [usize; 2] {
        match self {
            Self::Rows => [rows, cols],
            Self::Pixels | Self::Permuted(_) => [rows * cols, 1],
        }
    }

    /// The order of so many pixels, if it is not their own.
    fn permutation(self, pixels: usize) -> Option<Vec<usize>> {
        let Self::Permuted(seed) = self else {
            return None;
        };
        let mut order: Vec<usize> = (0..pixels).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        Some(order)
    }
}

impl ImageReading {
    /// The grey values of images of one size (0 = black, 255 = white, row by row) as sequences
    /// `[batch, steps, features]`, of numbers from 0 to 1 unless they are normalised.
    ///
    /// # Panics
    ///
    /// If an image has not `rows·cols` pixels.
    pub fn tensor(&self, images: &[&[u8]], rows: usize, cols: usize, device: &Device) -> Tensor<3> {
        let mut pixels = Vec::with_capacity(images.len() * rows * cols);
        let permutation = self.order.permutation(rows * cols);
        let [mean, std] = self.normalize.unwrap_or([0.0, 1.0]);
        let level = |&grey: &u8| (f32::from(grey) / 255.0 - mean) / std;
        for image in images {
            assert!(
                image.len() == rows * cols,
                "expected images of {rows} x {cols} pixels, found one of {} pixels",
                image.len()
            );
            match &permutation {
                None => pixels.extend(image.iter().map(level)),
                Some(order) => pixels.extend(order.iter().map(|&place| level(&image[place]))),
            }
        }
        let [steps, features] = self.order.shape(rows, cols);
        let data = TensorData::new(pixels, [images.len(), steps, features]);
        Tensor::from_data(data, device)
    }
}

/// Images as sequences, with their labels.
#[derive(Clone, Debug)]
pub struct ImageBatch {
    /// `[batch, steps, features]`: of images that are read row by row, grey levels from 0 (black) to 1
    /// (white) as `[batch, rows, cols]`, with time from top to bottom.
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
/// let batch = ImageBatcher::default().batch(digits.get_many(vec![0, 5, 7])?, &Default::default());
/// assert_eq!(batch.images.dims(), [3, 28, 28]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageBatcher {
    /// How the images become sequences.
    pub reading: ImageReading,
}

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
            images: self.reading.tensor(&images, rows, cols, device),
            labels: Tensor::from_data(TensorData::new(labels, [batch]), device),
        }
    }
}
