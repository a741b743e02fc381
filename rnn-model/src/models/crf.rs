//! Linear-chain conditional random fields.

mod chain;

use burn::module::{Initializer, Module, Param};
use burn::tensor::{Bool, DType, Device, ExecutionError, Int, Tensor, TensorData};

use crate::recurrent::Lengths;
use chain::Chain;

/// A linear-chain conditional random field over the tags of a sentence (Lafferty, McCallum and Pereira,
/// [Conditional random fields], 2001): the score of a sequence of tags is
///
/// ```text
/// s(y) = start[y_1] + Σ_t x_t[y_t] + Σ_t A[y_t, y_{t+1}] + end[y_T]        p(y) = exp(s(y)) / Z
/// ```
///
/// where `x_t` are a tagger's logits and Z the sum of `exp(s)` over all sequences. Parameters are
/// `start_transitions` `[tags]`, `transitions` (A, from the row's tag to the column's) `[tags, tags]` and
/// `end_transitions` `[tags]`: the names of the package `pytorch-crf`.
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::{Crf, Lengths};
/// # let device = Default::default();
/// let crf = Crf::new(3, &device);
/// // Two sentences, of four words and of two.
/// let (logits, lengths) = (Tensor::<3>::zeros([2, 4, 3], &device), Lengths::new([4, 2], 4)?);
/// let tags = Tensor::<2, Int>::from_data([[0, 1, 1, 2], [2, 0, 0, 0]], &device);
///
/// let loss = -crf.log_likelihood(logits.clone(), tags, &lengths).mean();
/// assert!(loss.into_scalar::<f32>() > 0.0);
/// let best = crf.decode(logits, &lengths)?;
/// assert_eq!((best[0].len(), best[1].len()), (4, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [Conditional random fields]: https://repository.upenn.edu/cis_papers/159/
#[derive(Module, Debug)]
pub struct Crf {
    start_transitions: Param<Tensor<1>>,
    transitions: Param<Tensor<2>>,
    end_transitions: Param<Tensor<1>>,
}

impl Crf {
    /// A field over `num_tags` tags, its weights drawn from `U(-0.1, 0.1)`.
    ///
    /// # Panics
    ///
    /// If there are no tags.
    pub fn new(num_tags: usize, device: &Device) -> Self {
        assert!(num_tags > 0, "Crf: expected at least one tag, found none");
        let init = Initializer::Uniform {
            min: -0.1,
            max: 0.1,
        };
        Self {
            start_transitions: init.init([num_tags], device),
            transitions: init.init([num_tags, num_tags], device),
            end_transitions: init.init([num_tags], device),
        }
        .materialize()
    }

    /// The number of different tags.
    pub fn num_tags(&self) -> usize {
        self.transitions.dims()[0]
    }

    /// The logarithm of the probability of the tags of each sentence, in nats.
    ///
    /// # Shapes
    ///
    /// - `logits`: `[batch, time, num_tags]`
    /// - `tags`: ids below `num_tags`, filled up with any such, `[batch, time]`
    /// - result: `[batch]`
    ///
    /// # Panics
    ///
    /// If the shapes are others, or a sentence has no words.
    pub fn log_likelihood(
        &self,
        logits: Tensor<3>,
        tags: Tensor<2, Int>,
        lengths: &Lengths,
    ) -> Tensor<1> {
        let logits = self.checked(logits, lengths);
        self.score(logits.clone(), tags, lengths) - self.log_sum(logits, lengths)
    }

    /// `log Z` of each sentence by the forward algorithm: `[batch, time, num_tags]` → `[batch]`.
    ///
    /// # Panics
    ///
    /// If the shape is another, or a sentence has no words.
    pub fn log_partition(&self, logits: Tensor<3>, lengths: &Lengths) -> Tensor<1> {
        self.log_sum(self.checked(logits, lengths), lengths)
    }

    /// The most probable tags of each sentence, by the Viterbi algorithm: `logits`
    /// `[batch, time, num_tags]`.
    ///
    /// # Errors
    ///
    /// If the device fails.
    ///
    /// # Panics
    ///
    /// If the shape is another, or a sentence has no words.
    pub fn decode(
        &self,
        logits: Tensor<3>,
        lengths: &Lengths,
    ) -> Result<Vec<Vec<usize>>, ExecutionError> {
        self.over_sentences(logits, lengths, Chain::best)
    }

