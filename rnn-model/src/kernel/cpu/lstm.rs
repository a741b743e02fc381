//! The long short-term memory: one layer in one direction over a sequence.
//!
//! The equations are those of [`LstmStep`](crate::LstmStep). All gates of a unit are made in registers'
//! reach of each other; what the input contributes is computed for several steps at once, into the
//! memory where the gates will lie.

mod backward;
mod forward;
mod step;

pub use backward::{Wanted, backward};
pub use forward::forward;

use std::ops::Range;

use super::buffer::Buffer;
use super::rows::Rows;

const GATES: usize = 4;

/// What a layer computes from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// `[time, batch, input_size]`
    pub input: Rows<'a>,
    /// `[4·hidden_size, input_size]`
    pub weight_ih: &'a [f32],
    /// `[4·hidden_size, hidden_size]`
    pub weight_hh: &'a [f32],
    /// Two that are added, `[4·hidden_size]`.
    pub bias: [&'a [f32]; 2],
    /// `[1, batch, hidden_size]`
    pub h_0: Rows<'a>,
    /// `[1, batch, hidden_size]`
    pub c_0: Rows<'a>,
    /// Whether the last step comes first.
    pub reverse: bool,
}

impl Inputs<'_> {
    fn dims(&self) -> Dims {
        let [time, batch, input_size] = self.input.shape();
        let [_, _, hidden_size] = self.h_0.shape();
        Dims {
            time,
            batch,
            input_size,
            hidden_size,
            reverse: self.reverse,
        }
    }
}

#[derive(Clone, Copy)]
struct Dims {
    time: usize,
    batch: usize,
    input_size: usize,
    hidden_size: usize,
    reverse: bool,
}

impl Dims {
    /// The place in the sequence of the step that is done as number `step`.
    fn place(&self, step: usize) -> usize {
        if self.reverse {
            self.time - 1 - step
        } else {
            step
        }
    }

    /// The places of some steps.
    fn places(&self, steps: &Range<usize>) -> Range<usize> {
        match self.reverse {
            true => self.time - steps.end..self.time - steps.start,
            false => steps.clone(),
        }
    }

    /// Multiplications of a pass over the sequence.
    fn work(&self) -> usize {
        let columns = self.input_size + self.hidden_size;
        self.time * self.batch * GATES * self.hidden_size * columns
    }

    /// How many steps' inputs a part of the batch is to take at once: so many that the matrix stays
    /// where it is for a while, so few that what comes out does not leave the cache.
    fn chunk(&self, sequences: usize) -> usize {
        (64_usize.div_ceil(sequences.max(1))).clamp(1, self.time)
    }
}

/// What the backward pass needs of the forward pass.
pub struct Reserve {
    /// Activated, `[time, batch, 4·width]` in the sequence's order.
    gates: Buffer,
    /// The cell state before each step in the order of the steps, and after the last,
    /// `[time + 1, batch, width]`.
    cells: Buffer,
    /// `hidden_size`, up to a multiple of a vector.
    width: usize,
}
