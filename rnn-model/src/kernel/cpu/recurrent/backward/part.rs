use pulp::{Simd, WithSimd};

use super::gradients::Gradient;
use super::transposed::Transposed;
use crate::kernel::cpu::positions::ActiveSteps;
use crate::kernel::cpu::product::{AddTo, Product, Write};
use crate::kernel::cpu::recurrent::equations::{Equations, MOST_BLOCKS, State};
use crate::kernel::cpu::recurrent::inputs::Dims;
use crate::kernel::cpu::recurrent::reserve::{of_input, of_state};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::vectors::{load, store};

/// Some sequences of the batch in one direction.
pub struct Part<'a, E> {
    pub equations: E,
    pub dims: Dims,
    pub active: ActiveSteps,
    pub weights: &'a Transposed,
    pub h_0: Rows<'a>,
    pub output: Rows<'a>,
    pub by: Gradient<'a>,
    /// Whether the gradient with respect to the state before the first step is wanted.
    pub to_start: bool,
    pub cells: RowsMut<'a>,
    /// What was kept; the gradients with respect to the sums take its place.
    pub blocks: RowsMut<'a>,
    pub d_input: Option<RowsMut<'a>>,
    /// With respect to the state after the step, from the steps that come later.
    pub d_h: RowsMut<'a>,
    pub d_c: RowsMut<'a>,
    pub d_hidden: RowsMut<'a>,
    pub d_projected: RowsMut<'a>,
    /// All parts' sums, the first of them this part's, `[blocks·width]` each.
    pub d_bias: &'a mut [f32],
    pub d_h_0: RowsMut<'a>,
    pub d_c_0: RowsMut<'a>,
}

impl<'a, E: Equations> Part<'a, E> {
    /// Takes the first `count` sequences off.
    pub fn take(&mut self, count: usize, active: ActiveSteps) -> Self {
        let [_, _, bias] = self.blocks.shape();
        let (d_bias, rest) = std::mem::take(&mut self.d_bias).split_at_mut(bias);
        self.d_bias = rest;
        self.dims.batch -= count;
        let of = |rows: &mut Option<Rows<'a>>| rows.as_mut().map(|rows| rows.take_sequences(count));
        Self {
            equations: self.equations,
            dims: Dims {
                batch: count,
                ..self.dims
            },
            active,
            weights: self.weights,
            h_0: self.h_0.take_sequences(count),
            output: self.output.take_sequences(count),
            by: Gradient {
                output: of(&mut self.by.output),
                h_n: of(&mut self.by.h_n),
                c_n: of(&mut self.by.c_n),
            },
            to_start: self.to_start,
            cells: self.cells.take_sequences(count),
            blocks: self.blocks.take_sequences(count),
            d_input: self.d_input.as_mut().map(|d| d.take_sequences(count)),
            d_h: self.d_h.take_sequences(count),
            d_c: self.d_c.take_sequences(count),
            d_hidden: self.d_hidden.take_sequences(count),
            d_projected: self.d_projected.take_sequences(count),
            d_bias,
            d_h_0: self.d_h_0.take_sequences(count),
            d_c_0: self.d_c_0.take_sequences(count),
        }
    }
}

