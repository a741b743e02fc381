//! One class per step: the character that comes next.

use burn::tensor::Tensor;
use rnn_data::CharBatch;
use rnn_model::{CharRnn, Lengths};

use super::{BatchLoss, Objective, RecurrentState};
use crate::optim::in_numbers_of;

/// With [`carry_state`](crate::FitConfig::carry_state) this is truncated back-propagation through time:
/// each window starts from the state that the one before it left, and from zeros in the rows where a
/// document begins.
impl Objective for CharRnn {
    type Batch = CharBatch;
    type State = Tensor<3>;

    fn score(&self, batch: CharBatch, state: Option<Tensor<3>>) -> (BatchLoss, Tensor<3>) {
        let input = in_numbers_of(self, batch.input.clone());
        let state = state.map(|state| state.restart(&batch.starts));
        let Some(positions) = batch.positions() else {
            let (logits, state) = self.forward(input, state);
            let loss = BatchLoss::cross_entropy(logits.flatten(0, 1), batch.targets);
            return (loss, state);
        };
        let [_, time, _] = input.dims();
        // A row whose stream has ended still takes a step, whose output is not selected.
        let lengths: Vec<usize> = batch.lengths.iter().map(|&length| length.max(1)).collect();
        let lengths = Lengths::new(lengths, time).expect("a batch fits its own lengths");
        let (logits, state) = self.forward_with_lengths(input, &lengths, state);
        let logits = logits.flatten::<2>(0, 1).select(0, positions);
        (BatchLoss::cross_entropy(logits, batch.targets), state)
    }
}
