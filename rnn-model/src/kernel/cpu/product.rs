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
    groups: Vec<Range<usize>>,
    depth: usize,
}

#[derive(Clone, Copy)]
struct Panel {
    /// Where its numbers start.
    start: usize,
    columns: Columns,
}

/// Vectors of columns at equal distances.
#[derive(Clone, Copy)]
pub struct Columns {
    pub vectors: usize,
    /// The first column, and from there to that of the next vector.
    pub first: usize,
    pub stride: usize,
}

impl Columns {
    /// What a row has in them; zeros past its end.
    #[inline(always)]
    pub fn load<S: Simd, const V: usize>(&self, simd: S, row: &[f32]) -> [S::f32s; V] {
        let mut vectors = [simd.splat_f32s(0.0); V];
        for v in 0..V {
            vectors[v] = load(simd, row, self.first + v * self.stride);
        }
        vectors
    }

    /// Writes a row's numbers, up to its end.
    #[inline(always)]
    pub fn store<S: Simd, const V: usize>(&self, simd: S, row: &mut [f32], vectors: [S::f32s; V]) {
        for v in 0..V {
            store(simd, row, self.first + v * self.stride, vectors[v]);
        }
    }
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
                groups.push(columns.len()..columns.len() + 1);
                columns.push(Columns {
                    vectors,
                    first,
                    stride: lanes,
                });
            }
        } else {
            for first in (0..width).step_by(lanes) {
                let panels = columns.len();
                for gate in (0..gates).step_by(widest::<S>()) {
                    let vectors = widest::<S>().min(gates - gate);
                    columns.push(Columns {
                        vectors,
                        first: gate * width + first,
                        stride: width,
                    });
                }
                groups.push(panels..columns.len());
            }
        }
        let packed = Self::pack(depth, lanes, &columns, |columns, data| {
            let vector = columns.vectors * lanes;
            data.fill(0.0);
            // A few numbers of each row at a time, so that what is written stays close.
            for (some, data) in data.chunks_mut(CLOSE * vector).enumerate() {
                let depth_here = some * CLOSE..(some * CLOSE + CLOSE).min(depth);
                for v in 0..columns.vectors {
                    let column = columns.first + v * columns.stride;
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
            .map(|first| Columns {
                vectors: (columns - first).div_ceil(lanes).min(widest::<S>()),
                first,
                stride: lanes,
            })
            .collect();
        Self::pack(gates * width, lanes, &panels, |panel, data| {
            let valid = (panel.vectors * lanes).min(columns - panel.first);
            for (k, data) in data.chunks_exact_mut(panel.vectors * lanes).enumerate() {
                let (gate, unit) = (k / width, k % width);
                data.fill(0.0);
                if unit < units {
                    let row = &weights[(gate * units + unit) * columns..][..columns];
                    data[..valid].copy_from_slice(&row[panel.first..][..valid]);
                }
            }
        })
    }

    /// Panels with the given columns, each filled by `fill`.
    fn pack(
        depth: usize,
        lanes: usize,
        columns: &[Columns],
        fill: impl Fn(&Columns, &mut [f32]) + Sync,
    ) -> Self {
        let mut len = 0;
        let mut panels = Vec::with_capacity(columns.len());
        for &columns in columns {
            panels.push(Panel {
                start: len,
                columns,
            });
            len += columns.vectors * lanes * depth;
        }
        let mut data = Buffer::new(len);
        let mut rest = &mut data[..];
        let mut parts = Vec::with_capacity(panels.len());
        for panel in &panels {
            let (part, after) = rest.split_at_mut(panel.columns.vectors * lanes * depth);
            parts.push((&panel.columns, part));
            rest = after;
        }
        // To copy a number takes as long as to multiply many.
        let ends = threads::parts(panels.len(), len * 50);
        let mut jobs = Vec::with_capacity(ends.len());
        let mut rest = parts.into_iter();
        let mut start = 0;
        for end in ends {
            jobs.push(rest.by_ref().take(end - start).collect::<Vec<_>>());
            start = end;
        }
        threads::run(jobs, |job| {
            job.into_iter()
                .for_each(|(columns, part)| fill(columns, part));
        });
        Self {
            data,
            panels,
            groups: Vec::new(),
            depth,
        }
    }

    /// Panels that hold the same units, for a matrix of gates.
    pub fn groups(&self) -> &[Range<usize>] {
        &self.groups
    }

    /// How many numbers it takes.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// All panels.
    pub fn all(&self) -> Range<usize> {
        0..self.panels.len()
    }
}

/// Rows of a packed matrix that are written in one go.
const CLOSE: usize = 16;

/// What becomes of the sums of a [`Product`].
pub trait Target {
    /// What those of a row start from, in some columns.
    ///
    /// - `place`: the row's step and sequence
    fn start<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        place: [usize; 2],
        columns: &Columns,
    ) -> [S::f32s; V];

    /// Takes them.
    fn finish<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        place: [usize; 2],
        columns: &Columns,
        sums: [S::f32s; V],
    );
}

