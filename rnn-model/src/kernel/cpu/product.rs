//! Products of few rows with a matrix that is used many times.
//!
//! The matrix is packed once per call: cut into panels of at most four vectors of columns, a panel's
//! rows one after another, so that a tile reads it from end to end. A tile is up to six rows of the
//! result in one panel. Its sums stay in registers for the whole depth: 24 vectors of sums, four of
//! the matrix, and one number of a row in all lanes. Where there are only 16 registers a panel is two
//! vectors wide.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::rows::{Rows, RowsMut};
use super::threads;

/// Rows of a tile.
const ROWS: usize = 6;

/// A matrix `[depth, columns]`, packed for an instruction set.
pub struct Packed {
    data: Buffer,
    panels: Vec<Panel>,
    groups: Vec<(Range<usize>, Range<usize>)>,
    depth: usize,
}

/// Some columns: vectors of them at equal distances.
#[derive(Clone, Copy)]
struct Panel {
    /// Where its numbers start.
    start: usize,
    vectors: usize,
    /// The first column, and from there to that of the next vector.
    column: usize,
    stride: usize,
}

/// The vectors of a panel that keep a tile in registers.
fn widest<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

impl Packed {
    /// The transpose of `weights`, `[gates·units, depth]`.
    ///
    /// Column `gate·width + unit` is that of a gate's unit, for units up to `width`, a multiple of a
    /// vector; columns of units that are not there are zero. The panels of a [group](Self::groups)
    /// hold the same units of all gates.
    pub fn of_gates<S: Simd>(weights: &[f32], gates: usize, depth: usize, width: usize) -> Self {
        let lanes = S::F32_LANES;
        let units = weights.len() / (gates * depth);
        let mut columns = Vec::new();
        let mut groups = Vec::new();
        if gates == 1 {
            for first in (0..width).step_by(widest::<S>() * lanes) {
                let vectors = widest::<S>().min((width - first) / lanes);
                groups.push((columns.len()..columns.len() + 1, first..first + vectors * lanes));
                columns.push((first, lanes, vectors));
            }
        } else {
            for first in (0..width).step_by(lanes) {
                let panels = columns.len();
                for gate in (0..gates).step_by(widest::<S>()) {
                    let vectors = widest::<S>().min(gates - gate);
                    columns.push((gate * width + first, width, vectors));
                }
                groups.push((panels..columns.len(), first..first + lanes));
            }
        }
        let packed = Self::pack(depth, lanes, &columns, |panel, data| {
            let vector = panel.vectors * lanes;
            data.fill(0.0);
            // A few numbers of each row at a time, so that what is written stays close.
            for (some, data) in data.chunks_mut(CLOSE * vector).enumerate() {
                let depth_here = some * CLOSE..(some * CLOSE + CLOSE).min(depth);
                for v in 0..panel.vectors {
                    let column = panel.column + v * panel.stride;
                    let (gate, first) = (column / width, column % width);
                    for lane in 0..lanes.min(units.saturating_sub(first)) {
                        let row = (gate * units + first + lane) * depth;
                        let row = &weights[row..][depth_here.clone()];
                        let column = data[v * lanes + lane..].iter_mut().step_by(vector);
                        column.zip(row).for_each(|(to, from)| *to = *from);
                    }
                }
            }
        });
        Self { groups, ..packed }
    }

    /// `weights`, `[gates·units, columns]`, as it is: rows are those of the gates' units, at
    /// `gate·width + unit`, and zero for units that are not there.
    pub fn by_gates<S: Simd>(weights: &[f32], gates: usize, columns: usize, width: usize) -> Self {
        let lanes = S::F32_LANES;
        let units = weights.len() / (gates * columns);
        let panels: Vec<_> = (0..columns)
            .step_by(widest::<S>() * lanes)
            .map(|column| {
                let left = (columns - column).div_ceil(lanes);
                (column, lanes, left.min(widest::<S>()))
            })
            .collect();
        Self::pack(gates * width, lanes, &panels, |panel, data| {
            let valid = (panel.vectors * lanes).min(columns - panel.column);
            for (k, data) in data.chunks_exact_mut(panel.vectors * lanes).enumerate() {
                let (gate, unit) = (k / width, k % width);
                data.fill(0.0);
                if unit < units {
                    let row = &weights[(gate * units + unit) * columns..][..columns];
                    data[..valid].copy_from_slice(&row[panel.column..][..valid]);
                }
            }
        })
    }

