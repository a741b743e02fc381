use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::OutOfRange;
use super::rows::{Rows, checked, positions_if_padded};
use crate::text::TextStreams;
use crate::{StreamWindow, Streams};

/// A batch of characters, with the character that follows each as its target.
#[derive(Clone, Debug)]
pub struct CharBatch {
    /// One-hot vectors, `[batch, time, characters]`, zeros past a row's end.
    pub input: Tensor<3>,
    /// The length of each row, without padding; 0 for a row whose stream has ended.
    pub lengths: Vec<usize>,
    /// The targets of all steps but padding, row after row: `[steps]`.
    pub targets: Tensor<1, Int>,
    /// Which rows begin a document or a stream, so that their state starts from zero.
    pub starts: Vec<bool>,
}

impl CharBatch {
    /// The indices in `[batch·time]` of the steps that are not padding, row after row; `None` if there
    /// is no padding, so that no selection is needed.
    pub fn positions(&self) -> Option<Tensor<1, Int>> {
        let [_, time, _] = self.input.dims();
        positions_if_padded(&self.lengths, time, &self.input.device())
    }
}

/// Makes [`CharBatch`]es of pairs of input and target, each a sequence of characters' ids, all of one
/// length; or of the windows of [`Streams`], each of which is a batch.
///
/// ```
/// use burn::data::dataloader::batcher::Batcher;
/// use rnn_data::{CharBatcher, Streams};
///
/// let streams = Streams::new(vec![vec![0, 1, 2, 3, 4], vec![5, 6, 7]], 2, 2)?;
/// let window = streams.get(0).expect("there is always a window");
/// let batch = CharBatcher { characters: 8 }.batch(vec![window], &Default::default());
/// assert_eq!(batch.input.dims(), [2, 2, 8]);
/// assert_eq!((&batch.lengths[..], &batch.starts[..]), (&[2, 1][..], &[true, true][..]));
/// assert_eq!(batch.targets.to_data().iter::<i64>().collect::<Vec<_>>(), [1, 2, 4]);
///
/// let positions = batch.positions().expect("the second row is padded");
/// assert_eq!(positions.to_data().iter::<i64>().collect::<Vec<_>>(), [0, 1, 2]);
/// # Ok::<(), rnn_data::StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CharBatcher {
    /// How many different characters there are.
    pub characters: usize,
}

impl Batcher<(Vec<usize>, Vec<usize>), CharBatch> for CharBatcher {
    /// # Panics
    ///
    /// If there are no pairs, an id is not below `characters` or the lengths differ.
    fn batch(&self, pairs: Vec<(Vec<usize>, Vec<usize>)>, device: &Device) -> CharBatch {
        let rows = Rows::of_pairs(&pairs);
        let input = one_hot(&rows.inputs, self.characters, device);
        self.make(&rows, input)
    }
}

impl Batcher<StreamWindow, CharBatch> for CharBatcher {
    /// A window has all rows of its batch, so that there is one item: a loader of windows has a batch
    /// size of 1, and goes through them in order.
    ///
    /// # Panics
    ///
    /// If there is not exactly one window, it has no steps, an id is not below `characters` or a row
    /// has not as many targets as inputs.
    fn batch(&self, items: Vec<StreamWindow>, device: &Device) -> CharBatch {
        let rows = Rows::of_window(&items);
        let input = padded_one_hot(&rows.inputs, rows.time(), self.characters, device);
        self.make(&rows, input)
    }
}

impl CharBatcher {
    fn make(self, rows: &Rows<'_>, input: Tensor<3>) -> CharBatch {
        CharBatch {
            lengths: rows.lengths(),
            targets: rows.targets(self.characters, &input.device()),
            starts: rows.starts.clone(),
            input,
        }
    }
}

impl Dataset<StreamWindow> for Streams {
    fn get(&self, index: usize) -> Result<StreamWindow, DatasetError> {
        Streams::get(self, index).ok_or_else(|| {
            DatasetError::new(OutOfRange {
                item: "window",
                index,
                len: Streams::len(self),
            })
        })
    }

    fn len(&self) -> usize {
        Streams::len(self)
    }
}

impl Dataset<StreamWindow> for TextStreams {
    fn get(&self, index: usize) -> Result<StreamWindow, DatasetError> {
        let window = TextStreams::get(self, index).map_err(DatasetError::new)?;
        window.ok_or_else(|| {
            DatasetError::new(OutOfRange {
                item: "window",
                index,
                len: TextStreams::len(self),
            })
        })
    }

    fn len(&self) -> usize {
        TextStreams::len(self)
    }
}

/// One-hot vectors `[batch, time, size]` for sequences of ids below `size`, all of one length: 1 at
/// the id, 0 elsewhere.
///
/// # Panics
///
/// If there are no sequences, an id is not below `size` or the lengths differ.
///
/// ```
/// use rnn_data::{Vocab, one_hot};
///
/// let vocab = Vocab::chars("hi");
/// let ids = vocab.encode_chars("hih")?;
/// let vectors = one_hot(&[&ids], vocab.len(), &Default::default());
/// assert_eq!(vectors.dims(), [1, 3, 2]);
/// let values: Vec<f32> = vectors.into_data().iter().collect();
/// assert_eq!(values, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn one_hot(sequences: &[&[usize]], size: usize, device: &Device) -> Tensor<3> {
    let time = sequences.first().expect("at least one sequence").len();
    for sequence in sequences {
        assert!(
            sequence.len() == time,
            "expected sequences of one length, {time}, found {}",
            sequence.len()
        );
    }
    padded_one_hot(sequences, time, size, device)
}

/// Zeros from the end of a sequence to step `time`.
fn padded_one_hot(sequences: &[&[usize]], time: usize, size: usize, device: &Device) -> Tensor<3> {
    let batch = sequences.len();
    let mut ones = vec![0.0f32; batch * time * size];
    for (row, sequence) in sequences.iter().enumerate() {
        for (step, &id) in sequence.iter().enumerate() {
            let id = checked(id, size) as usize;
            ones[(row * time + step) * size + id] = 1.0;
        }
    }
    Tensor::from_data(TensorData::new(ones, [batch, time, size]), device)
}
