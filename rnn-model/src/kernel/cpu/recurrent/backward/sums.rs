use pulp::{Simd, WithSimd};

use super::Part;
use crate::kernel::cpu::recurrent::equations::{Equations, MOST_BLOCKS, State};
use crate::kernel::cpu::vectors::{load, store};

/// One step back: from the gradients by its output and its state to those by its sums.
pub struct Sums<'p, 'a, E> {
    pub part: &'p mut Part<'a, E>,
    pub step: usize,
    pub place: usize,
}

impl<E: Equations> WithSimd for Sums<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { part, step, place } = self;
        let zero = simd.splat_f32s(0.0);
        let is_projected = part.weights.weight_hr.is_some();
        let places = part.schedule.steps(place..place + 1);
        for rank in 0..places.len() {
            let [_, b] = places.place([0, rank]);
            let row = part.blocks.row_mut(place, b);
            let width = row.len() / E::BLOCKS;
            // Where the way goes on.
            let d_h = match is_projected {
                true => part.d_hidden.row_mut(0, b),
                false => part.d_h.row_mut(0, b),
            };
            let by_output = match is_projected {
                true => None,
                false => part.by.output.map(|rows| rows.row(place, b)),
            };
            let h_before = match part.schedule.starts(place, part.dims.reverse, b) {
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