    /// The probability of each tag at each word, over all taggings of the sentence (the forward–backward
    /// algorithm): `[batch, time, num_tags]` → the same shape, as plain numbers, a sentence's words one
    /// after the other without padding.
    ///
    /// # Errors
    ///
    /// If the device fails.
    ///
    /// # Panics
    ///
    /// If the shape is another, or a sentence has no words.
    pub fn marginals(
        &self,
        logits: Tensor<3>,
        lengths: &Lengths,
    ) -> Result<Vec<Vec<f32>>, ExecutionError> {
        self.over_sentences(logits, lengths, Chain::marginals)
    }

    /// Sums of exponentials need more than 16 bits.
    fn checked(&self, logits: Tensor<3>, lengths: &Lengths) -> Tensor<3> {
        let [batch, time, tags] = logits.dims();
        let expected = [lengths.as_slice().len(), lengths.time(), self.num_tags()];
        assert!(
            [batch, time, tags] == expected,
            "Crf: expected logits {expected:?}, found {:?}",
            [batch, time, tags]
        );
        assert!(
            !lengths.as_slice().contains(&0),
            "Crf: expected sentences of at least one word, found one without"
        );
        match logits.dtype() {
            DType::F16 | DType::BF16 => logits.cast(DType::F32),
            _ => logits,
        }
    }

    /// s(y) of each sentence, `[batch]`.
    fn score(&self, logits: Tensor<3>, tags: Tensor<2, Int>, lengths: &Lengths) -> Tensor<1> {
        let ([batch, time, num_tags], device) = (logits.dims(), logits.device());
        let dtype = logits.dtype();
        let is_padding = self.is_padding(lengths, &device);
        let at_words = logits
            .gather(2, tags.clone().unsqueeze_dim(2))
            .squeeze_dim::<2>(2);
        let at_words = at_words.mask_fill(is_padding.clone(), 0.0).sum_dim(1);
        let mut score = at_words.squeeze_dim::<1>(1);
        if time > 1 {
            let (from, to) = (
                tags.clone().narrow(1, 0, time - 1),
                tags.clone().narrow(1, 1, time - 1),
            );
            let places = (from * num_tags as i64 + to).flatten::<1>(0, 1);
            let all = self.transitions.val().cast(dtype).flatten::<1>(0, 1);
            let steps = all.select(0, places).reshape([batch, time - 1]);
            let steps = steps.mask_fill(is_padding.narrow(1, 1, time - 1), 0.0);
            score = score + steps.sum_dim(1).squeeze_dim(1);
        }
        let first = tags.clone().narrow(1, 0, 1).squeeze_dim::<1>(1);
        let last = lengths.last_steps(&device).unsqueeze_dim(1);
        let last = tags.gather(1, last).squeeze_dim::<1>(1);
        score
            + self.start_transitions.val().cast(dtype).select(0, first)
            + self.end_transitions.val().cast(dtype).select(0, last)
    }

    fn log_sum(&self, logits: Tensor<3>, lengths: &Lengths) -> Tensor<1> {
        let ([batch, time, tags], dtype) = (logits.dims(), logits.dtype());
        let is_padding = self.is_padding(lengths, &logits.device());
        let shortest = lengths.as_slice().iter().copied().min().unwrap_or(0);
        let transitions = self.transitions.val().cast(dtype).unsqueeze_dim::<3>(0);
        let at = |step: usize| logits.clone().narrow(1, step, 1).squeeze_dim::<2>(1);
        // The logarithm of the sum over all beginnings that end in each tag, `[batch, tags]`.
        let mut sums = self
            .start_transitions
            .val()
            .cast(dtype)
            .unsqueeze_dim::<2>(0)
            + at(0);
        for step in 1..time {
            let paths = sums.clone().unsqueeze_dim::<3>(2) + transitions.clone();
            let next = log_sum_exp(paths, 1).squeeze_dim::<2>(1) + at(step);
            sums = match step < shortest {
                true => next,
                false => {
                    let ended = is_padding.clone().narrow(1, step, 1).expand([batch, tags]);
                    next.mask_where(ended, sums)
                }
            };
        }
        let ends = sums + self.end_transitions.val().cast(dtype).unsqueeze_dim::<2>(0);
        log_sum_exp(ends, 1).squeeze_dim(1)
    }

