use pulp::{Arch, Simd, WithSimd};

use super::{Dims, GATES, Inputs, Reserve, step};
use crate::kernel::cpu::activation::{sigmoid, tanh};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::product::{Packed, Product, Start, load, store};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;

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
        let most = ends[0].max(dims.batch - ends[ends.len() - 1] + ends[0]);
        let steps = if self.keep { dims.time } else { dims.chunk(most) };
        let states = if self.keep { dims.time + 1 } else { 2 };
        let mut gates = Buffer::new(steps * dims.batch * gates_width);
        let mut cells = Buffer::new(states * dims.batch * width);
        let mut parts = Vec::with_capacity(ends.len());
        let mut start = 0;
        let shape = [dims.time, dims.batch, dims.hidden_size];
        let outputs = RowsMut::new(self.output, shape).split(&ends);
        let gates_parts = RowsMut::new(&mut gates, [steps, dims.batch, gates_width]).split(&ends);
        let cells_parts = RowsMut::new(&mut cells, [states, dims.batch, width]).split(&ends);
        let c_n = RowsMut::new(self.c_n, [1, dims.batch, dims.hidden_size]).split(&ends);
        let rows = outputs.into_iter().zip(gates_parts).zip(cells_parts).zip(c_n);
        for ((((output, gates), cells), c_n), &end) in rows.zip(&ends) {
            parts.push(Part {
                dims: Dims {
                    batch: end - start,
                    ..dims
                },
                weight_ih: &weight_ih,
                weight_hh: &weight_hh,
                bias: &wide_bias,
                input: input.sequences(start..end),
                h_0: h_0.sequences(start..end),
                c_0: c_0.sequences(start..end),
                keep: self.keep,
                output,
                gates,
                cells,
                c_n,
            });
            start = end;
        }
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
    gates: RowsMut<'a>,
    cells: RowsMut<'a>,
    c_n: RowsMut<'a>,
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
        let chunk = self.dims.chunk(batch);
        let mut first = 0;
        while first < time {
            let steps = first..(first + chunk).min(time);
            let (a, b) = (self.dims.place(steps.start), self.dims.place(steps.end - 1));
            let places = a.min(b)..a.max(b) + 1;
            // Where in `gates` the first of these places is.
            let offset = if self.keep { 0 } else { places.start };
            let mut gates = (self.gates).steps(places.start - offset..places.end - offset);
            Product {
                rows: self.input.steps(places),
                matrix: self.weight_ih,
                panels: self.weight_ih.all(),
                start: Start::Row(self.bias),
                result: &mut gates,
            }
            .run(simd);
            for step in steps {
                self.step(simd, step, offset);
            }
            first += chunk;
        }
        let last = if self.keep { time } else { time % 2 };
        for b in 0..batch {
            let c_n = self.c_n.row_mut(0, b);
            c_n.copy_from_slice(&self.cells.row_mut(last, b)[..c_n.len()]);
        }
    }
}

impl Part<'_> {
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, step: usize, offset: usize) {
        let place = self.dims.place(step);
        let slot = place - offset;
        let cells = match self.keep {
            true => [step, step + 1],
            false => [step % 2, (step + 1) % 2],
        };
        for (panels, units) in self.weight_hh.groups() {
            // The other outputs are read while this step's are written.
            let before = match step {
                0 => self.h_0,
                _ => {
                    let before = self.dims.place(step - 1);
                    self.output.as_rows().steps(before..before + 1)
                }
            };
            Product {
                rows: before,
                matrix: self.weight_hh,
                panels: panels.clone(),
                start: Start::Result,
                result: &mut self.gates.steps(slot..slot + 1),
            }
            .run(simd);
            simd.vectorize(Activate {
                part: self,
                unit: units.start,
                slot,
                cells,
                place,
            });
        }
    }
}

/// A vector of units, from what their gates add up to: the activated gates, c and h.
#[inline(always)]
pub fn unit<S: Simd>(
    simd: S,
    [i, f, g, o]: [S::f32s; GATES],
    c_before: S::f32s,
) -> ([S::f32s; GATES], S::f32s, S::f32s) {
    let i = sigmoid(simd, i);
    let f = sigmoid(simd, f);
    let g = tanh(simd, g);
    let o = sigmoid(simd, o);
    let c = simd.mul_add_e_f32s(i, g, simd.mul_f32s(f, c_before));
    let h = simd.mul_f32s(o, tanh(simd, c));
    ([i, f, g, o], c, h)
}

/// A vector of units of all sequences at one step, from what their gates add up to.
struct Activate<'p, 'a> {
    part: &'p mut Part<'a>,
    unit: usize,
    slot: usize,
    /// Where the cell state is and where it goes.
    cells: [usize; 2],
    place: usize,
}

impl WithSimd for Activate<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            part,
            unit,
            slot,
            cells: [from, to],
            place,
        } = self;
        for b in 0..part.dims.batch {
            let gates = part.gates.row_mut(slot, b);
            let (c_before, c_after) = part.cells.pair(from, to, b);
            let width = c_after.len();
            let gate = |gates: &[f32], k: usize| load(simd, gates, k * width + unit);
            let sums = [gate(gates, 0), gate(gates, 1), gate(gates, 2), gate(gates, 3)];
            let (activated, c, h) = self::unit(simd, sums, load(simd, c_before, unit));
            if part.keep {
                for (k, gate) in activated.into_iter().enumerate() {
                    store(simd, gates, k * width + unit, gate);
                }
            }
            store(simd, c_after, unit, c);
            store(simd, part.output.row_mut(place, b), unit, h);
        }
    }
}
