use pulp::{Arch, Simd, WithSimd};

use super::{Dims, GATES, Inputs, Reserve, step};
use crate::kernel::cpu::activation::{sigmoid, tanh, value, values};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::packed::{Columns, Packed};
use crate::kernel::cpu::product::{Product, Target, Write};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;
use crate::kernel::cpu::vectors::{load, store};

/// Runs a layer.
///
/// - `output`: filled, `[time, batch, hidden_size]`
/// - `c_n`: filled, the cell state after the last step, `[batch, hidden_size]`
///
/// Returns what the backward pass needs, if `keep`.
pub fn forward(
    arch: Arch,
    inputs: &Inputs<'_>,
    keep: bool,
    output: &mut [f32],
    c_n: &mut [f32],
) -> Option<Reserve> {
    let dims = inputs.dims();
    if !keep && dims.time == 1 && dims.batch <= step::MOST_SEQUENCES {
        step::forward(arch, inputs, output, c_n);
        return None;
    }
    arch.dispatch(Forward {
        arch,
        inputs,
        keep,
        output,
        c_n,
    })
}

struct Forward<'a> {
    arch: Arch,
    inputs: &'a Inputs<'a>,
    keep: bool,
    output: &'a mut [f32],
    c_n: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = Option<Reserve>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<Reserve> {
        let dims = self.inputs.dims();
        let width = dims.hidden_size.next_multiple_of(S::F32_LANES);
        let gates_width = GATES * width;
        let Inputs {
            input,
            weight_ih,
            weight_hh,
            bias,
            h_0,
            c_0,
            ..
        } = *self.inputs;
        let weight_ih = Packed::of_gates::<S>(weight_ih, GATES, dims.input_size, width);
        let weight_hh = Packed::of_gates::<S>(weight_hh, GATES, dims.hidden_size, width);
        let mut wide_bias = Buffer::zeros(gates_width);
        for gate in 0..GATES {
            let [ih, hh] = bias.map(|bias| &bias[gate * dims.hidden_size..]);
            let wide = &mut wide_bias[gate * width..][..dims.hidden_size];
            for ((wide, ih), hh) in wide.iter_mut().zip(ih).zip(hh) {
                *wide = ih + hh;
            }
        }

        let ends = threads::parts(dims.batch, dims.work());
        let (steps, states) = match self.keep {
            true => (dims.time, dims.time + 1),
            // No part has more steps at once than the first, which is the smallest.
            false => (dims.chunk(ends[0]), 2),
        };
        let mut gates = Buffer::new(steps * dims.batch * gates_width);
        let mut cells = Buffer::new(states * dims.batch * width);
        let mut all = Part {
            dims,
            weight_ih: &weight_ih,
            weight_hh: &weight_hh,
            bias: &wide_bias,
            input,
            h_0,
            c_0,
            keep: self.keep,
            output: RowsMut::new(self.output, [dims.time, dims.batch, dims.hidden_size]),
            gates: RowsMut::new(&mut gates, [steps, dims.batch, gates_width]),
            first_place: 0,
            cells: RowsMut::new(&mut cells, [states, dims.batch, width]),
            c_n: RowsMut::new(self.c_n, [1, dims.batch, dims.hidden_size]),
        };
        let parts = ends.iter().scan(0, |start, &end| {
            let count = end - std::mem::replace(start, end);
            Some(all.take(count))
        });
        let parts = parts.collect();
        threads::run(parts, |part| self.arch.dispatch(part));
        self.keep.then_some(Reserve {
            gates,
            cells,
            width,
        })
    }
}

/// Some sequences of the batch.
struct Part<'a> {
    dims: Dims,
    weight_ih: &'a Packed,
    weight_hh: &'a Packed,
    bias: &'a [f32],
    input: Rows<'a>,
    h_0: Rows<'a>,
    c_0: Rows<'a>,
    keep: bool,
    output: RowsMut<'a>,
    /// Of all places, or of some if nothing is kept.
    gates: RowsMut<'a>,
    /// The place that the first of `gates` is for.
    first_place: usize,
    cells: RowsMut<'a>,
    c_n: RowsMut<'a>,
}

impl Part<'_> {
    /// Takes the first `count` sequences off.
    fn take(&mut self, count: usize) -> Self {
        self.dims.batch -= count;
        Self {
            dims: Dims {
                batch: count,
                ..self.dims
            },
            weight_ih: self.weight_ih,
            weight_hh: self.weight_hh,
            bias: self.bias,
            input: self.input.take_sequences(count),
            h_0: self.h_0.take_sequences(count),
            c_0: self.c_0.take_sequences(count),
            keep: self.keep,
            output: self.output.take_sequences(count),
            gates: self.gates.take_sequences(count),
            first_place: self.first_place,
            cells: self.cells.take_sequences(count),
            c_n: self.c_n.take_sequences(count),
        }
    }
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Dims { time, batch, .. } = self.dims;
        for b in 0..batch {
            let c_0 = self.c_0.row(0, b);
            let row = self.cells.row_mut(0, b);
            row[..c_0.len()].copy_from_slice(c_0);
            row[c_0.len()..].fill(0.0);
        }
        let chunk = self.chunk();
        for first in (0..time).step_by(chunk) {
            let steps = first..(first + chunk).min(time);
            let places = self.dims.places(&steps);
            if !self.keep {
                self.first_place = places.start;
            }
            // What the inputs of these steps contribute, into where their gates will be.
            if chunk > 1 {
                let slots = self.slot(places.start)..self.slot(places.end - 1) + 1;
                Product {
                    terms: [(self.input.steps(places), self.weight_ih)],
                    panels: self.weight_ih.all(),
                    target: Write {
                        start: Some(self.bias),
                        result: &mut self.gates.steps(slots),
                    },
                }
                .run(simd);
            }
            for step in steps {
                self.step(simd, step, chunk > 1);
            }
        }
        let last = self.cell(time);
        for b in 0..batch {
            let c_n = self.c_n.row_mut(0, b);
            c_n.copy_from_slice(&self.cells.row_mut(last, b)[..c_n.len()]);
        }
    }
}

