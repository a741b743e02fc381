//! What a layer computes from, and where its results go.

use std::ops::Range;

use smallvec::SmallVec;

use super::equations::Equations;
use crate::kernel::cpu::positions::ActiveSteps;
use crate::kernel::cpu::rows::Rows;
use crate::kernel::cpu::threads::{self, MOST_INLINE};

/// What a layer computes from.
pub struct Inputs<'a> {
    /// `[time, batch, input_size]`
    pub input: Rows<'a>,
    /// Steps of each sequence; none if all have all.
    pub lengths: Option<&'a [usize]>,
    /// `[directions, batch, output_size]`
    pub h_0: Rows<'a>,
    /// `[directions, batch, hidden_size]`; of a cell without such a state it has no columns.
    pub c_0: Rows<'a>,
    /// One, or two of which the second starts at the last step.
    pub directions: Vec<Direction<'a>>,
}

/// The weights of a layer in one direction.
#[derive(Clone, Copy)]
pub struct Direction<'a> {
    /// `[gates·hidden_size, input_size]`
    pub weight_ih: &'a [f32],
    /// `[gates·hidden_size, output_size]`
    pub weight_hh: &'a [f32],
    /// The input's and the state's, `[gates·hidden_size]` each; none for zeros.
    pub bias: Option<[&'a [f32]; 2]>,
    /// `[output_size, hidden_size]`: the projection of the hidden state.
    pub weight_hr: Option<&'a [f32]>,
}

impl Inputs<'_> {
    pub fn dims<E: Equations>(&self, direction: usize) -> Dims {
        let [time, batch, input_size] = self.input.shape();
        let [_, _, output_size] = self.h_0.shape();
        let weights = &self.directions[direction];
        Dims {
            time,
            batch,
            hidden_size: weights.weight_ih.len() / (E::GATES * input_size),
            output_size,
            reverse: direction == 1,
        }
    }

    /// Steps of all sequences together.
    fn steps(&self) -> usize {
        let [time, batch, _] = self.input.shape();
        match self.lengths {
            Some(lengths) => lengths.iter().sum(),
            None => time * batch,
        }
    }

    /// Multiplications of a pass over the sequences.
    pub fn work(&self) -> usize {
        let of = |direction: &Direction<'_>| {
            let projection = direction.weight_hr.map_or(0, <[f32]>::len);
            direction.weight_ih.len() + direction.weight_hh.len() + projection
        };
        self.steps() * self.directions.iter().map(of).sum::<usize>()
    }

    /// The sequences of the parts that each direction's batch is cut into: about equally many steps.
    pub fn parts(&self) -> SmallVec<[Range<usize>; MOST_INLINE]> {
        let [_, batch, _] = self.input.shape();
        let ends = threads::parts(batch, self.work(), self.directions.len());
        let ends = match self.lengths {
            Some(lengths) => cut(lengths, ends.len()).into(),
            None => ends,
        };
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(&ends).map(|(start, &end)| start..end).collect()
    }

    pub fn active(&self, sequences: Range<usize>) -> ActiveSteps {
        let [time, _, _] = self.input.shape();
        let lengths = self.lengths.map(|lengths| &lengths[sequences.clone()]);
        ActiveSteps::new(time, sequences.len(), lengths)
    }
}

/// Where at most so many parts of a batch end that have about equally many steps. None is empty: a
/// sequence that is as long as several parts is one.
pub fn cut(lengths: &[usize], parts: usize) -> Vec<usize> {
    let all: usize = lengths.iter().sum();
    let mut ends = Vec::with_capacity(parts);
    let mut done = 0;
    for (sequence, length) in lengths.iter().enumerate() {
        done += length;
        if done * parts >= all * (ends.len() + 1) {
            ends.push(sequence + 1);
        }
    }
    ends
}

/// Where a layer's results go.
pub struct Outputs<'a> {
    /// `[time, batch, directions·output_size]`; zeros, which stay past the ends of sequences.
    pub output: &'a mut [f32],
    /// `[directions, batch, output_size]`
    pub h_n: &'a mut [f32],
    /// `[directions, batch, hidden_size]`, or nothing if the cell has no such state.
    pub c_n: &'a mut [f32],
}

/// Sizes of a layer in one direction.
#[derive(Clone, Copy)]
pub struct Dims {
    pub time: usize,
    pub batch: usize,
    pub hidden_size: usize,
    pub output_size: usize,
    pub reverse: bool,
}

impl Dims {
    /// The place in the sequence of the step that is done as number `step`.
    pub fn place(&self, step: usize) -> usize {
        if self.reverse {
            self.time - 1 - step
        } else {
            step
        }
    }

    /// The places of some steps.
    pub fn places(&self, steps: &Range<usize>) -> Range<usize> {
        match self.reverse {
            true => self.time - steps.end..self.time - steps.start,
            false => steps.clone(),
        }
    }

    /// How many steps' inputs a part of the batch is to take at once: so many that the matrix stays
    /// where it is for a while, so few that what comes out does not leave the cache.
    pub fn chunk(&self, sequences: usize) -> usize {
        (64_usize.div_ceil(sequences.max(1))).clamp(1, self.time)
    }
}
