//! One step of a few sequences, without a way back: the time goes into reading the weights, once.
//!
//! Packing would read them, write them and read them again. So they are read as they lie: each row is
//! multiplied by all inputs. Threads share the units.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::equations::{Equations, MOST_BLOCKS, State};
use super::{Direction, Inputs, Outputs};
use crate::kernel::cpu::dots::{DOTS, dots};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;
use crate::kernel::cpu::vectors::{load, store};

/// The most sequences for which this is faster than packing.
pub const MOST_SEQUENCES: usize = 4;

/// Units that are not shared: the widest vector there is.
const SHARE: usize = 16;

/// Units whose sums are held until they are activated. Each gate's rows are read in one go, and a
/// reader that jumps often waits for each start.
const UNITS: usize = 64;

/// As [`forward`](super::forward()), for one step.
pub fn forward<E: Equations>(arch: Arch, equations: E, inputs: &Inputs<'_>, outputs: Outputs<'_>) {
    let [_, batch, output_size] = inputs.h_0.shape();
    let [_, _, cell_size] = inputs.c_0.shape();
    let directions = inputs.directions.len();
    let mut output = RowsMut::new(outputs.output, [1, batch, directions * output_size]);
    let mut h_n = RowsMut::new(outputs.h_n, [directions, batch, output_size]);
    let mut c_n = RowsMut::new(outputs.c_n, [directions, batch, cell_size]);
    let hidden_size = output_size;
    // Reading a weight takes longer than multiplying it.
    let shares = hidden_size.div_ceil(SHARE);
    let shares = threads::parts(shares, inputs.work() * 8, directions);
    let mut parts = Vec::with_capacity(directions * shares.len());
    for (direction, weights) in inputs.directions.iter().enumerate() {
        let (mut h_n, mut c_n) = (h_n.take_steps(1), c_n.take_steps(1));
        let mut start = 0;
        for end in &shares {
            let end = (end * SHARE).min(hidden_size);
            let units = std::mem::replace(&mut start, end)..end;
            parts.push(Part {
                equations,
                weights,
                input: inputs.input,
                h_0: inputs.h_0.steps(direction..direction + 1),
                c_0: inputs.c_0.steps(direction..direction + 1),
                output: output.take_columns(units.len()),
                h_n: h_n.take_columns(units.len()),
                c_n: c_n.take_columns(units.len().min(cell_size)),
                units,
            });
        }
    }
    threads::run_if_worth(parts, inputs.work() * 8, |part| arch.dispatch(part));
}

/// Some units of all sequences.
struct Part<'a, E> {
    equations: E,
    weights: &'a Direction<'a>,
    input: Rows<'a>,
    h_0: Rows<'a>,
    c_0: Rows<'a>,
    units: Range<usize>,
    output: RowsMut<'a>,
    h_n: RowsMut<'a>,
    c_n: RowsMut<'a>,
}

impl<E: Equations> WithSimd for Part<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [_, batch, _] = self.input.shape();
        match batch {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            3 => self.run::<S, 3>(simd),
            _ => self.run::<S, MOST_SEQUENCES>(simd),
        }
    }
}

impl<E: Equations> Part<'_, E> {
    #[inline(always)]
    fn run<S: Simd, const M: usize>(mut self, simd: S) {
        let [_, batch, _] = self.input.shape();
        assert_eq!(batch, M, "sequences");
        let (mut inputs, mut states) = ([&[][..]; M], [&[][..]; M]);
        for m in 0..M {
            (inputs[m], states[m]) = (self.input.row(0, m), self.h_0.row(0, m));
        }
        let first = self.units.start;
        for start in self.units.clone().step_by(UNITS) {
            let units = start..(start + UNITS).min(self.units.end);
            let mut sums = [[[0.0; UNITS]; MOST_BLOCKS]; M];
            for block in 0..E::BLOCKS {
                self.block(simd, block, &units, inputs, states, &mut sums);
            }
            for m in 0..M {
                for lane in (0..units.len()).step_by(S::F32_LANES) {
                    let mut blocks = [simd.splat_f32s(0.0); MOST_BLOCKS];
                    for block in 0..E::BLOCKS {
                        blocks[block] = load(simd, &sums[m][block], lane);
                    }
                    let mut before = State {
                        h: load(simd, self.h_0.row(0, m), start + lane),
                        c: simd.splat_f32s(0.0),
                    };
                    if E::HAS_CELL_STATE {
                        before.c = load(simd, self.c_0.row(0, m), start + lane);
                    }
                    let (_, after) = self.equations.forward(simd, blocks, before);
                    let column = start - first + lane;
                    store(simd, self.output.row_mut(0, m), column, after.h);
                    store(simd, self.h_n.row_mut(0, m), column, after.h);
                    if E::HAS_CELL_STATE {
                        store(simd, self.c_n.row_mut(0, m), column, after.c);
                    }
                }
            }
        }
    }

    /// What some units of a block add up to.
    #[inline(always)]
    fn block<S: Simd, const M: usize>(
        &self,
        simd: S,
        block: usize,
        units: &Range<usize>,
        inputs: [&[f32]; M],
        states: [&[f32]; M],
        sums: &mut [[[f32; UNITS]; MOST_BLOCKS]; M],
    ) {
        let weights = self.weights;
        let (input_size, hidden_size) = (inputs[0].len(), states[0].len());
        let input_gate = block.checked_sub(E::INPUT_FIRST);
        let input_gate = input_gate.filter(|&gate| gate < E::GATES);
        let state_gate = E::STATE_GATES.get(block).copied();
        let mut done = 0;
        while done < units.len() {
            let count = DOTS.min(units.len() - done);
            let row = |gate: usize| gate * hidden_size + units.start + done;
            let of_input = |gate| (&weights.weight_ih[row(gate) * input_size..], inputs);
            let of_state = |gate| (&weights.weight_hh[row(gate) * hidden_size..], states);
            let dots = match (input_gate, state_gate) {
                (Some(input), Some(state)) => dots(simd, [of_input(input), of_state(state)], count),
                (Some(input), None) => dots(simd, [of_input(input)], count),
                (None, Some(state)) => dots(simd, [of_state(state)], count),
                (None, None) => unreachable!("each block adds something up"),
            };
            for (r, dots) in dots.iter().take(count).enumerate() {
                let mut bias = 0.0;
                if let Some([by_input, by_state]) = weights.bias {
                    bias += input_gate.map_or(0.0, |gate| by_input[row(gate) + r]);
                    bias += state_gate.map_or(0.0, |gate| by_state[row(gate) + r]);
                }
                for m in 0..M {
                    sums[m][block][done + r] = dots[m] + bias;
                }
            }
            done += count;
        }
    }
}
