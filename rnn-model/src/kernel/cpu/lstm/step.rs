//! One step of a few sequences, without a way back: the time goes into reading the weights, once.
//!
//! Packing would read them, write them and read them again. So they are read as they lie: each row is
//! multiplied by all inputs. Threads share the units.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::forward::unit;
use super::{GATES, Inputs};
use crate::kernel::cpu::dots::{DOTS, dots};
use crate::kernel::cpu::rows::RowsMut;
use crate::kernel::cpu::threads;
use crate::kernel::cpu::vectors::{load, store};

/// The most sequences for which this is faster than packing.
pub const MOST_SEQUENCES: usize = 4;

/// Units that are not shared: the widest vector there is.
const SHARE: usize = 16;

/// Units whose sums are held until they are activated. Each gate's rows are read in one go, and a
/// reader that jumps often waits for each start.
const BLOCK: usize = 64;

/// As [`forward`](super::forward()), for one step.
pub fn forward(arch: Arch, inputs: &Inputs<'_>, output: &mut [f32], c_n: &mut [f32]) {
    let dims = inputs.dims();
    let shape = [1, dims.batch, dims.hidden_size];
    // Reading a weight takes longer than multiplying it.
    let shares = threads::parts(dims.hidden_size.div_ceil(SHARE), dims.work() * 8);
    let mut output = RowsMut::new(output, shape);
    let mut c_n = RowsMut::new(c_n, shape);
    let parts = shares.iter().scan(0, |start, &end| {
        let end = (end * SHARE).min(dims.hidden_size);
        let units = std::mem::replace(start, end)..end;
        Some(Part {
            inputs,
            output: output.take_columns(units.len()),
            c_n: c_n.take_columns(units.len()),
            units,
        })
    });
    threads::run(parts.collect(), |part| arch.dispatch(part));
}

/// Some units of all sequences.
struct Part<'a> {
    inputs: &'a Inputs<'a>,
    units: Range<usize>,
    output: RowsMut<'a>,
    c_n: RowsMut<'a>,
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.inputs.dims().batch {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            3 => self.run::<S, 3>(simd),
            _ => self.run::<S, MOST_SEQUENCES>(simd),
        }
    }
}

impl Part<'_> {
    #[inline(always)]
    fn run<S: Simd, const M: usize>(mut self, simd: S) {
        let Inputs {
            input,
            weight_ih,
            weight_hh,
            bias,
            h_0,
            c_0,
            ..
        } = *self.inputs;
        let dims = self.inputs.dims();
        assert_eq!(dims.batch, M, "sequences");
        let (mut inputs, mut states) = ([&[][..]; M], [&[][..]; M]);
        for m in 0..M {
            (inputs[m], states[m]) = (input.row(0, m), h_0.row(0, m));
        }
        let first = self.units.start;
        for block in self.units.clone().step_by(BLOCK) {
            let units = block..(block + BLOCK).min(self.units.end);
            let mut sums = [[[0.0; BLOCK]; GATES]; M];
            for gate in 0..GATES {
                let mut done = 0;
                while done < units.len() {
                    let row = gate * dims.hidden_size + units.start + done;
                    let terms = [
                        (&weight_ih[row * dims.input_size..], inputs),
                        (&weight_hh[row * dims.hidden_size..], states),
                    ];
                    let count = DOTS.min(units.len() - done);
                    let dots = dots(simd, terms, count);
                    for (r, dots) in dots.iter().take(count).enumerate() {
                        for m in 0..M {
                            let bias = bias[0][row + r] + bias[1][row + r];
                            sums[m][gate][done + r] = dots[m] + bias;
                        }
                    }
                    done += count;
                }
            }
            for m in 0..M {
                for lane in (0..units.len()).step_by(S::F32_LANES) {
                    let mut gates = [simd.splat_f32s(0.0); GATES];
                    for gate in 0..GATES {
                        gates[gate] = load(simd, &sums[m][gate], lane);
                    }
                    let c_before = load(simd, c_0.row(0, m), block + lane);
                    let (_, c, h) = unit(simd, gates, c_before);
                    let column = block - first + lane;
                    store(simd, self.c_n.row_mut(0, m), column, c);
                    store(simd, self.output.row_mut(0, m), column, h);
                }
            }
        }
    }
}
