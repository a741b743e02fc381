//! One class per step: the character or the token that comes next.

use burn::tensor::{Int, Tensor};
use rnn_data::{CharBatch, IdBatch};
use rnn_model::{CharRnn, LanguageModel, Lengths, RecurrentModule};

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
        let [_, time, _] = input.dims();
        let positions = batch.positions();
        let (logits, state) = match positions {
            None => self.forward(input, state),
            Some(_) => self.forward_with_lengths(input, &row_lengths(batch.lengths, time), state),
        };
        (loss(logits, positions, batch.targets), state)
    }
}

/// As for [`CharRnn`], with a learnt vector for each token in place of a one-hot one, and the metrics
/// `perplexity` and `bits`.
impl<R: RecurrentModule> Objective for LanguageModel<R>
where
    R::State: RecurrentState,
{
    type Batch = IdBatch;
    type State = R::State;

    fn score(&self, batch: IdBatch, state: Option<R::State>) -> (BatchLoss, R::State) {
        let state = state.map(|state| state.restart(&batch.starts));
        let [_, time] = batch.ids.dims();
        let positions = batch.positions();
        let (logits, state) = match positions {
            None => self.forward(batch.ids, state),
            Some(_) => {
                self.forward_with_lengths(batch.ids, &row_lengths(batch.lengths, time), state)
            }
        };
        let loss = loss(logits, positions, batch.targets)
            .with_perplexity()
            .with_bits();
        (loss, state)
    }
}

/// A row whose stream has ended has no steps, and keeps its state.
fn row_lengths(lengths: Vec<usize>, time: usize) -> Lengths {
    Lengths::new(lengths, time).expect("a batch fits its own lengths")
}

/// The loss over all steps, or over those at `positions`.
fn loss(
    logits: Tensor<3>,
    positions: Option<Tensor<1, Int>>,
    targets: Tensor<1, Int>,
) -> BatchLoss {
    let logits = logits.flatten::<2>(0, 1);
    let logits = match positions {
        Some(positions) => logits.select(0, positions),
        None => logits,
    };
    BatchLoss::cross_entropy(logits, targets)
}
