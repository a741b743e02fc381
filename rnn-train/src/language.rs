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

/// Batches of character sequences.
pub type CharLoader = Loader<CharBatch>;

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

/// One-hot vectors `[batch, time, characters]` for sequences of indices of one length.
///
/// # Panics
///
/// If there are no sequences, an index is not below `characters` or the lengths differ.
pub fn one_hot(sequences: &[&[usize]], characters: usize, device: &Device) -> Tensor<3> {
    let (batch, time) = (sequences.len(), sequences[0].len());
    let mut ones = vec![0.0f32; batch * time * characters];
    for (row, sequence) in sequences.iter().enumerate() {
        assert_eq!(
            sequence.len(),
            time,
            "sequences of one batch differ in length"
        );
        for (step, &index) in sequence.iter().enumerate() {
            assert!(index < characters, "character {index} of {characters}");
            ones[(row * time + step) * characters + index] = 1.0;
        }
    }
    Tensor::from_data(TensorData::new(ones, [batch, time, characters]), device)
}

struct OneHot {
    characters: usize,
}

impl Batcher<(Vec<usize>, Vec<usize>), CharBatch> for OneHot {
    fn batch(&self, pairs: Vec<(Vec<usize>, Vec<usize>)>, device: &Device) -> CharBatch {
        let inputs: Vec<&[usize]> = pairs.iter().map(|(input, _)| input.as_slice()).collect();
        let input = one_hot(&inputs, self.characters, device);
        let [batch, time, _] = input.dims();
        let mut targets = Vec::with_capacity(batch * time);
        for (_, target) in &pairs {
            assert_eq!(
                target.len(),
                time,
                "a target differs from its input in length"
            );
            targets.extend(target.iter().map(|&index| index as i64));
        }
        CharBatch {
            input,
            targets: Tensor::from_data(TensorData::new(targets, [batch, time]), device),
        }
    }
}
