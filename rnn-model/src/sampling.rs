//! Choosing an index at random by given weights, as the notebook does after `exp(logits / T)`.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::{Error as WeightedError, WeightedIndex};

/// Why no index can be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// The temperature is not a positive number.
    #[error("the temperature must be positive and finite, found {0}")]
    Temperature(f32),
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
