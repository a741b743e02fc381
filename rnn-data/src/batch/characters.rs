use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Characters with the ones that follow them.
#[derive(Clone, Debug)]
pub struct CharBatch {
    /// One-hot vectors, `[batch, time, characters]`.
    pub input: Tensor<3>,
    /// The right answers, `[batch, time]`.
    pub targets: Tensor<2, Int>,
}

/// Makes [`CharBatch`]es of pairs of input and target, each a sequence of characters' ids, all of one
/// length.
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
            for &id in target {
                assert!(id < self.characters, "id {id} of {}", self.characters);
                targets.push(id as i64);
            }
        }
        CharBatch {
            input,
            targets: Tensor::from_data(TensorData::new(targets, [batch, time]), device),
        }
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
/// assert_eq!(vectors.to_data().to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn one_hot(sequences: &[&[usize]], size: usize, device: &Device) -> Tensor<3> {
    let (batch, time) = (sequences.len(), sequences[0].len());
    let mut ones = vec![0.0f32; batch * time * size];
    for (row, sequence) in sequences.iter().enumerate() {
        assert_eq!(
            sequence.len(),
            time,
            "sequences of one batch differ in length"
        );
        for (step, &id) in sequence.iter().enumerate() {
            assert!(id < size, "id {id} of {size}");
            ones[(row * time + step) * size + id] = 1.0;
        }
    }
    Tensor::from_data(TensorData::new(ones, [batch, time, size]), device)
}
