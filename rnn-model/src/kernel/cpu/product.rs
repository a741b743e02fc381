//! Products of few rows with a packed matrix, and what becomes of them.
//!
//! A tile is up to six rows of the result in one panel of the matrix. Its sums stay in registers for the
//! whole depth: 24 vectors of sums, four of the matrix, and one number of a row in all lanes.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::packed::{Columns, Packed, Panel};
use super::positions::Positions;
use super::rows::{Rows, RowsMut};

/// Rows of a tile.
const ROWS: usize = 6;

/// What becomes of the sums of a [`Product`].
pub trait Target {
    /// Takes those of a row, in some columns.
    ///
    /// - `place`: the row's step and sequence
    fn finish<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        place: [usize; 2],
        columns: &Columns,
        sums: [S::f32s; V],
    );
}

/// What the rows of a product are added to.
#[derive(Clone, Copy)]
pub enum AddTo<'a> {
    Nothing,
    /// All to the same.
    Row(&'a [f32]),
    /// Each to what the result holds.
    Result,
}

/// Writes them down.
pub struct Write<'a, 'b> {
    pub add_to: AddTo<'a>,
    /// `[time, batch, columns]`
    pub result: &'a mut RowsMut<'b>,
}

impl Target for Write<'_, '_> {
    #[inline(always)]
    fn finish<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        [step, sequence]: [usize; 2],
        columns: &Columns,
        mut sums: [S::f32s; V],
    ) {
        let row = self.result.row_mut(step, sequence);
        let others = match self.add_to {
            AddTo::Nothing => None,
            AddTo::Row(others) => Some(others),
            AddTo::Result => Some(&*row),
        };
        if let Some(others) = others {
            let others = columns.load::<S, V>(simd, others);
            for v in 0..V {
                sums[v] = simd.add_f32s(sums[v], others[v]);
            }
        }
        columns.store(simd, row, sums);
    }
}

/// The sum of `rows · matrix` over some terms, in some panels.
pub struct Product<'a, T, const TERMS: usize> {
    /// Rows `[time, batch, depth]` and matrices `[depth, columns]`, packed alike.
    pub terms: [(Rows<'a>, &'a Packed); TERMS],
    /// The rows that are multiplied.
    pub positions: Positions<'a>,
    pub panels: Range<usize>,
    pub target: T,
}

impl<T: Target, const TERMS: usize> Product<'_, T, TERMS> {
    /// Does it, as a function of its own: inlined into a loop it would fall out of registers.
    #[inline(always)]
    pub fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }
}

impl<T: Target, const TERMS: usize> WithSimd for Product<'_, T, TERMS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let all = self.positions.len();
        for index in self.panels {
            let panels = self.terms.map(|(_, matrix)| matrix.panels[index]);
            let mut tile = Tile {
                terms: &self.terms,
                panels: &panels,
                target: &mut self.target,
                positions: self.positions,
                at: [0, 0],
            };
            let mut left = all;
            // Equal tiles rather than a small one at the end.
            let mut tiles = left.div_ceil(ROWS);
            while left > 0 {
                let count = left.div_ceil(tiles);
                match panels[0].columns.vectors {
                    1 => tile.of_rows::<S, 1>(simd, count),
                    2 => tile.of_rows::<S, 2>(simd, count),
                    3 => tile.of_rows::<S, 3>(simd, count),
                    _ => tile.of_rows::<S, 4>(simd, count),
                }
                tiles -= 1;
                left -= count;
            }
        }
    }
}

struct Tile<'t, 'a, T, const TERMS: usize> {
    terms: &'t [(Rows<'a>, &'a Packed); TERMS],
    panels: &'t [Panel; TERMS],
    target: &'t mut T,
    positions: Positions<'a>,
    /// Its first row: step and rank.
    at: [usize; 2],
}

impl<T: Target, const TERMS: usize> Tile<'_, '_, T, TERMS> {
    #[inline(always)]
    fn of_rows<S: Simd, const V: usize>(&mut self, simd: S, count: usize) {
        match count {
            1 => self.run::<S, 1, V>(simd),
            2 => self.run::<S, 2, V>(simd),
            3 => self.run::<S, 3, V>(simd),
            4 => self.run::<S, 4, V>(simd),
            5 => self.run::<S, 5, V>(simd),
            _ => self.run::<S, 6, V>(simd),
        }
    }

    #[inline(always)]
    fn run<S: Simd, const M: usize, const V: usize>(&mut self, simd: S) {
        let mut positions = [[0, 0]; M];
        for m in 0..M {
            positions[m] = self.positions.position(self.at);
            self.at = self.positions.next(self.at);
        }
        // From zero: to start from what is added in the end would take the sums through memory.
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        for term in 0..TERMS {
            sums = self.add(simd, term, &positions, sums);
        }
        let columns = self.panels[0].columns;
        // A copy: an array that is indexed again would live in memory all along.
        let sums = sums;
        for m in 0..M {
            self.target.finish(simd, positions[m], &columns, sums[m]);
        }
    }

    /// Adds a term's products.
    #[inline(always)]
    fn add<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        term: usize,
        positions: &[[usize; 2]; M],
        mut sums: [[S::f32s; V]; M],
    ) -> [[S::f32s; V]; M] {
        let (all, matrix) = &self.terms[term];
        let depth = matrix.depth;
        let len = depth * V * S::F32_LANES;
        let data = &matrix.data[self.panels[term].start..][..len];
        let mut rows = [&[][..]; M];
        for m in 0..M {
            rows[m] = &all.row(positions[m][0], positions[m][1])[..depth];
        }
        let mut data = data.as_ptr();
        for k in 0..depth {
            let mut vectors = [simd.splat_f32s(0.0); V];
            for v in 0..V {
                // SAFETY: there are `depth · V` vectors, and `k` is below `depth`. Any bits are
                // a vector of numbers.
                vectors[v] = unsafe {
                    let vector = data.add(v * S::F32_LANES).cast::<S::f32s>();
                    vector.read_unaligned()
                };
            }
            for m in 0..M {
                // SAFETY: each row has `depth` numbers.
                let number = simd.splat_f32s(unsafe { *rows[m].get_unchecked(k) });
                for v in 0..V {
                    sums[m][v] = simd.mul_add_e_f32s(number, vectors[v], sums[m][v]);
                }
            }
            // SAFETY: at most one past the last.
            data = unsafe { data.add(V * S::F32_LANES) };
        }
        sums
    }
}