    /// Panels with the given columns (first, stride, vectors), each filled by `fill`.
    fn pack(
        depth: usize,
        lanes: usize,
        columns: &[(usize, usize, usize)],
        fill: impl Fn(&Panel, &mut [f32]) + Sync,
    ) -> Self {
        let mut len = 0;
        let mut panels = Vec::with_capacity(columns.len());
        for &(column, stride, vectors) in columns {
            panels.push(Panel {
                start: len,
                vectors,
                column,
                stride,
            });
            len += vectors * lanes * depth;
        }
        let mut data = Buffer::new(len);
        let mut rest = &mut data[..];
        let mut parts = Vec::with_capacity(panels.len());
        for panel in &panels {
            let (part, after) = rest.split_at_mut(panel.vectors * lanes * depth);
            parts.push((panel, part));
            rest = after;
        }
        // A number that is copied takes about as long as ten multiplications.
        let ends = threads::parts(panels.len(), len * 10);
        let mut jobs = Vec::with_capacity(ends.len());
        let mut rest = parts.into_iter();
        let mut start = 0;
        for end in ends {
            jobs.push(rest.by_ref().take(end - start).collect::<Vec<_>>());
            start = end;
        }
        threads::run(jobs, |job| {
            job.into_iter().for_each(|(panel, part)| fill(panel, part));
        });
        Self {
            data,
            panels,
            groups: Vec::new(),
            depth,
        }
    }

    /// Panels that belong together, and their units; for a matrix of gates.
    pub fn groups(&self) -> &[(Range<usize>, Range<usize>)] {
        &self.groups
    }

    /// All panels.
    pub fn all(&self) -> Range<usize> {
        0..self.panels.len()
    }
}

/// Rows of a packed matrix that are written in one go.
const CLOSE: usize = 16;

/// What sums start from.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    Zero,
    /// The same row of numbers for all rows.
    Row(&'a [f32]),
    /// What the result holds.
    Result,
}

/// `result = start + rows · matrix`, in some panels.
///
/// - `rows`: `[time, batch, depth or more]`
/// - `result`: `[time, batch, columns or more]`
pub struct Product<'a, 'b> {
    pub rows: Rows<'a>,
    pub matrix: &'a Packed,
    pub panels: Range<usize>,
    pub start: Start<'a>,
    pub result: &'a mut RowsMut<'b>,
}

impl Product<'_, '_> {
    /// Does it, as a function of its own: inlined into a loop it would fall out of registers.
    #[inline(always)]
    pub fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }
}

impl WithSimd for Product<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [time, batch, _] = self.rows.shape();
        assert_eq!([time, batch], self.result.shape()[..2], "rows and results");
        for panel in &self.matrix.panels[self.panels.clone()] {
            let len = panel.vectors * S::F32_LANES * self.matrix.depth;
            let data = &self.matrix.data[panel.start..][..len];
            let mut at = [0, 0];
            let mut left = time * batch;
            // Equal tiles rather than a small one at the end.
            let mut tiles = left.div_ceil(ROWS);
            while left > 0 {
                let count = left.div_ceil(tiles);
                let mut tile = Tile {
                    rows: &self.rows,
                    data,
                    panel,
                    depth: self.matrix.depth,
                    batch,
                    start: self.start,
                    result: &mut *self.result,
                    at,
                };
                match panel.vectors {
                    1 => tile.of_rows::<S, 1>(simd, count),
                    2 => tile.of_rows::<S, 2>(simd, count),
                    3 => tile.of_rows::<S, 3>(simd, count),
                    _ => tile.of_rows::<S, 4>(simd, count),
                }
                tiles -= 1;
                left -= count;
                at[1] += count;
                at = [at[0] + at[1] / batch, at[1] % batch];
            }
        }
    }
}

