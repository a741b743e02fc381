use std::cell::OnceCell;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::step::Parts;

/// How long each sequence of a padded batch is: what PyTorch's `pack_padded_sequence` is for.
///
/// A batch of sequences of different lengths is filled up to the longest one. With lengths, a
/// recurrent module computes what it would for each sequence alone: outputs past a sequence's end
/// are zero, its final state is the one at its own last step, and the reverse direction starts at
/// its own last step. What the padding holds does not matter, not even NaN. Lengths need no order. The
/// output has as many steps as the input (`total_length` in PyTorch's `pad_packed_sequence`).
///
/// A length of 0, which PyTorch refuses, is a row of the batch without a sequence, as batches of streams
/// have them where there is nothing more to read: its outputs are zero, and its state comes out as it
/// went in.
///
/// ```
/// use burn::tensor::{Tensor, Tolerance};
/// use rnn_model::{GruConfig, Lengths};
/// # let device = Default::default();
/// let gru = GruConfig::new(5, 3).with_bidirectional(true).init(&device);
/// let lengths = Lengths::new([2, 6], 6)?;
/// let (output, h_n) = gru.forward_with_lengths(Tensor::ones([2, 6, 5], &device), &lengths, None);
/// assert_eq!(output.dims(), [2, 6, 6]);
///
/// let (alone, h_alone) = gru.forward(Tensor::ones([1, 2, 5], &device), None);
/// let (first, h_first) = (output.slice([0..1, 0..2]), h_n.slice([0..2, 0..1]));
/// alone.to_data().assert_approx_eq::<f32>(&first.to_data(), Tolerance::default());
/// h_alone.to_data().assert_approx_eq::<f32>(&h_first.to_data(), Tolerance::default());
/// # Ok::<(), rnn_model::LengthsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    lengths: Vec<usize>,
    time: usize,
}

/// Lengths that no batch can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LengthsError {
    /// There is no sequence.
    #[error("expected a length for each sequence, found none")]
    Empty,
    /// A sequence is longer than the batch.
    #[error("length {index} is {found}, expected at most the {time} time steps of the batch")]
    TooLong {
        /// Which sequence, from 0.
        index: usize,
        /// Its length.
        found: usize,
        /// Steps of the batch.
        time: usize,
    },
}

impl Lengths {
    /// The lengths of a batch's sequences, in the batch's order; the batch has `time` steps.
    ///
    /// # Errors
    ///
    /// If there are none, or one is above `time`.
    ///
    /// ```
    /// let error = rnn_model::Lengths::new([4, 5], 4).expect_err("too long");
    /// assert_eq!(error.to_string(), "length 1 is 5, expected at most the 4 time steps of the batch");
    /// ```
    pub fn new(lengths: impl Into<Vec<usize>>, time: usize) -> Result<Self, LengthsError> {
        let lengths = lengths.into();
        if lengths.is_empty() {
            return Err(LengthsError::Empty);
        }
        for (index, &found) in lengths.iter().enumerate() {
            if found > time {
                return Err(LengthsError::TooLong { index, found, time });
            }
        }
        Ok(Self { lengths, time })
    }

    /// One length per sequence.
    pub fn as_slice(&self) -> &[usize] {
        &self.lengths
    }

    /// Steps of the batch, T.
    pub fn time(&self) -> usize {
        self.time
    }

    /// Which rows hold no sequence, if there are such rows.
    pub(crate) fn empty_rows(&self, device: &Device) -> Option<EmptyRows> {
        if !self.lengths.contains(&0) {
            return None;
        }
        let batch = self.lengths.len();
        let are_empty: Vec<bool> = self.lengths.iter().map(|&length| length == 0).collect();
        Some(EmptyRows {
            are_empty: Tensor::from_data(TensorData::new(are_empty, [1, batch, 1]), device),
            lengths: Self {
                lengths: self.lengths.iter().map(|&length| length.max(1)).collect(),
                time: self.time,
            },
        })
    }

    /// The place of each sequence's last step, `[batch]`; 0 in rows without a sequence.
    pub(crate) fn last_steps(&self, device: &Device) -> Tensor<1, Int> {
        let last = |&length: &usize| length.saturating_sub(1) as i64;
        let last: Vec<i64> = self.lengths.iter().map(last).collect();
        let batch = last.len();
        Tensor::from_data(TensorData::new(last, [batch]), device)
    }

    /// What lies past the ends; none if there is nothing.
    pub(crate) fn padding(&self, device: &Device) -> Option<Padding<'_>> {
        let shortest = self.lengths.iter().copied().min()?;
        (shortest < self.time).then(|| Padding {
            lengths: self,
            device: device.clone(),
            all: OnceCell::new(),
            shortest,
        })
    }
}

/// Rows of a batch that hold no sequence.
///
/// No cell and no kernel knows of them: they run over one step of zeros, from a state of zeros, and
/// what comes of it is thrown away.
pub(crate) struct EmptyRows {
    /// `[1, batch, 1]`
    are_empty: Tensor<3, Bool>,
    /// With one step in each of these rows.
    lengths: Lengths,
}

impl EmptyRows {
    pub fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    /// A sequence or a state, `[.., batch, ..]`, with zeros in these rows.
    pub fn clear(&self, tensor: Tensor<3>) -> Tensor<3> {
        let shape = tensor.dims();
        tensor.mask_fill(self.are_empty.clone().expand(shape), 0.0)
    }

    /// The state `after` with these rows of the state `before`.
    pub fn keep(&self, before: Parts<3>, after: Parts<3>) -> Parts<3> {
        after.zip(before, |after, before| {
            let shape = after.dims();
            after.mask_where(self.are_empty.clone().expand(shape), before)
        })
    }
}

/// Where a padded batch holds nothing.
pub(crate) struct Padding<'a> {
    lengths: &'a Lengths,
    device: Device,
    /// True at steps past a sequence's end, `[time, batch, 1]`; made when it is needed.
    all: OnceCell<Tensor<3, Bool>>,
    /// Steps of the shortest sequence.
    shortest: usize,
}

impl Padding<'_> {
    /// Steps of each sequence.
    #[cfg(feature = "kernel")]
    pub fn lengths(&self) -> &[usize] {
        self.lengths.as_slice()
    }

    fn all(&self) -> Tensor<3, Bool> {
        let all = self.all.get_or_init(|| {
            let Lengths { lengths, time } = self.lengths;
            let ended = |step: usize| lengths.iter().map(move |&length| length <= step);
            let all: Vec<bool> = (0..*time).flat_map(ended).collect();
            let all = TensorData::new(all, [*time, lengths.len(), 1]);
            Tensor::from_data(all, &self.device)
        });
        all.clone()
    }

    /// `sequence`, `[time, batch, features]`, with zeros in the padding.
    ///
    /// A product with zero would leave NaN, in values as in gradients; filling does not.
    pub fn clear(&self, sequence: Tensor<3>) -> Tensor<3> {
        let shape = sequence.dims();
        sequence.mask_fill(self.all().expand(shape), 0.0)
    }

    /// Which sequences have ended before step `t`, `[batch, 1]`; none if none has.
    pub fn at(&self, t: usize) -> Option<Tensor<2, Bool>> {
        (t >= self.shortest).then(|| self.all().narrow(0, t, 1).squeeze_dim(0))
    }
}
