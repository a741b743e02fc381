//! One label per step: what character comes next.

use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use burn::tensor::Tensor;
use rnn_data::{CharBatch, CharBatcher, Streams};
use rnn_model::{CharRnn, Lengths};

use crate::data::Loader;
use crate::objective::Carried;
use crate::objective::{Objective, Scores};
use crate::optim::in_numbers_of;

/// Batches of character sequences.
pub type CharLoader = Loader<CharBatch>;

/// Truncated back-propagation through time comes about with
/// [`carry_state`](crate::FitConfig::carry_state): each window starts from the state that the one
/// before it left, and from zeros in the rows where a document begins.
impl Objective for CharRnn {
    type Batch = CharBatch;
    type State = Tensor<3>;

    fn score(&self, batch: CharBatch, state: Option<Tensor<3>>) -> (Scores, Tensor<3>) {
        let input = in_numbers_of(self, batch.input.clone());
        let state = state.map(|state| state.restart(&batch.starts));
        let Some(positions) = batch.positions() else {
            let (logits, state) = self.forward(input, state);
            let scores = Scores::cross_entropy(logits.flatten(0, 1), batch.targets);
            return (scores, state);
        };
        let [_, time, _] = input.dims();
        // A row whose stream has ended goes on for a step that nobody looks at.
        let lengths: Vec<usize> = batch.lengths.iter().map(|&length| length.max(1)).collect();
        let lengths = Lengths::new(lengths, time).expect("a batch fits its own lengths");
        let (logits, state) = self.forward_with_lengths(input, &lengths, state);
        let logits = logits.flatten::<2>(0, 1).select(0, positions);
        (Scores::cross_entropy(logits, batch.targets), state)
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

    /// The windows of `streams` one after the other, for training with carried state: a batch is one
    /// window of all rows. Not to be shuffled.
    ///
    /// ```
    /// use rnn_data::{Streams, Vocab};
    /// use rnn_model::CharRnnConfig;
    /// use rnn_train::{CharLoader, FitConfig, Trainer};
    ///
    /// let text = "the cat sat on the mat";
    /// let vocab = Vocab::chars(text);
    /// // Two rows, each read from left to right in windows of at most five characters.
    /// let streams = Streams::new(vec![vocab.encode_chars(text)?], 2, 5)?;
    /// let device = rnn_train::select("auto")?.device;
    /// let model = CharRnnConfig::new(vocab.len(), 16, vocab.len()).init(&device);
    ///
    /// let config = FitConfig { carry_state: true, ..FitConfig::new(1) };
    /// let fitted = Trainer::new(config).fit(model, CharLoader::streams(streams, vocab.len()))?;
    /// assert_eq!(fitted.history[0].targets, text.len() - 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When a batch is made, if an index is not below `characters`.
    pub fn streams(streams: Streams, characters: usize) -> Self {
        Self::new(Arc::new(streams), Arc::new(CharBatcher { characters }), 1)
    }
}
