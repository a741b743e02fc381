use pulp::{Arch, Simd, WithSimd};

use super::{Dims, GATES, Inputs, Reserve};
use crate::kernel::cpu::activation::{tanh, value};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::packed::Packed;
use crate::kernel::cpu::product::{Product, Write};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;
use crate::kernel::cpu::transposed::add_transposed;
use crate::kernel::cpu::vectors::{load, store};

/// Gradients to be computed, of what is in [`Inputs`].
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub input: bool,
    pub weights: bool,
    /// Of the state before the first step.
    pub state: bool,
}

/// Gradients of the loss by what is in [`Inputs`], of the same shapes.
pub struct Gradients {
    pub input: Option<Vec<f32>>,
    pub weights: Option<WeightGradients>,
    /// `h_0` and `c_0`
    pub state: Option<[Vec<f32>; 2]>,
}

pub struct WeightGradients {
    pub weight_ih: Vec<f32>,
    pub weight_hh: Vec<f32>,
    pub bias: Vec<f32>,
}

/// The way back through a layer.
///
/// - `output`: what [`forward`](super::forward) gave, `[time, batch, hidden_size]`
/// - `d_output`, `d_h_n`, `d_c_n`: the loss's gradients by what `forward` gave, none where they are
///   zero; `[time, batch, hidden_size]` and twice `[1, batch, hidden_size]`
pub fn backward(
    arch: Arch,
    inputs: &Inputs<'_>,
    reserve: Reserve,
    output: Rows<'_>,
    [d_output, d_h_n, d_c_n]: [Option<Rows<'_>>; 3],
    wanted: Wanted,
) -> Gradients {
    arch.dispatch(Backward {
        arch,
        inputs,
        reserve,
        output,
        d_output,
        d_h_n,
        d_c_n,
        wanted,
    })
}

struct Backward<'a> {
    arch: Arch,
    inputs: &'a Inputs<'a>,
    reserve: Reserve,
    output: Rows<'a>,
    d_output: Option<Rows<'a>>,
    d_h_n: Option<Rows<'a>>,
    d_c_n: Option<Rows<'a>>,
    wanted: Wanted,
}

impl WithSimd for Backward<'_> {
    type Output = Gradients;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> Gradients {
        let dims = self.inputs.dims();
        let Dims {
            time,
            batch,
            input_size,
            hidden_size,
            ..
        } = dims;
        let width = self.reserve.width;
        let weight_hh = Packed::by_gates::<S>(self.inputs.weight_hh, GATES, hidden_size, width);
        let weight_ih = self
            .wanted
            .input
            .then(|| Packed::by_gates::<S>(self.inputs.weight_ih, GATES, input_size, width));

        let ends = threads::parts(batch, dims.work());
        let mut d_input = self
            .wanted
            .input
            .then(|| vec![0.0; time * batch * input_size]);
        let mut d_h_0 = vec![0.0; batch * hidden_size];
        let mut d_c_0 = vec![0.0; batch * hidden_size];
        let mut d_h = Buffer::new(batch * width);
        let mut d_c = Buffer::new(batch * width);
        let mut d_bias = Buffer::zeros(ends.len() * GATES * width);
        let of = |data, time, width| RowsMut::new(data, [time, batch, width]);
        let cells = Rows::contiguous(&self.reserve.cells, [time + 1, batch, width]);
        let mut all = Part {
            dims,
            weight_ih: weight_ih.as_ref(),
            weight_hh: &weight_hh,
            cells,
            d_output: self.d_output,
            d_h_n: self.d_h_n,
            d_c_n: self.d_c_n,
            to_start: self.wanted.state,
            gates: of(&mut self.reserve.gates, time, GATES * width),
            d_input: d_input.as_mut().map(|d| of(d, time, input_size)),
            d_h: of(&mut d_h, 1, width),
            d_c: of(&mut d_c, 1, width),
            d_bias: &mut d_bias,
            d_h_0: of(&mut d_h_0, 1, hidden_size),
            d_c_0: of(&mut d_c_0, 1, hidden_size),
        };
        let parts = ends.iter().scan(0, |start, &end| {
            let count = end - std::mem::replace(start, end);
            Some(all.take(count))
        });
        let parts = parts.collect();
        threads::run(parts, |part| self.arch.dispatch(part));
        let weights = self.wanted.weights.then(|| self.weights(&dims, &d_bias));
        Gradients {
            input: d_input,
            weights,
            state: self.wanted.state.then_some([d_h_0, d_c_0]),
        }
    }
}

