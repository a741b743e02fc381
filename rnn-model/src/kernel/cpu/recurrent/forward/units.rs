use pulp::Simd;

use crate::kernel::cpu::packed::Columns;
use crate::kernel::cpu::product::Target;
use crate::kernel::cpu::recurrent::equations::{Blocks, Equations, MOST_BLOCKS, State};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::vectors::{load, store};

/// What the sums become, at one step.
pub struct Units<'a, E> {
    pub equations: E,
    /// What they are added to, as far as that is not in `blocks`.
    pub bias: &'a [f32],
    /// Whether `blocks` holds what the input contributes.
    pub has_inputs: bool,
    pub blocks: RowsMut<'a>,
    /// Whether the blocks are wanted later.
    pub keep: bool,
    pub before: Rows<'a>,
    /// The cell state before the step, and where it goes.
    pub cells: Option<(Rows<'a>, RowsMut<'a>)>,
    pub output: RowsMut<'a>,
}

impl<E: Equations> Target for Units<'_, E> {
    const GATES: usize = E::GATES;

    #[inline(always)]
    fn finish<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        [_, b]: [usize; 2],
        columns: &Columns,
        mut sums: [S::f32s; V],
    ) {
        let others: [S::f32s; V] = self.others(simd, b, columns);
        for v in 0..V {
            sums[v] = simd.add_f32s(sums[v], others[v]);
        }
        let mut blocks = [simd.splat_f32s(0.0); MOST_BLOCKS];
        if E::GATES == 1 {
            for v in 0..V {
                blocks[0] = sums[v];
                self.unit(simd, b, columns.first + v * columns.stride, blocks);
            }
            return;
        }
        let row = self.blocks.row_mut(0, b);
        let width = row.len() / E::BLOCKS;
        let unit = columns.first % width;
        let mut there = 0;
        if V == E::GATES {
            for (block, sum) in blocks.iter_mut().zip(sums) {
                *block = sum;
            }
            there = V;
        } else {
            columns.store(simd, row, sums);
            if columns.first / width + V < E::GATES {
                return;
            }
        }
        for block in there..E::BLOCKS {
            blocks[block] = load(simd, row, block * width + unit);
        }
        self.unit(simd, b, unit, blocks);
    }
}

impl<E: Equations> Units<'_, E> {
    /// What the products are added to: what the input contributes, or the bias.
    #[inline(always)]
    fn others<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        b: usize,
        columns: &Columns,
    ) -> [S::f32s; V] {
        if !self.has_inputs {
            return columns.load(simd, self.bias);
        }
        let row = self.blocks.row_mut(0, b);
        let mut others: [S::f32s; V] = columns.load(simd, row);
        let of_state_alone = E::INPUT_FIRST * (row.len() / E::BLOCKS);
        for v in 0..V {
            let column = columns.first + v * columns.stride;
            if E::INPUT_FIRST > 0 && column < of_state_alone {
                others[v] = load(simd, self.bias, column);
            }
        }
        others
    }

    /// A vector of units.
    #[inline(always)]
    fn unit<S: Simd>(&mut self, simd: S, b: usize, unit: usize, sums: Blocks<S>) {
        let zero = simd.splat_f32s(0.0);
        let mut before = State { h: zero, c: zero };
        if E::HAS_PATH {
            before.h = load(simd, self.before.row(0, b), unit);
        }
        if let Some((cells, _)) = &self.cells {
            before.c = load(simd, cells.row(0, b), unit);
        }
        let (kept, after) = self.equations.forward(simd, sums, before);
        if self.keep {
            let row = self.blocks.row_mut(0, b);
            let width = row.len() / E::BLOCKS;
            for block in 0..E::BLOCKS {
                store(simd, row, block * width + unit, kept[block]);
            }
        }
        if let Some((_, cells)) = &mut self.cells {
            store(simd, cells.row_mut(0, b), unit, after.c);
        }
        store(simd, self.output.row_mut(0, b), unit, after.h);
    }
}
