//! Vectors at any place of a row, its end included.

use pulp::Simd;

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
