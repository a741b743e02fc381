//! One label per step: what character comes next.

use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rnn_model::CharRnn;

use crate::loader::Loader;
use crate::objective::{Objective, Scores};

/// Characters with the ones that follow them.
#[derive(Clone, Debug)]
pub struct CharBatch {
    /// One-hot vectors, `[batch, time, characters]`.
    pub input: Tensor<3>,
    /// The right answers, `[batch, time]`.
    pub targets: Tensor<2, Int>,
}

/// Batches of character sequences; each hands its state on to the next.
pub type CharLoader = Loader<CharBatch, Tensor<3>>;

impl Objective for CharRnn {
    type Batch = CharBatch;
    type State = Tensor<3>;

    fn score(&self, batch: CharBatch, state: Option<Tensor<3>>) -> (Scores, Tensor<3>) {
        let (logits, state) = self.forward(batch.input, state);
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
            Arc::new(OneHot { characters }),
            batch_size,
        )
    }
}

struct OneHot {
    characters: usize,
}

impl Batcher<(Vec<usize>, Vec<usize>), CharBatch> for OneHot {
    fn batch(&self, pairs: Vec<(Vec<usize>, Vec<usize>)>, device: &Device) -> CharBatch {
        let (batch, time) = (pairs.len(), pairs[0].0.len());
        let mut input = vec![0.0f32; batch * time * self.characters];
        let mut targets = Vec::with_capacity(batch * time);
        for (row, (from, to)) in pairs.iter().enumerate() {
            assert_eq!((from.len(), to.len()), (time, time), "sequences of one batch differ in length");
            for (step, &index) in from.iter().enumerate() {
                assert!(index < self.characters, "character {index} of {}", self.characters);
                input[(row * time + step) * self.characters + index] = 1.0;
            }
            targets.extend(to.iter().map(|&index| index as i64));
        }
        CharBatch {
            input: Tensor::from_data(
                TensorData::new(input, [batch, time, self.characters]),
                device,
            ),
            targets: Tensor::from_data(TensorData::new(targets, [batch, time]), device),
        }
    }
}
