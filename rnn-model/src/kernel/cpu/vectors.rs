//! A processor's vectors: their sizes, for code that need not be compiled for each instruction set, and
//! how they are read and written at any place of a row, its end included.

use pulp::{Arch, Simd, WithSimd};

/// The sizes of an instruction set's vectors.
#[derive(Clone, Copy)]
pub struct Vectors {
    /// Numbers in a vector.
    pub lanes: usize,
    /// The most vectors of a panel: its tiles of sums stay in registers.
    pub widest: usize,
}

impl Vectors {
    pub fn of(arch: Arch) -> Self {
        struct Sizes;

        impl WithSimd for Sizes {
            type Output = Vectors;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Vectors {
                Vectors {
                    lanes: S::F32_LANES,
                    widest: widest::<S>(),
                }
            }
        }

        arch.dispatch(Sizes)
    }

    /// So many columns, filled up to a whole number of vectors.
    pub fn fill_up(self, columns: usize) -> usize {
        columns.next_multiple_of(self.lanes)
    }
}

/// The most vectors of a panel.
pub const fn widest<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

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
