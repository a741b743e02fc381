//! Choosing an index at random by given weights, as the notebook does after `exp(logits / T)`.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::{Error as WeightedError, WeightedIndex};

/// How the next token is chosen from a language model's scores.
///
/// The scores (logits) are divided by the temperature; of their softmax the `top_k` most probable tokens
/// are kept, of those the fewest that have the probability `top_p` together (Holtzman et al., [The curious
/// case of neural text degeneration], 2020), and one of them is drawn in proportion to its probability.
///
/// The draws come from a generator of ChaCha with 8 rounds, seeded by `seed`: the same scores and the same
/// seed give the same tokens everywhere.
///
/// ```
/// use rnn_model::Sampling;
/// let sampling = Sampling { temperature: 0.8, top_k: Some(40), ..Sampling::new(7) };
/// sampling.validate()?;
/// # Ok::<(), rnn_model::SamplingError>(())
/// ```
///
/// [The curious case of neural text degeneration]: https://arxiv.org/abs/1904.09751
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Below 1 for what is probable, above 1 for variety; 0 takes the most probable token, of equals the
    /// first.
    pub temperature: f32,
    /// From how many of the most probable tokens one is drawn; none for all.
    pub top_k: Option<usize>,
    /// The fewest tokens are kept that have this probability together, of those that `top_k` keeps; none
    /// for all.
    pub top_p: Option<f32>,
    /// Tokens that are never chosen: one that stands for unknown ones.
    pub never: Vec<usize>,
    /// The seed of the generator.
    pub seed: u64,
}

impl Sampling {
    /// From the whole distribution, at temperature 1.
    pub fn new(seed: u64) -> Self {
        Self {
            temperature: 1.0,
            top_k: None,
            top_p: None,
            never: Vec::new(),
            seed,
        }
    }

    /// Checks settings that come from outside.
    ///
    /// # Errors
    ///
    /// If the temperature is negative or not finite, `top_k` is 0, or `top_p` is not from above 0 to 1.
    pub fn validate(&self) -> Result<(), SamplingError> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return Err(SamplingError::NegativeTemperature(self.temperature));
        }
        if self.top_k == Some(0) {
            return Err(SamplingError::TopK);
        }
        match self.top_p {
            Some(found) if !(found > 0.0 && found <= 1.0) => Err(SamplingError::TopP(found)),
            _ => Ok(()),
        }
    }

    /// Chooses a token by its score, with a number from `rng` unless the temperature is 0.
    ///
    /// # Errors
    ///
    /// If [`validate`](Self::validate) finds an error, a score is NaN or ∞, or no token is left.
    ///
    /// ```
    /// use rand::{SeedableRng, rngs::ChaCha8Rng};
    /// use rnn_model::Sampling;
    /// let sampling = Sampling { top_k: Some(2), ..Sampling::new(1) };
    /// let mut rng = ChaCha8Rng::seed_from_u64(sampling.seed);
    /// let token = sampling.choose(&[0.5, 3.0, 2.5, 0.1], &mut rng)?;
    /// assert!([1, 2].contains(&token));
    /// # Ok::<(), rnn_model::SamplingError>(())
    /// ```
    pub fn choose(&self, logits: &[f32], rng: &mut impl Rng) -> Result<usize, SamplingError> {
        self.validate()?;
        let mut logits = logits.to_vec();
        for &token in &self.never {
            if let Some(logit) = logits.get_mut(token) {
                *logit = f32::NEG_INFINITY;
            }
        }
        let is_greedy = self.temperature == 0.0;
        let temperature = if is_greedy { 1.0 } else { self.temperature };
        let mut weights = temperature_weights(&logits, temperature)?;
        if is_greedy {
            // The weight of the best one is 1; compared as logits, since weights may round to 1 too.
            let best = (0..logits.len())
                .rev()
                .max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
            return best.ok_or(SamplingError::Empty);
        }
        self.keep_best(&mut weights);
        let drawn = multinomial(&weights, 1, rng)?;
        drawn.first().copied().ok_or(SamplingError::Empty)
    }

    /// Sets the weights of all but the most probable tokens to 0.
    fn keep_best(&self, weights: &mut [f32]) {
        if self.top_k.is_none() && self.top_p.is_none() {
            return;
        }
        let mut order: Vec<usize> = (0..weights.len()).collect();
        // Stable: of equals the first ones.
        order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
        order.truncate(self.top_k.unwrap_or(usize::MAX));
        let total: f64 = order.iter().map(|&token| f64::from(weights[token])).sum();
        let enough = self
            .top_p
            .map_or(f64::INFINITY, |top_p| f64::from(top_p) * total);
        let mut sum = 0.0;
        order.retain(|&token| {
            let is_kept = sum < enough;
            sum += f64::from(weights[token]);
            is_kept
        });
        let mut kept = vec![0.0; weights.len()];
        for token in order {
            kept[token] = weights[token];
        }
        weights.copy_from_slice(&kept);
    }
}