struct Tile<'t, 'a, 'b> {
    rows: &'t Rows<'a>,
    data: &'t [f32],
    panel: &'t Panel,
    depth: usize,
    batch: usize,
    start: Start<'t>,
    result: &'t mut RowsMut<'b>,
    /// Its first row: step and sequence.
    at: [usize; 2],
}

impl Tile<'_, '_, '_> {
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
        let lanes = S::F32_LANES;
        let column = |v: usize| self.panel.column + v * self.panel.stride;
        // Sequence by sequence, then step by step.
        let mut places = [self.at; M];
        for m in 1..M {
            let [step, sequence] = places[m - 1];
            places[m] = match sequence + 1 == self.batch {
                true => [step + 1, 0],
                false => [step, sequence + 1],
            };
        }

        let mut rows = [&[][..]; M];
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        for m in 0..M {
            let [step, sequence] = places[m];
            rows[m] = self.rows.row(step, sequence);
            let result = self.result.row_mut(step, sequence);
            for v in 0..V {
                match self.start {
                    Start::Zero => {}
                    Start::Row(row) => sums[m][v] = load(simd, row, column(v)),
                    Start::Result => sums[m][v] = load(simd, result, column(v)),
                }
            }
        }

        assert_eq!(self.data.len(), self.depth * V * lanes);
        for row in rows {
            assert!(row.len() >= self.depth);
        }
        let mut matrix = self.data.as_ptr();
        for k in 0..self.depth {
            let mut vectors = [simd.splat_f32s(0.0); V];
            for v in 0..V {
                // SAFETY: the panel has `depth · V` vectors, and `k` is below `depth`. Any bits are
                // a vector of numbers.
                vectors[v] = unsafe { matrix.add(v * lanes).cast::<S::f32s>().read_unaligned() };
            }
            for m in 0..M {
                // SAFETY: each row has at least `depth` numbers.
                let number = simd.splat_f32s(unsafe { *rows[m].get_unchecked(k) });
                for v in 0..V {
                    sums[m][v] = simd.mul_add_e_f32s(number, vectors[v], sums[m][v]);
                }
            }
            // SAFETY: at most one past the panel's end.
            matrix = unsafe { matrix.add(V * lanes) };
        }

        // A copy: an array that is indexed again would live in memory all along.
        let sums = sums;
        for m in 0..M {
            let result = self.result.row_mut(places[m][0], places[m][1]);
            for v in 0..V {
                store(simd, result, column(v), sums[m][v]);
            }
        }
    }
}

/// Rows whose products are made at once.
pub const DOTS: usize = 4;

/// The products of some rows, at most [`DOTS`], with `M` others, so that each is read once.
///
/// - `terms`: rows that lie one after another, and others as long as these; the products of all terms
///   are added up
///
/// Returns a row's products side by side.
#[inline(always)]
pub fn dots<S: Simd, const M: usize, const TERMS: usize>(
    simd: S,
    terms: [(&[f32], [&[f32]; M]); TERMS],
    rows: usize,
) -> [[f32; M]; DOTS] {
    let mut products = [[0.0; M]; DOTS];
    let mut set = |of: &[[f32; M]]| products[..of.len()].copy_from_slice(of);
    match rows {
        DOTS => set(&dots_of::<S, DOTS, M, TERMS>(simd, terms)),
        3 => set(&dots_of::<S, 3, M, TERMS>(simd, terms)),
        2 => set(&dots_of::<S, 2, M, TERMS>(simd, terms)),
        _ => set(&dots_of::<S, 1, M, TERMS>(simd, terms)),
    }
    products
}