impl Backward<'_> {
    /// The weights' gradients, over all steps at once.
    fn weights(&self, dims: &Dims, d_bias: &[f32]) -> WeightGradients {
        let Dims {
            time,
            batch,
            input_size,
            hidden_size,
            reverse,
        } = *dims;
        let width = self.reserve.width;
        let row = GATES * width;
        let gates = &self.reserve.gates[..];
        let mut weight_ih = vec![0.0; GATES * hidden_size * input_size];
        let mut weight_hh = vec![0.0; GATES * hidden_size * hidden_size];
        let copy;
        let input = match self.inputs.input.as_slice() {
            Some(input) => input,
            None => {
                copy = self.inputs.input.copied();
                &copy[..]
            }
        };
        let add = |d: &mut [f32], gates: &[f32], rows: &[f32], columns: usize| {
            if width == hidden_size {
                return add_transposed(d, gates, [row, row], rows, columns);
            }
            // Without the gaps between the gates.
            for (gate, d) in d.chunks_exact_mut(hidden_size * columns).enumerate() {
                let gates = gates.get(gate * width..).unwrap_or_default();
                add_transposed(d, gates, [hidden_size, row], rows, columns);
            }
        };
        add(&mut weight_ih, gates, input, input_size);
        // The state before a step is the output of the step before.
        let output = match self.output.as_slice() {
            Some(output) => output,
            None => unreachable!("as forward made it"),
        };
        let later = (time - 1) * batch;
        let (gates_later, output_before, first) = match reverse {
            false => (
                &gates[batch * row..],
                &output[..later * hidden_size],
                &gates[..batch * row],
            ),
            true => (
                &gates[..later * row],
                &output[batch * hidden_size..],
                &gates[later * row..],
            ),
        };
        add(&mut weight_hh, gates_later, output_before, hidden_size);
        let h_0 = self.inputs.h_0.copied();
        if h_0.iter().any(|&h| h != 0.0) {
            add(&mut weight_hh, first, &h_0, hidden_size);
        }

        let mut bias = vec![0.0; GATES * hidden_size];
        for part in d_bias.chunks_exact(row) {
            let gates = part.chunks_exact(width);
            for (bias, part) in bias.chunks_exact_mut(hidden_size).zip(gates) {
                for (bias, part) in bias.iter_mut().zip(part) {
                    *bias += part;
                }
            }
        }
        WeightGradients {
            weight_ih,
            weight_hh,
            bias,
        }
    }
}

/// Some sequences of the batch.
struct Part<'a> {
    dims: Dims,
    weight_ih: Option<&'a Packed>,
    weight_hh: &'a Packed,
    cells: Rows<'a>,
    d_output: Option<Rows<'a>>,
    d_h_n: Option<Rows<'a>>,
    d_c_n: Option<Rows<'a>>,
    /// Whether the gradient by the state before the first step is wanted.
    to_start: bool,
    /// Activated gates; the gradients by what was activated take their place.
    gates: RowsMut<'a>,
    d_input: Option<RowsMut<'a>>,
    /// By the state after the step, from the steps that come later.
    d_h: RowsMut<'a>,
    d_c: RowsMut<'a>,
    /// All parts' sums, the first of them this part's, `[4·width]` each.
    d_bias: &'a mut [f32],
    d_h_0: RowsMut<'a>,
    d_c_0: RowsMut<'a>,
}

impl<'a> Part<'a> {
    /// Takes the first `count` sequences off.
    fn take(&mut self, count: usize) -> Self {
        let (d_bias, rest) = std::mem::take(&mut self.d_bias).split_at_mut(GATES * self.width());
        self.d_bias = rest;
        self.dims.batch -= count;
        Self {
            dims: Dims {
                batch: count,
                ..self.dims
            },
            weight_ih: self.weight_ih,
            weight_hh: self.weight_hh,
            cells: self.cells.take_sequences(count),
            d_output: self.d_output.as_mut().map(|d| d.take_sequences(count)),
            d_h_n: self.d_h_n.as_mut().map(|d| d.take_sequences(count)),
            d_c_n: self.d_c_n.as_mut().map(|d| d.take_sequences(count)),
            to_start: self.to_start,
            gates: self.gates.take_sequences(count),
            d_input: self.d_input.as_mut().map(|d| d.take_sequences(count)),
            d_h: self.d_h.take_sequences(count),
            d_c: self.d_c.take_sequences(count),
            d_bias,
            d_h_0: self.d_h_0.take_sequences(count),
            d_c_0: self.d_c_0.take_sequences(count),
        }
    }