impl Part<'_> {
    /// How many steps' inputs are taken at once. One, together with the state, if all weights stay in
    /// a core's own cache; else so many that a part of the weights stays there for a while, and so few
    /// that what comes out does too.
    fn chunk(&self) -> usize {
        let weights = self.weight_ih.len() + self.weight_hh.len();
        match weights <= OWN_CACHE {
            true => 1,
            false => self.dims.chunk(self.dims.batch),
        }
    }

    /// Where the gates of a place are.
    fn slot(&self, place: usize) -> usize {
        place - self.first_place
    }

    /// Where the cell state before a step is.
    fn cell(&self, step: usize) -> usize {
        step % self.cells.shape()[0]
    }

    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, step: usize, has_inputs: bool) {
        let place = self.dims.place(step);
        let slot = self.slot(place);
        let (from, to) = (self.cell(step), self.cell(step + 1));
        let matrix = self.weight_hh;
        for panels in matrix.groups() {
            let (before, output) = match step {
                0 => (self.h_0, self.output.steps(place..place + 1)),
                _ => self.output.two_steps(self.dims.place(step - 1), place),
            };
            let (c_before, c_after) = self.cells.two_steps(from, to);
            let target = Units {
                bias: (!has_inputs).then_some(self.bias),
                gates: self.gates.steps(slot..slot + 1),
                keep: self.keep,
                c_before,
                c_after,
                output,
            };
            let panels = panels.clone();
            if has_inputs {
                Product {
                    terms: [(before, matrix)],
                    panels,
                    target,
                }
                .run(simd);
            } else {
                let input = self.input.steps(place..place + 1);
                Product {
                    terms: [(input, self.weight_ih), (before, matrix)],
                    panels,
                    target,
                }
                .run(simd);
            }
        }
    }
}

/// Numbers of a core's own cache: half a mebibyte.
const OWN_CACHE: usize = 1 << 17;

/// What the sums of the gates become, at one step.
struct Units<'a> {
    /// What they start from; none if that is what `gates` holds.
    bias: Option<&'a [f32]>,
    gates: RowsMut<'a>,
    /// Whether the gates are wanted later.
    keep: bool,
    c_before: Rows<'a>,
    c_after: RowsMut<'a>,
    output: RowsMut<'a>,
}

impl Target for Units<'_> {
    #[inline(always)]
    fn start<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        [_, b]: [usize; 2],
        columns: &Columns,
    ) -> [S::f32s; V] {
        match self.bias {
            Some(bias) => columns.load(simd, bias),
            None => columns.load(simd, self.gates.row_mut(0, b)),
        }
    }

    #[inline(always)]
    fn finish<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        [_, b]: [usize; 2],
        columns: &Columns,
        sums: [S::f32s; V],
    ) {
        let gates = self.gates.row_mut(0, b);
        let width = gates.len() / GATES;
        let unit = columns.first % width;
        let mut all = [simd.splat_f32s(0.0); GATES];
        if V == GATES {
            all.copy_from_slice(&sums);
        } else {
            columns.store(simd, gates, sums);
            if columns.first / width + V < GATES {
                return;
            }
            for (gate, sum) in all.iter_mut().enumerate() {
                *sum = load(simd, gates, gate * width + unit);
            }
        }
        let c_before = load(simd, self.c_before.row(0, b), unit);
        let (activated, c, h) = self::unit(simd, all, c_before);
        if self.keep {
            for gate in 0..GATES {
                store(simd, gates, gate * width + unit, activated[gate]);
            }
        }
        store(simd, self.c_after.row_mut(0, b), unit, c);
        store(simd, self.output.row_mut(0, b), unit, h);
    }
}

/// A vector of units, from what their gates add up to: the activated gates, c and h.
#[inline(always)]
pub fn unit<S: Simd>(
    simd: S,
    [i, f, g, o]: [S::f32s; GATES],
    c_before: S::f32s,
) -> ([S::f32s; GATES], S::f32s, S::f32s) {
    let [i, g] = values(simd, sigmoid(simd, i), tanh(simd, g));
    let [f, o] = values(simd, sigmoid(simd, f), sigmoid(simd, o));
    let c = simd.mul_add_e_f32s(i, g, simd.mul_f32s(f, c_before));
    let h = simd.mul_f32s(o, value(simd, tanh(simd, c)));
    ([i, f, g, o], c, h)
}
