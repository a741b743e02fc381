//! One label per step: what character comes next.

use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use burn::tensor::Tensor;
use rnn_data::{CharBatch, CharBatcher};
use rnn_model::CharRnn;

use crate::loader::Loader;
use crate::objective::{Objective, Scores};
use crate::precision::in_numbers_of;

/// Batches of character sequences.
pub type CharLoader = Loader<CharBatch>;

impl Objective for CharRnn {
    type Batch = CharBatch;
    type State = Tensor<3>;

    fn score(&self, batch: CharBatch, state: Option<Tensor<3>>) -> (Scores, Tensor<3>) {
        let input = in_numbers_of(self, batch.input);
        let (logits, state) = self.forward(input, state);
        let scores = Scores::cross_entropy(logits.flatten(0, 1), batch.targets.flatten(0, 1));
        (scores, state)
    }

    fn detach(state: Tensor<3>) -> Tensor<3> {
        state.detach()
    }
}

impl CharLoader {
    /// The pairs of `input` and `target` sequences (indices of characters, all of one length), in
    /// batches of `batch_size`.
    ///
    /// # Panics
    ///
    /// When a batch is made, if an index is not below `characters` or the lengths differ.
    pub fn sequences(
        pairs: Vec<(Vec<usize>, Vec<usize>)>,
        characters: usize,
        batch_size: usize,
    ) -> Self {
        Self::new(
            Arc::new(InMemDataset::new(pairs)),
            Arc::new(CharBatcher { characters }),
            batch_size,
        )
    }
}
