//! Products of few rows with a packed matrix, and what becomes of them.
//!
//! A tile is up to six rows of the result in one panel of the matrix. Its sums stay in registers for the
//! whole depth: 24 vectors of sums, four of the matrix, and one number of a row in all lanes.

use pulp::{Arch, Simd, WithSimd};

use super::packed::{Columns, Packed, Panel};
use super::positions::Positions;
use super::rows::{Rows, RowsMut};
use super::vectors::widest;

/// What becomes of the sums of a [`Product`].
pub trait Target {
    /// The gates of the packed matrix.
    const GATES: usize;

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
    // Of however many gates: any panel may come.
    const GATES: usize = 1;

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

/// The sum of `rows · matrix` over some terms.
pub struct Product<'a, T> {
    /// Rows `[time, batch, depth]` and matrices `[depth, columns]`, packed alike; one or two.
    pub terms: &'a [(Rows<'a>, &'a Packed)],
    /// The rows that are multiplied.
    pub positions: Positions<'a>,
    pub target: T,
}

impl<T: Target> Product<'_, T> {
    /// Computes the products, as a function of its own, compiled once however many call it: inlined
    /// into a loop, the sums would fall out of registers.
    #[inline(never)]
    pub fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }

    /// Computes the products on an instruction set.
    pub fn dispatch(self, arch: Arch) {
        struct Run<P>(P);

        impl<T: Target> WithSimd for Run<Product<'_, T>> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                self.0.run(simd);
            }
        }

        arch.dispatch(Run(self));
    }
}

impl<T: Target> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let all = self.positions.len();
        for (panel, Panel { columns, .. }) in self.terms[0].1.panels.iter().enumerate() {
            let mut tile = Tile {
                terms: self.terms,
                panel,
                columns,
                target: &mut self.target,
                positions: self.positions,
                at: [0, 0],
            };
            let mut left = all;
            // Equal tiles rather than a small one at the end.
            let mut tiles = left.div_ceil(most_rows::<S>());
            while left > 0 {
                let count = left.div_ceil(tiles);
                match columns.vectors {
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

/// Rows of a tile. Without vectors they would gain nothing but code.
const fn most_rows<S: Simd>() -> usize {
    if S::IS_SCALAR { 2 } else { 6 }
}

/// Whether a packed matrix of so many gates can have panels of so many vectors: others are not
/// compiled.
const fn has_panels_of<S: Simd>(gates: usize, vectors: usize) -> bool {
    let widest = widest::<S>();
    match gates {
        1 => vectors <= widest,
        _ if gates < widest => vectors == gates,
        _ => vectors == widest || vectors == gates % widest,
    }
}

struct Tile<'t, 'a, T> {
    terms: &'t [(Rows<'a>, &'a Packed)],
    /// The panel's number, and its columns.
    panel: usize,
    columns: &'t Columns,
    target: &'t mut T,
    positions: Positions<'a>,
    /// Its first row: step and rank.
    at: [usize; 2],
}

impl<T: Target> Tile<'_, '_, T> {
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
        if const { M > most_rows::<S>() || !has_panels_of::<S>(T::GATES, V) } {
            unreachable!("there are no such tiles");
        }
        let mut positions = [[0, 0]; M];
        for m in 0..M {
            positions[m] = self.positions.position(self.at);
            self.at = self.positions.next(self.at);
        }
        // From zero: to start from what is added in the end would take the sums through memory.
        let zeros = [[simd.splat_f32s(0.0); V]; M];
        // Written out: in a loop over the terms the sums would fall out of 16 registers.
        let sums = match self.terms {
            [(rows, matrix)] => self.add(simd, rows, matrix, &positions, zeros),
            [(rows, matrix), (more_rows, more)] => {
                let sums = self.add(simd, rows, matrix, &positions, zeros);
                self.add(simd, more_rows, more, &positions, sums)
            }
            _ => unreachable!("a product has one term or two"),
        };
        for m in 0..M {
            self.target
                .finish(simd, positions[m], self.columns, sums[m]);
        }
    }

    /// Adds a term's products.
    #[inline(always)]
    fn add<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        all: &Rows<'_>,
        matrix: &Packed,
        positions: &[[usize; 2]; M],
        mut sums: [[S::f32s; V]; M],
    ) -> [[S::f32s; V]; M] {
        let depth = matrix.depth;
        let len = depth * V * S::F32_LANES;
        let data = &matrix.data[matrix.panels[self.panel].start..][..len];
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