    /// `[batch, time]`
    fn is_padding(&self, lengths: &Lengths, device: &Device) -> Tensor<2, Bool> {
        let (time, lengths) = (lengths.time(), lengths.as_slice());
        let steps = |&length: &usize| (0..time).map(move |step| step >= length);
        let is_padding: Vec<bool> = lengths.iter().flat_map(steps).collect();
        Tensor::from_data(TensorData::new(is_padding, [lengths.len(), time]), device)
    }

    fn over_sentences<T>(
        &self,
        logits: Tensor<3>,
        lengths: &Lengths,
        run: impl Fn(&Chain, &[f32]) -> T,
    ) -> Result<Vec<T>, ExecutionError> {
        let logits = self.checked(logits, lengths);
        let (time, tags) = (lengths.time(), self.num_tags());
        let logits: Vec<f32> = logits.try_into_data()?.iter().collect();
        let numbers = |data: TensorData| data.iter().collect::<Vec<f32>>();
        let chain = Chain::new(
            &numbers(self.start_transitions.val().try_into_data()?),
            &numbers(self.transitions.val().try_into_data()?),
            &numbers(self.end_transitions.val().try_into_data()?),
        );
        let rows = logits.chunks(time * tags).zip(lengths.as_slice());
        let results = rows.map(|(row, length)| run(&chain, &row[..length * tags]));
        Ok(results.collect())
    }
}

/// `log Σ exp(x)` along an axis, which stays with length 1.
fn log_sum_exp<const D: usize>(x: Tensor<D>, axis: usize) -> Tensor<D> {
    // Whatever is subtracted, the result and its gradient are the same.
    let largest = x.clone().detach().max_dim(axis);
    (x - largest.clone()).exp().sum_dim(axis).log() + largest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `log Z` and the score of one tagging, over all taggings written out.
    #[test]
    fn the_forward_algorithm_sums_over_all_taggings() {
        let device = Default::default();
        let crf = Crf::new(3, &device);
        let chain: Vec<f32> = crf.transitions.val().into_data().iter().collect();
        let [start, end] = [&crf.start_transitions, &crf.end_transitions]
            .map(|weights| weights.val().into_data().iter::<f32>().collect::<Vec<_>>());
        let numbers: Vec<f32> = (0..24).map(|i| (i as f32 * 0.9).cos() * 1.5).collect();
        let logits = Tensor::<3>::from_data(TensorData::new(numbers.clone(), [2, 4, 3]), &device);
        let lengths = Lengths::new([4, 2], 4).expect("lengths");
        let found: Vec<f32> = crf
            .log_partition(logits.clone(), &lengths)
            .into_data()
            .iter()
            .collect();
        let tags = [[2usize, 0, 1, 1], [1, 2, 0, 0]];
        let ids: Vec<i64> = tags.iter().flatten().map(|&tag| tag as i64).collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [2, 4]), &device);
        let likelihood = crf.log_likelihood(logits, ids, &lengths);
        let likelihood: Vec<f32> = likelihood.into_data().iter().collect();
        for (row, &length) in lengths.as_slice().iter().enumerate() {
            let score = |path: &[usize]| {
                let at_words: f32 = (0..length)
                    .map(|t| numbers[(row * 4 + t) * 3 + path[t]])
                    .sum();
                let steps: f32 = path.windows(2).map(|two| chain[two[0] * 3 + two[1]]).sum();
                f64::from(start[path[0]] + at_words + steps + end[path[length - 1]])
            };
            let path = |number: usize| -> Vec<usize> {
                (0..length)
                    .map(|t| number / 3usize.pow(t as u32) % 3)
                    .collect()
            };
            let all = (0..3usize.pow(length as u32)).map(|number| score(&path(number)).exp());
            let expected = all.sum::<f64>().ln();
            assert!(
                (f64::from(found[row]) - expected).abs() < 1e-5,
                "{found:?}, {expected}"
            );
            let expected = score(&tags[row][..length]) - expected;
            assert!(
                (f64::from(likelihood[row]) - expected).abs() < 1e-5,
                "{likelihood:?}"
            );
        }
    }
}
