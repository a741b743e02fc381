//! One class per sequence: images read row by row.

use rnn_data::ImageBatch;
use rnn_model::{Cell, Classifier};

use super::{BatchLoss, Objective};
use crate::optim::in_numbers_of;

impl<C: Cell> Objective for Classifier<C> {
    type Batch = ImageBatch;
    type State = ();

    fn score(&self, batch: ImageBatch, _: Option<()>) -> (BatchLoss, ()) {
        let images = in_numbers_of(self, batch.images);
        let loss = BatchLoss::cross_entropy(self.forward(images), batch.labels);
        (loss, ())
    }
}