/// Why no index can be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// The temperature is not a positive number.
    #[error("the temperature must be positive and finite, found {0}")]
    Temperature(f32),
    /// The temperature of a choice is negative or not finite.
    #[error("the temperature must be 0 or above and finite, found {0}")]
    NegativeTemperature(f32),
    /// `top_k` is 0.
    #[error("top_k must be at least 1, found 0")]
    TopK,
    /// `top_p` is no probability to keep.
    #[error("top_p must be above 0 and at most 1, found {0}")]
    TopP(f32),
    /// A language model can't begin without a token.
    #[error("expected a prompt of at least 1 token, found none")]
    Prompt,
    /// There is nothing to choose from.
    #[error("there are no weights to sample from")]
    Empty,
    /// A weight (or logit) is not usable.
    #[error("weight {index} is {value}, expected a finite number that is not negative")]
    Weight {
        /// Its index.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// More different indices were asked for than have a weight above zero.
    #[error(
        "{wanted} different indices were asked for, but only {available} weights are above zero"
    )]
    TooFew {
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        available: usize,
    },
}

/// `exp(logit / temperature)`, scaled so that the largest is 1: unnormalised probabilities.
///
/// A temperature below 1 sharpens the distribution towards the best index, above 1 flattens it;
/// at 1 the weights are in the softmax's proportions. A logit of −∞ gets the weight 0.
///
/// # Errors
///
/// If the temperature is not positive and finite, a logit is NaN or ∞, or all are −∞.
///
/// ```
/// let weights = rnn_model::temperature_weights(&[0.0, 1.0], 0.5)?;
/// assert_eq!(weights, [(-2.0f32).exp(), 1.0]);
/// # Ok::<(), rnn_model::SamplingError>(())
/// ```
pub fn temperature_weights(logits: &[f32], temperature: f32) -> Result<Vec<f32>, SamplingError> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(SamplingError::Temperature(temperature));
    }
    if let Some((index, &value)) = logits
        .iter()
        .enumerate()
        .find(|(_, x)| x.is_nan() || **x == f32::INFINITY)
    {
        return Err(SamplingError::Weight { index, value });
    }
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if max == f32::NEG_INFINITY {
        return Err(SamplingError::Empty);
    }
    Ok(logits
        .iter()
        .map(|logit| ((logit - max) / temperature).exp())
        .collect())
}

/// Draws `count` indices without replacement, each with a probability proportional to its weight:
/// `torch.multinomial(weights, count)`.
///
/// # Errors
///
/// If there are no weights, one is negative or not finite, or fewer than `count` are above zero.
///
/// ```
/// use rand::{SeedableRng, rngs::StdRng};
/// let mut rng = StdRng::seed_from_u64(1);
/// let drawn = rnn_model::multinomial(&[0.0, 3.0, 1.0], 2, &mut rng)?;
/// assert!(drawn == [1, 2] || drawn == [2, 1]);
/// # Ok::<(), rnn_model::SamplingError>(())
/// ```
pub fn multinomial(
    weights: &[f32],
    count: usize,
    rng: &mut impl Rng,
) -> Result<Vec<usize>, SamplingError> {
    if weights.is_empty() {
        return Err(SamplingError::Empty);
    }
    if let Some((index, &value)) = weights
        .iter()
        .enumerate()
        .find(|(_, w)| !(w.is_finite() && **w >= 0.0))
    {
        return Err(SamplingError::Weight { index, value });
    }
    let available = weights.iter().filter(|&&w| w > 0.0).count();
    let too_few = SamplingError::TooFew {
        wanted: count,
        available,
    };
    if count > available {
        return Err(too_few);
    }
    // Sums in f64: what is left after a large weight is taken out must not be rounding noise.
    let mut remaining: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
    (0..count)
        .map(|_| {
            let index = WeightedIndex::new(&remaining)
                .map_err(|_: WeightedError| too_few.clone())?
                .sample(rng);
            remaining[index] = 0.0;
            Ok(index)
        })
        .collect()
}
