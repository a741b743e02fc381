//! One class per sequence: images read row by row.

use rnn_data::ImageBatch;
use rnn_model::{Classifier, RecurrentModule};

use super::{BatchLoss, Objective};
use crate::optim::in_numbers_of;

impl<R: RecurrentModule> Objective for Classifier<R> {
    type Batch = ImageBatch;
    type State = ();

    fn score(&self, batch: ImageBatch, _: Option<()>) -> (BatchLoss, ()) {
        let images = in_numbers_of(self, batch.images);
        let loss = BatchLoss::cross_entropy(self.forward(images), batch.labels);
        (loss, ())
    }
}
