//! Matrices that are used many times, laid out as [`Product`](super::product::Product) reads them.
//!
//! A matrix is packed once per call: cut into panels of at most four vectors of columns, a panel's rows
//! one after another. Where there are only 16 registers a panel is two vectors wide, so that a tile of
//! sums stays in them.

use pulp::Simd;

use super::buffer::Buffer;
use super::threads;
use super::vectors::{Vectors, load, store};

/// A matrix `[depth, columns]`, packed for an instruction set.
pub struct Packed {
    pub data: Buffer,
    pub panels: Vec<Panel>,
    pub depth: usize,
}

/// Some columns, row after row of depth.
#[derive(Clone, Copy)]
pub struct Panel {
    /// Where its numbers start.
    pub start: usize,
    pub columns: Columns,
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

impl Packed {
    /// The transpose of `weights`, `[gates·units, depth]`.
    ///
    /// Column `block·width + unit` is that of a unit of the gate `gates[block]`, for units up to
    /// `width`, a multiple of a vector; columns of units that are not there are zero. Panels that hold
    /// the same units of all gates follow each other.
    pub fn of_gates(
        vectors: Vectors,
        weights: &[f32],
        gates: &[usize],
        depth: usize,
        width: usize,
    ) -> Self {
        let Vectors { lanes, widest } = vectors;
        let units = weights.len() / (gates.len() * depth);
        let mut columns = Vec::new();
        if gates.len() == 1 {
            for first in (0..width).step_by(widest * lanes) {
                let vectors = widest.min((width - first) / lanes);
                columns.push(Columns {
                    vectors,
                    first,
                    stride: lanes,
                });
            }
        } else {
            for first in (0..width).step_by(lanes) {
                for block in (0..gates.len()).step_by(widest) {
                    let vectors = widest.min(gates.len() - block);
                    columns.push(Columns {
                        vectors,
                        first: block * width + first,
                        stride: width,
                    });
                }
            }
        }
        Self::pack(depth, lanes, &columns, |columns, data| {
            let vector = columns.vectors * lanes;
            data.fill(0.0);
            // A few numbers of each row at a time, so that what is written stays close.
            for (some, data) in data.chunks_mut(CLOSE * vector).enumerate() {
                let depth_here = some * CLOSE..(some * CLOSE + CLOSE).min(depth);
                for v in 0..columns.vectors {
                    let column = columns.first + v * columns.stride;
                    let (gate, first) = (gates[column / width], column % width);
                    for lane in 0..lanes.min(units.saturating_sub(first)) {
                        let row = (gate * units + first + lane) * depth;
                        let row = &weights[row..][depth_here.clone()];
                        let column = data[v * lanes + lane..].iter_mut().step_by(vector);
                        column.zip(row).for_each(|(to, from)| *to = *from);
                    }
                }
            }
        })
    }

    /// `weights`, `[gates·units, columns]`, as it is: row `block·width + unit` is that of a unit of the
    /// gate `gates[block]`, and zero for units that are not there.
    pub fn by_gates(
        vectors: Vectors,
        weights: &[f32],
        gates: &[usize],
        columns: usize,
        width: usize,
    ) -> Self {
        let Vectors { lanes, widest } = vectors;
        let units = weights.len() / (gates.len() * columns);
        let panels: Vec<_> = (0..columns)
            .step_by(widest * lanes)
            .map(|first| Columns {
                vectors: (columns - first).div_ceil(lanes).min(widest),
                first,
                stride: lanes,
            })
            .collect();
        Self::pack(gates.len() * width, lanes, &panels, |panel, data| {
            let valid = (panel.vectors * lanes).min(columns - panel.first);
            for (k, data) in data.chunks_exact_mut(panel.vectors * lanes).enumerate() {
                let (gate, unit) = (gates[k / width], k % width);
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
        let ends = threads::parts(panels.len(), len * 50, 1);
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
            depth,
        }
    }

    /// How many numbers it takes.
    pub fn len(&self) -> usize {
        self.data.len()
    }
}

/// Rows of a packed matrix that are written in one go.
const CLOSE: usize = 16;
