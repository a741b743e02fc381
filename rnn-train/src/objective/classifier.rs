//! One label per sequence: images read row by row.

use std::sync::Arc;

use rnn_data::{ImageBatch, ImageBatcher, ImageSet};
use rnn_model::{Cell, Classifier};

use crate::data::Loader;
use crate::objective::{Objective, Scores};
use crate::optim::in_numbers_of;

/// Batches of labelled images.
pub type ImageLoader = Loader<ImageBatch>;

impl<C: Cell> Objective for Classifier<C> {
    type Batch = ImageBatch;
    type State = ();

    fn score(&self, batch: ImageBatch, _: Option<()>) -> (Scores, ()) {
        let images = in_numbers_of(self, batch.images);
        let scores = Scores::cross_entropy(self.forward(images), batch.labels);
        (scores, ())
    }
}

impl ImageLoader {
    /// Batches of `batch_size` images in their order; the last one may be smaller.
    pub fn images(set: &ImageSet, batch_size: usize) -> Self {
        Self::new(Arc::new(set.clone()), Arc::new(ImageBatcher), batch_size)
    }
}
