use burn::tensor::{Device, Int, Tensor, TensorData};

use super::positions;

/// A batch of sequences of vectors, such as measurements or frames of sound, padded with zeros to the
/// length of the longest: [`PaddedBatch`](crate::PaddedBatch) for numbers.
///
/// ```
/// use rnn_data::PaddedVectors;
///
/// // Two features per step: a sequence of three steps, and one of a single step.
/// let sequences: [&[f32]; 2] = [&[0.1, 1.0, 0.2, 2.0, 0.3, 3.0], &[0.4, 4.0]];
/// let batch = PaddedVectors::new(&sequences, 2, &Default::default());
/// assert_eq!(batch.vectors().dims(), [2, 3, 2]);
/// assert_eq!(batch.lengths(), [3, 1]);
/// assert_eq!(batch.positions().to_data().iter::<i64>().collect::<Vec<_>>(), [0, 1, 2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct PaddedVectors {
    vectors: Tensor<3>,
    lengths: Vec<usize>,
}

impl PaddedVectors {
    /// Pads sequences to the longest of them. Each holds its vectors of `size` numbers one after the
    /// other.
    ///
    /// # Panics
    ///
    /// If there are no sequences or all are empty, `size` is 0, or a sequence is no whole number of vectors.
    pub fn new(sequences: &[&[f32]], size: usize, device: &Device) -> Self {
        assert!(size > 0, "expected vectors of at least 1 number, found 0");
        let length = |sequence: &&[f32]| {
            let len = sequence.len();
            assert!(
                len.is_multiple_of(size),
                "expected sequences of vectors of {size} numbers, found one of {len} numbers"
            );
            len / size
        };
        let lengths: Vec<usize> = sequences.iter().map(length).collect();
        let time = lengths.iter().copied().max();
        let time = time.expect("at least one sequence");
        assert!(
            time > 0,
            "expected a sequence of at least one vector, found none"
        );
        let mut padded = vec![0.0f32; sequences.len() * time * size];
        for (row, sequence) in padded.chunks_mut(time * size).zip(sequences) {
            row[..sequence.len()].copy_from_slice(sequence);
        }
        let vectors = TensorData::new(padded, [sequences.len(), time, size]);
        Self {
            vectors: Tensor::from_data(vectors, device),
            lengths,
        }
    }

    /// `[batch, time, size]`
    pub fn vectors(&self) -> &Tensor<3> {
        &self.vectors
    }

    /// The length of each sequence, the largest of them `time`.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Where the steps that are not padding stand in `[batch·time]`, sequence after sequence.
    pub fn positions(&self) -> Tensor<1, Int> {
        let [_, time, _] = self.vectors.dims();
        positions(&self.lengths, time, &self.vectors.device())
    }
}