impl<E: Equations> WithSimd for Part<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Dims { time, batch, .. } = self.dims;
        for b in 0..batch {
            start(self.d_h.row_mut(0, b), self.by.h_n, b);
            start(self.d_c.row_mut(0, b), self.by.c_n, b);
        }
        let chunk = self.dims.chunk(batch);
        let mut end = time;
        while end > 0 {
            let steps = end.saturating_sub(chunk)..end;
            for step in steps.clone().rev() {
                self.step(simd, step);
            }
            if let (Some(matrix), Some(d_input)) = (&self.weights.weight_ih, &mut self.d_input) {
                let places = self.dims.places(&steps);
                let [_, _, blocks_width] = self.blocks.shape();
                let blocks = of_input::<E>(self.blocks.as_rows(), blocks_width / E::BLOCKS);
                Product {
                    terms: &[(blocks.steps(places.clone()), matrix)],
                    positions: self.active.steps(places.clone()),
                    target: Write {
                        add_to: AddTo::Nothing,
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

/// Sets a row to the gradient with respect to the state after the last step; to zeros if there is
/// none.
fn start(row: &mut [f32], from: Option<Rows<'_>>, sequence: usize) {
    row.fill(0.0);
    if let Some(from) = from {
        let from = from.row(0, sequence);
        row[..from.len()].copy_from_slice(from);
    }
}

impl<E: Equations> Part<'_, E> {
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, step: usize) {
        let place = self.dims.place(step);
        if let Some(matrix) = &self.weights.weight_hr {
            self.gather_projected(place);
            let by = self.d_projected.as_rows().steps(place..place + 1);
            Product {
                terms: &[(by, matrix)],
                positions: self.active.steps(place..place + 1),
                target: Write {
                    add_to: AddTo::Nothing,
                    result: &mut self.d_hidden,
                },
            }
            .run(simd);
        }
        simd.vectorize(Sums {
            part: self,
            step,
            place,
        });
        if step > 0 || self.to_start {
            let [_, _, blocks_width] = self.blocks.shape();
            let blocks = of_state::<E>(self.blocks.as_rows(), blocks_width / E::BLOCKS);
            let matrix = &self.weights.weight_hh;
            Product {
                terms: &[(blocks.steps(place..place + 1), matrix)],
                positions: self.active.steps(place..place + 1),
                target: Write {
                    add_to: match E::HAS_PATH {
                        true => AddTo::Result,
                        false => AddTo::Nothing,
                    },
                    result: &mut self.d_h,
                },
            }
            .run(simd);
        }
    }

    /// Adds up the gradients with respect to the projection's output at one step.
    fn gather_projected(&mut self, place: usize) {
        for [_, b] in self.active.steps(place..place + 1).iter() {
            let row = self.d_projected.row_mut(place, b);
            let later = &self.d_h.row_mut(0, b)[..row.len()];
            row.copy_from_slice(later);
            if let Some(by_output) = self.by.output {
                for (sum, by) in row.iter_mut().zip(by_output.row(place, b)) {
                    *sum += by;
                }
            }
        }
    }
}

/// The backward pass of one step: from the gradients with respect to its output and its state to those
/// with respect to its sums.
struct Sums<'p, 'a, E> {
    part: &'p mut Part<'a, E>,
    step: usize,
    place: usize,
}

impl<E: Equations> WithSimd for Sums<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { part, step, place } = self;
        let zero = simd.splat_f32s(0.0);
        let is_projected = part.weights.weight_hr.is_some();
        let positions = part.active.steps(place..place + 1);
        for rank in 0..positions.len() {
            let [_, b] = positions.position([0, rank]);
            let row = part.blocks.row_mut(place, b);
            let width = row.len() / E::BLOCKS;
            // The gradient with respect to the hidden state: with a projection, to the projection's
            // input.
            let d_h = match is_projected {
                true => part.d_hidden.row_mut(0, b),
                false => part.d_h.row_mut(0, b),
            };
            let by_output = match is_projected {
                true => None,
                false => part.by.output.map(|rows| rows.row(place, b)),
            };
            let h_before = match part.active.starts(place, part.dims.reverse, b) {
                true => part.h_0.row(0, b),
                false => part.output.row(part.dims.place(step - 1), b),
            };
            for unit in (0..width).step_by(S::F32_LANES) {
                let mut kept = [zero; MOST_BLOCKS];
                for block in 0..E::BLOCKS {
                    kept[block] = load(simd, row, block * width + unit);
                }
                let mut by = State {
                    h: load(simd, d_h, unit),
                    c: zero,
                };
                if let Some(by_output) = by_output {
                    by.h = simd.add_f32s(by.h, load(simd, by_output, unit));
                }
                let mut before = State { h: zero, c: zero };
                let mut c = zero;
                if E::HAS_PATH {
                    before.h = load(simd, h_before, unit);
                }
                if E::HAS_CELL_STATE {
                    by.c = load(simd, part.d_c.row_mut(0, b), unit);
                    let cells = part.cells.as_rows();
                    before.c = load(simd, cells.row(step, b), unit);
                    c = load(simd, cells.row(step + 1, b), unit);
                }
                let (by_sums, by_before) = part.equations.backward(simd, kept, before, c, by);
                for block in 0..E::BLOCKS {
                    let at = block * width + unit;
                    store(simd, row, at, by_sums[block]);
                    let bias = simd.add_f32s(load(simd, part.d_bias, at), by_sums[block]);
                    store(simd, part.d_bias, at, bias);
                }
                if E::HAS_PATH {
                    store(simd, d_h, unit, by_before.h);
                }
                if E::HAS_CELL_STATE {
                    store(simd, part.d_c.row_mut(0, b), unit, by_before.c);
                }
            }
        }
    }
}
