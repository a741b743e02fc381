//! Which sequences of a batch are active at which steps.
//!
//! Sequences of a batch may have different lengths. At each step those that have not ended are
//! active: with the longest sequence first, these are always the first few.

use std::ops::Range;

/// The active steps of a batch's sequences: all of them, or those before each sequence's end.
#[derive(Default)]
pub struct ActiveSteps {
    time: usize,
    batch: usize,
    /// None if all sequences have all steps.
    ragged: Option<Ragged>,
}

struct Ragged {
    /// The sequences, the longest first.
    order: Vec<usize>,
    /// How many sequences have each step.
    counts: Vec<usize>,
    /// Steps of each sequence.
    lengths: Vec<usize>,
}

impl ActiveSteps {
    /// The steps of a batch.
    ///
    /// - `lengths`: steps of each sequence, at most `time`; none if all have all
    pub fn new(time: usize, batch: usize, lengths: Option<&[usize]>) -> Self {
        let ragged = lengths.map(|lengths| {
            assert_eq!(lengths.len(), batch, "lengths");
            let mut order: Vec<usize> = (0..batch).collect();
            order.sort_by_key(|&sequence| std::cmp::Reverse(lengths[sequence]));
            let count = |step| lengths.iter().filter(|&&length| length > step).count();
            Ragged {
                order,
                counts: (0..time).map(count).collect(),
                lengths: lengths.to_vec(),
            }
        });
        Self {
            time,
            batch,
            ragged,
        }
    }

    /// The positions of the steps in a range.
    pub fn steps(&self, steps: Range<usize>) -> Positions<'_> {
        assert!(steps.end <= self.time, "no such steps");
        match &self.ragged {
            None => Positions::Rectangular {
                steps: steps.len(),
                sequences: self.batch,
            },
            Some(Ragged { order, counts, .. }) => Positions::Ragged {
                order,
                counts: &counts[steps],
            },
        }
    }

    /// The positions of all steps.
    pub fn all(&self) -> Positions<'_> {
        self.steps(0..self.time)
    }

    /// The sequences whose last step `step` is.
    pub fn ending(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        let later = match step + 1 < self.time {
            true => self.steps(step + 1..step + 2).len(),
            false => 0,
        };
        let here = self.steps(step..step + 1);
        (later..here.len()).map(move |rank| here.position([0, rank])[1])
    }

    /// Whether a sequence starts at a step: backwards, each at its own last one.
    #[inline(always)]
    pub fn starts(&self, step: usize, reverse: bool, sequence: usize) -> bool {
        match (&self.ragged, reverse) {
            (_, false) => step == 0,
            (None, true) => step + 1 == self.time,
            (Some(ragged), true) => step + 1 == ragged.lengths[sequence],
        }
    }

    /// Whether there are sequences that end before others.
    pub fn is_ragged(&self) -> bool {
        self.ragged.is_some()
    }
}

/// Positions `[step, sequence]` in a batch, one after another: those of a step, then those of the next.
///
/// A loop over them counts in steps and ranks: the rank is a sequence's number among those that are
/// active at the step.
#[derive(Clone, Copy)]
pub enum Positions<'a> {
    /// All sequences have all steps.
    Rectangular { steps: usize, sequences: usize },
    /// Sequences end at different steps.
    Ragged {
        /// The sequences, the longest first.
        order: &'a [usize],
        /// How many sequences have each step.
        counts: &'a [usize],
    },
}

impl Positions<'_> {
    /// The number of positions.
    pub fn len(&self) -> usize {
        match self {
            Self::Rectangular { steps, sequences } => steps * sequences,
            Self::Ragged { counts, .. } => counts.iter().sum(),
        }
    }

    /// The step and rank after these.
    #[inline(always)]
    pub fn next(&self, [step, rank]: [usize; 2]) -> [usize; 2] {
        let count = match self {
            Self::Rectangular { sequences, .. } => *sequences,
            // Never 0: the longest sequences have all steps that any has.
            Self::Ragged { counts, .. } => counts[step],
        };
        if rank + 1 == count {
            [step + 1, 0]
        } else {
            [step, rank + 1]
        }
    }

    /// The position of a step and rank.
    #[inline(always)]
    pub fn position(&self, [step, rank]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Rectangular { .. } => [step, rank],
            Self::Ragged { order, .. } => [step, order[rank]],
        }
    }

    /// The positions in order.
    pub fn iter(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        let first = (self.len() > 0).then_some([0, 0]);
        std::iter::successors(first, |&at| Some(self.next(at)))
            .take(self.len())
            .map(|at| self.position(at))
    }
}
