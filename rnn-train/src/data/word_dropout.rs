use rand::Rng;

/// Makes words unknown at random in training, rare ones more often: a word that comes n times, with
/// probability `alpha / (alpha + n)` (Kiperwasser and Goldberg, [Simple and accurate dependency parsing
/// using bidirectional LSTM feature representations], 2016). So a model learns what to do with words that
/// it has not seen.
///
/// ```
/// use rand::SeedableRng;
/// use rand::rngs::ChaCha8Rng;
/// use rnn_train::data::WordDropout;
///
/// // Word 0 is the unknown one; word 1 comes a thousand times, word 2 once.
/// let dropout = WordDropout::new(1.0, 0, &[0, 1_000, 1]);
/// let mut words = vec![1, 2].repeat(500);
/// dropout.apply(&mut words, &mut ChaCha8Rng::seed_from_u64(1));
/// let left = |word| words.iter().filter(|&&found| found == word).count();
/// assert!(left(1) > 480);
/// assert!((200..300).contains(&left(2)));
/// ```
///
/// [Simple and accurate dependency parsing using bidirectional LSTM feature representations]: https://aclanthology.org/Q16-1023/
#[derive(Clone, Debug)]
pub struct WordDropout {
    unk: usize,
    /// The probability of each word, as a bound of numbers of 32 bits below it.
    bounds: Vec<u32>,
}

impl WordDropout {
    /// - `alpha`: that of the probability, `alpha / (alpha + n)`; 0 drops none, and 0.25 is the paper's
    /// - `unk`: the id of unknown words
    /// - `counts`: how often each word comes in the training data, by its id
    ///
    /// # Panics
    ///
    /// If `alpha` is negative or not finite.
    pub fn new(alpha: f64, unk: usize, counts: &[usize]) -> Self {
        assert!(
            alpha.is_finite() && alpha >= 0.0,
            "expected a finite alpha of at least 0, found {alpha}"
        );
        let bound = |&count: &usize| {
            // 0 of 0 is NaN, which a cast makes 0.
            let probability = alpha / (alpha + count as f64);
            (probability * f64::from(u32::MAX)) as u32
        };
        let bounds = counts.iter().map(bound).collect();
        Self { unk, bounds }
    }

    /// Replaces words by the unknown one.
    pub fn apply(&self, words: &mut [usize], rng: &mut impl Rng) {
        for word in words {
            let bound = self.bounds.get(*word).copied().unwrap_or(0);
            if rng.next_u32() < bound {
                *word = self.unk;
            }
        }
    }
}