#[inline(always)]
fn dots_of<S: Simd, const R: usize, const M: usize, const TERMS: usize>(
    simd: S,
    terms: [(&[f32], [&[f32]; M]); TERMS],
) -> [[f32; M]; R] {
    let mut sums = [[simd.splat_f32s(0.0); M]; R];
    for (rows, others) in terms {
        let len = others[0].len();
        let (mut row, mut row_rest) = ([&[][..]; R], [&[][..]; R]);
        for r in 0..R {
            (row[r], row_rest[r]) = S::as_simd_f32s(&rows[r * len..][..len]);
        }
        let (mut other, mut other_rest) = ([&[][..]; M], [&[][..]; M]);
        for m in 0..M {
            (other[m], other_rest[m]) = S::as_simd_f32s(&others[m][..len]);
        }
        // Equal lengths, so that the loop need not look at each.
        let vectors = len / S::F32_LANES;
        for r in 0..R {
            row[r] = &row[r][..vectors];
        }
        for m in 0..M {
            other[m] = &other[m][..vectors];
        }
        for k in 0..vectors {
            for m in 0..M {
                for r in 0..R {
                    sums[r][m] = simd.mul_add_e_f32s(row[r][k], other[m][k], sums[r][m]);
                }
            }
        }
        if len > vectors * S::F32_LANES {
            for m in 0..M {
                let other = simd.partial_load_f32s(other_rest[m]);
                for r in 0..R {
                    let row = simd.partial_load_f32s(row_rest[r]);
                    sums[r][m] = simd.mul_add_e_f32s(row, other, sums[r][m]);
                }
            }
        }
    }
    let mut products = [[0.0; M]; R];
    for r in 0..R {
        for m in 0..M {
            products[r][m] = simd.reduce_sum_f32s(sums[r][m]);
        }
    }
    products
}

/// Adds `leftᵀ · right` to `d`.
///
/// - `d`: `[columns of left, columns of right]`
/// - `left`: `[steps, columns]`, some columns of rows of `left_row` numbers
/// - `right`: `[steps, columns]`
///
/// This is the one product over all steps of a sequence, which a library for large matrices does best.
pub fn add_transposed(
    d: &mut [f32],
    left: &[f32],
    [left_columns, left_row]: [usize; 2],
    right: &[f32],
    right_columns: usize,
) {
    let steps = right.len() / right_columns;
    if steps == 0 {
        return;
    }
    assert_eq!(d.len(), left_columns * right_columns, "products");
    // Each part has some of the left columns.
    let ends = threads::parts(left_columns.div_ceil(SHARE), d.len() * steps);
    let mut parts = Vec::with_capacity(ends.len());
    let mut rest = d;
    let mut start = 0;
    for end in ends {
        let end = (end * SHARE).min(left_columns);
        let (d, after) = rest.split_at_mut((end - start) * right_columns);
        parts.push((&left[start..], end - start, d));
        (rest, start) = (after, end);
    }
    threads::run(parts, |(left, columns, d)| {
        assert!(d.len() == columns * right_columns);
        assert!(left.len() >= (steps - 1) * left_row + columns);
        // SAFETY: as was just checked, `d` has `columns` rows of `right_columns`; `left` has `columns`
        // numbers in each of its `steps` rows, whose starts are `left_row` apart; `right` has `steps`
        // rows of `right_columns`, or `steps` would be less.
        unsafe {
            gemm::gemm(
                columns,
                right_columns,
                steps,
                d.as_mut_ptr(),
                1,
                right_columns as isize,
                true,
                left.as_ptr(),
                left_row as isize,
                1,
                right.as_ptr(),
                1,
                right_columns as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    });
}

/// Columns of a product that are not shared.
const SHARE: usize = 16;

/// A vector of `row` from `column` on, with zeros past the row's end.
#[inline(always)]
pub fn load<S: Simd>(simd: S, row: &[f32], column: usize) -> S::f32s {
    let row = &row[column..];
    if row.len() >= S::F32_LANES {
        S::as_simd_f32s(&row[..S::F32_LANES]).0[0]
    } else {
        simd.partial_load_f32s(row)
    }
}

/// Writes a vector into `row` from `column` on, up to the row's end.
#[inline(always)]
pub fn store<S: Simd>(simd: S, row: &mut [f32], column: usize, vector: S::f32s) {
    let row = &mut row[column..];
    if row.len() >= S::F32_LANES {
        S::as_mut_simd_f32s(&mut row[..S::F32_LANES]).0[0] = vector;
    } else {
        simd.partial_store_f32s(row, vector);
    }
}
