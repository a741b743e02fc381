//! Products of rows with few others, each read once, as it lies: what a single step needs, where packing
//! a matrix would take longer than to multiply it.

use pulp::Simd;

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
