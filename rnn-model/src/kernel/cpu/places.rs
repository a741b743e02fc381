//! Which steps of which sequences are to be done.
//!
//! Sequences of a batch may have different lengths. At each step those that have not ended are done:
//! with the longest sequence first, these are always the first few.

use std::ops::Range;

/// The steps of a batch's sequences.
#[derive(Default)]
pub struct Schedule {
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

impl Schedule {
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

    /// Some of the steps.
    pub fn steps(&self, steps: Range<usize>) -> Places<'_> {
        assert!(steps.end <= self.time, "no such steps");
        match &self.ragged {
            None => Places::All {
                steps: steps.len(),
                sequences: self.batch,
            },
            Some(Ragged { order, counts, .. }) => Places::Some {
                order,
                counts: &counts[steps],
            },
        }
    }

    /// All steps.
    pub fn all(&self) -> Places<'_> {
        self.steps(0..self.time)
    }

    /// The sequences whose last step it is.
    pub fn ending(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        let later = match step + 1 < self.time {
            true => self.steps(step + 1..step + 2).len(),
            false => 0,
        };
        let here = self.steps(step..step + 1);
        (later..here.len()).map(move |rank| here.place([0, rank])[1])
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

/// Steps of sequences, one after another: those of a step, then those of the next.
#[derive(Clone, Copy)]
pub enum Places<'a> {
    All {
        steps: usize,
        sequences: usize,
    },
    Some {
        order: &'a [usize],
        counts: &'a [usize],
    },
}

impl Places<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::All { steps, sequences } => steps * sequences,
            Self::Some { counts, .. } => counts.iter().sum(),
        }
    }

    /// What comes after a step and a rank.
    #[inline(always)]
    pub fn after(&self, [step, rank]: [usize; 2]) -> [usize; 2] {
        let count = match self {
            Self::All { sequences, .. } => *sequences,
            // Never 0: the longest sequences have all steps that any has.
            Self::Some { counts, .. } => counts[step],
        };
        if rank + 1 == count {
            [step + 1, 0]
        } else {
            [step, rank + 1]
        }
    }

    /// The step and the sequence of a step and a rank.
    #[inline(always)]
    pub fn place(&self, [step, rank]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::All { .. } => [step, rank],
            Self::Some { order, .. } => [step, order[rank]],
        }
    }

    /// The steps and sequences.
    pub fn iter(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        let first = (self.len() > 0).then_some([0, 0]);
        std::iter::successors(first, |&at| Some(self.after(at)))
            .take(self.len())
            .map(|at| self.place(at))
    }
}