/// Writes them down.
pub struct Write<'a, 'b> {
    /// What all rows start from; zeros if there is none.
    pub start: Option<&'a [f32]>,
    /// `[time, batch, columns]`
    pub result: &'a mut RowsMut<'b>,
}

impl Target for Write<'_, '_> {
    #[inline(always)]
    fn start<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        _: [usize; 2],
        columns: &Columns,
    ) -> [S::f32s; V] {
        match self.start {
            Some(row) => columns.load(simd, row),
            None => [simd.splat_f32s(0.0); V],
        }
    }

    #[inline(always)]
    fn finish<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        [step, sequence]: [usize; 2],
        columns: &Columns,
        sums: [S::f32s; V],
    ) {
        columns.store(simd, self.result.row_mut(step, sequence), sums);
    }
}

/// The sum of `rows · matrix` over some terms, in some panels.
pub struct Product<'a, T, const TERMS: usize> {
    /// Rows `[time, batch, depth]` and matrices `[depth, columns]`, packed alike.
    pub terms: [(Rows<'a>, &'a Packed); TERMS],
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
        let [time, batch, _] = self.terms[0].0.shape();
        for index in self.panels {
            let panels = self.terms.map(|(_, matrix)| matrix.panels[index]);
            let mut tile = Tile {
                terms: &self.terms,
                panels: &panels,
                target: &mut self.target,
                at: [0, 0],
                batch,
            };
            let mut left = time * batch;
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
                for _ in 0..count {
                    tile.at = tile.after(tile.at);
                }
            }
        }
    }
}

struct Tile<'t, 'a, T, const TERMS: usize> {
    terms: &'t [(Rows<'a>, &'a Packed); TERMS],
    panels: &'t [Panel; TERMS],
    target: &'t mut T,
    /// Its first row: step and sequence.
    at: [usize; 2],
    batch: usize,
}

impl<T: Target, const TERMS: usize> Tile<'_, '_, T, TERMS> {
    /// The row after another: of the next sequence, then of the next step.
    #[inline(always)]
    fn after(&self, [step, sequence]: [usize; 2]) -> [usize; 2] {
        if sequence + 1 == self.batch {
            [step + 1, 0]
        } else {
            [step, sequence + 1]
        }
    }

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
        let mut places = [self.at; M];
        for m in 1..M {
            places[m] = self.after(places[m - 1]);
        }
        let columns = self.panels[0].columns;
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        for m in 0..M {
            sums[m] = self.target.start(simd, places[m], &columns);
        }

        for term in 0..TERMS {
            let (all, matrix) = &self.terms[term];
            let depth = matrix.depth;
            let len = depth * V * S::F32_LANES;
            let data = &matrix.data[self.panels[term].start..][..len];
            let mut rows = [&[][..]; M];
            for m in 0..M {
                rows[m] = &all.row(places[m][0], places[m][1])[..depth];
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
        }

        // A copy: an array that is indexed again would live in memory all along.
        let sums = sums;
        for m in 0..M {
            self.target.finish(simd, places[m], &columns, sums[m]);
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
