use std::ops::Range;
use std::sync::Arc;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// Batches of sequences of similar length that have as many steps each: few long sequences, or many short
/// ones. So every step of a sequence counts the same in a training, whatever the sequence's length, and
/// batches have little padding.
#[derive(Clone, Debug)]
pub struct Buckets {
    /// How long each item is, in the dataset's order.
    lengths: Arc<[usize]>,
    /// The batches, of the items sorted by length.
    batches: Arc<[Range<usize>]>,
}

impl Buckets {
    /// - `lengths`: those of the items in the dataset's order
    /// - `batch_size`: a batch has as many steps as this many items of mean length
    pub fn new(lengths: Arc<[usize]>, batch_size: usize) -> Self {
        let mut sorted = lengths.to_vec();
        sorted.sort_unstable();
        let steps: usize = lengths.iter().sum();
        let most = steps.saturating_mul(batch_size) / lengths.len().max(1);
        let mut batches = Vec::new();
        let (mut first, mut sum) = (0, 0);
        for (item, &length) in sorted.iter().enumerate() {
            if item > first && sum + length > most {
                batches.push(first..item);
                (first, sum) = (item, 0);
            }
            sum += length;
        }
        if first < sorted.len() {
            batches.push(first..sorted.len());
        }
        Self {
            lengths,
            batches: batches.into(),
        }
    }

    /// How many batches there are, the same in each epoch.
    pub fn num_batches(&self) -> usize {
        self.batches.len()
    }

    /// Sorts items, which are in a random order, by their lengths, and gives the batches in a random order.
    pub fn sort(&self, items: &mut [usize], rng: &mut ChaCha8Rng) -> Vec<Range<usize>> {
        // Stable: which of the sequences of a length are in a batch is left to the random order.
        items.sort_by_key(|&item| self.lengths[item]);
        let mut batches = self.batches.to_vec();
        batches.shuffle(rng);
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_have_as_many_steps_each() {
        let of = |lengths: &[usize], batch_size| Buckets::new(lengths.into(), batch_size).batches;
        // Two items of mean length have 8 steps.
        assert_eq!(*of(&[1, 6, 2, 12, 3, 1, 3], 2), [0..4, 4..5, 5..6, 6..7]);
        assert_eq!(*of(&[4; 5], 2), [0..2, 2..4, 4..5]);
        assert!(of(&[], 2).is_empty());
        // One alone has too many.
        assert_eq!(*of(&[1, 1, 10], 1), [0..2, 2..3]);
    }
}