    /// Columns of a gate.
    fn width(&self) -> usize {
        self.cells.shape()[2]
    }
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Dims { time, batch, .. } = self.dims;
        for b in 0..batch {
            start(self.d_h.row_mut(0, b), self.d_h_n, b);
            start(self.d_c.row_mut(0, b), self.d_c_n, b);
        }
        let chunk = self.dims.chunk(batch);
        let mut end = time;
        while end > 0 {
            let steps = end.saturating_sub(chunk)..end;
            for step in steps.clone().rev() {
                let place = self.dims.place(step);
                simd.vectorize(Gates {
                    part: &mut self,
                    step,
                    place,
                });
                if step > 0 || self.to_start {
                    let gates = self.gates.as_rows().steps(place..place + 1);
                    Product {
                        terms: [(gates, self.weight_hh)],
                        panels: self.weight_hh.all(),
                        target: Write {
                            start: None,
                            result: &mut self.d_h,
                        },
                    }
                    .run(simd);
                }
            }
            if let (Some(matrix), Some(d_input)) = (self.weight_ih, &mut self.d_input) {
                let places = self.dims.places(&steps);
                let gates = self.gates.as_rows().steps(places.clone());
                Product {
                    terms: [(gates, matrix)],
                    panels: matrix.all(),
                    target: Write {
                        start: None,
                        result: &mut d_input.steps(places),
                    },
                }
                .run(simd);
            }
            end = steps.start;
        }
        if self.to_start {
            for b in 0..batch {
                let d_h_0 = self.d_h_0.row_mut(0, b);
                d_h_0.copy_from_slice(&self.d_h.row_mut(0, b)[..d_h_0.len()]);
                let d_c_0 = self.d_c_0.row_mut(0, b);
                d_c_0.copy_from_slice(&self.d_c.row_mut(0, b)[..d_c_0.len()]);
            }
        }
    }
}

/// What comes from after the last step.
fn start(row: &mut [f32], from: Option<Rows<'_>>, sequence: usize) {
    row.fill(0.0);
    if let Some(from) = from {
        let from = from.row(0, sequence);
        row[..from.len()].copy_from_slice(from);
    }
}

/// One step back: from the gradients by its output and its state to those by its gates' sums.
struct Gates<'p, 'a> {
    part: &'p mut Part<'a>,
    step: usize,
    place: usize,
}

impl WithSimd for Gates<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { part, step, place } = self;
        let ones = simd.splat_f32s(1.0);
        for b in 0..part.dims.batch {
            let gates = part.gates.row_mut(place, b);
            let (c_before, c_after) = (part.cells.row(step, b), part.cells.row(step + 1, b));
            let d_output = part.d_output.map(|rows| rows.row(place, b));
            let d_h = part.d_h.row_mut(0, b);
            let d_c = part.d_c.row_mut(0, b);
            let width = d_c.len();
            let hidden_size = part.dims.hidden_size;
            for unit in (0..width).step_by(S::F32_LANES) {
                let i = load(simd, gates, unit);
                let f = load(simd, gates, width + unit);
                let g = load(simd, gates, 2 * width + unit);
                let o = load(simd, gates, 3 * width + unit);
                let tanh_c = value(simd, tanh(simd, load(simd, c_after, unit)));
                let mut by_h = load(simd, d_h, unit);
                if let Some(row) = d_output
                    && unit < hidden_size
                {
                    by_h = simd.add_f32s(by_h, load(simd, row, unit));
                }
                // h = o·tanh(c)
                let by_o = simd.mul_f32s(by_h, tanh_c);
                let slope = simd.sub_f32s(ones, simd.mul_f32s(tanh_c, tanh_c));
                let by_c = simd.mul_f32s(simd.mul_f32s(by_h, o), slope);
                let by_c = simd.add_f32s(load(simd, d_c, unit), by_c);
                // c = f·c' + i·g
                let by_i = simd.mul_f32s(by_c, g);
                let by_g = simd.mul_f32s(by_c, i);
                let by_f = simd.mul_f32s(by_c, load(simd, c_before, unit));
                store(simd, d_c, unit, simd.mul_f32s(by_c, f));
                // σ' = σ·(1 − σ), tanh' = 1 − tanh²
                let of_sigmoid = |by: S::f32s, y: S::f32s| {
                    simd.mul_f32s(by, simd.mul_f32s(y, simd.sub_f32s(ones, y)))
                };
                let of_tanh = simd.sub_f32s(ones, simd.mul_f32s(g, g));
                let sums = [
                    of_sigmoid(by_i, i),
                    of_sigmoid(by_f, f),
                    simd.mul_f32s(by_g, of_tanh),
                    of_sigmoid(by_o, o),
                ];
                for (k, sum) in sums.into_iter().enumerate() {
                    let at = k * width + unit;
                    store(simd, gates, at, sum);
                    let bias = simd.add_f32s(load(simd, part.d_bias, at), sum);
                    store(simd, part.d_bias, at, bias);
                }
            }
        }
    }
}
