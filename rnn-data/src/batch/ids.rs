use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor};

use super::rows::{Rows, checked, padded_ids, positions_if_padded};
use crate::StreamWindow;

/// A batch of ids, with the id that follows each as its target: [`CharBatch`](crate::CharBatch) for models
/// with an embedding, where a vocabulary may be too large for one-hot vectors.
#[derive(Clone, Debug)]
pub struct IdBatch {
    /// `[batch, time]`, 0 past a row's end.
    pub ids: Tensor<2, Int>,
    /// The length of each row, without padding; 0 for a row whose stream has ended.
    pub lengths: Vec<usize>,
    /// The targets of all steps but padding, row after row: `[steps]`.
    pub targets: Tensor<1, Int>,
    /// Which rows begin a document or a stream, so that their state starts from zero.
    pub starts: Vec<bool>,
}

impl IdBatch {
    /// The indices in `[batch·time]` of the steps that are not padding, row after row; `None` if there
    /// is no padding, so that no selection is needed.
    pub fn positions(&self) -> Option<Tensor<1, Int>> {
        let [_, time] = self.ids.dims();
        positions_if_padded(&self.lengths, time, &self.ids.device())
    }
}

/// Makes [`IdBatch`]es of pairs of input and target, each a sequence of ids of any length; or of the
/// windows of [`Streams`](crate::Streams), each of which is a batch.
///
/// ```
/// use burn::data::dataloader::batcher::Batcher;
/// use rnn_data::{IdBatcher, Streams};
///
/// let streams = Streams::new(vec![vec![0, 1, 2, 3, 4], vec![5, 6, 7]], 2, 2)?;
/// let window = streams.get(0).expect("there is always a window");
/// let batch = IdBatcher { vocab_size: 8 }.batch(vec![window], &Default::default());
/// assert_eq!(batch.ids.to_data().iter::<i64>().collect::<Vec<_>>(), [0, 1, 3, 0]);
/// assert_eq!((&batch.lengths[..], &batch.starts[..]), (&[2, 1][..], &[true, true][..]));
/// assert_eq!(batch.targets.to_data().iter::<i64>().collect::<Vec<_>>(), [1, 2, 4]);
/// # Ok::<(), rnn_data::StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IdBatcher {
    /// How many different ids there are.
    pub vocab_size: usize,
}

impl IdBatcher {
    fn make(self, rows: &Rows<'_>, device: &Device) -> IdBatch {
        IdBatch {
            ids: padded_ids(&rows.inputs, |id| checked(id, self.vocab_size), device),
            lengths: rows.lengths(),
            targets: rows.targets(self.vocab_size, device),
            starts: rows.starts.clone(),
        }
    }
}

impl Batcher<(Vec<usize>, Vec<usize>), IdBatch> for IdBatcher {
    /// # Panics
    ///
    /// If there are no pairs, an id is not below `vocab_size` or a pair's parts differ in length.
    fn batch(&self, pairs: Vec<(Vec<usize>, Vec<usize>)>, device: &Device) -> IdBatch {
        self.make(&Rows::of_pairs(&pairs), device)
    }
}

impl Batcher<StreamWindow, IdBatch> for IdBatcher {
    /// A window has all rows of its batch, so that there is one item: a loader of windows has a batch
    /// size of 1, and goes through them in order.
    ///
    /// # Panics
    ///
    /// If there is not exactly one window, it has no steps, an id is not below `vocab_size` or a row has
    /// not as many targets as inputs.
    fn batch(&self, items: Vec<StreamWindow>, device: &Device) -> IdBatch {
        self.make(&Rows::of_window(&items), device)
    }
}

/// Makes [`IdBatch`]es of windows side by side, each row for itself: for evaluation where no state is
/// carried from window to window.
#[derive(Clone, Copy, Debug)]
pub struct SeparateWindows {
    /// How many different ids there are.
    pub vocab_size: usize,
}

impl Batcher<StreamWindow, IdBatch> for SeparateWindows {
    /// # Panics
    ///
    /// If there are no steps, an id is not below `vocab_size` or a row has not as many targets as inputs.
    fn batch(&self, items: Vec<StreamWindow>, device: &Device) -> IdBatch {
        let batcher = IdBatcher {
            vocab_size: self.vocab_size,
        };
        batcher.make(&Rows::of_windows(&items), device)
    }
}
