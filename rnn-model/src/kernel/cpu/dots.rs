//! Products of rows with few others, each read once, as it lies: what a single step needs, where packing
//! a matrix would take longer than to multiply it.

use pulp::{Simd, WithSimd};

/// The most rows of [`Dots`].
pub const MOST_ROWS: usize = 64;

/// Rows whose products are made at once.
pub const DOTS: usize = 4;

/// The products of some rows, at most [`MOST_ROWS`], with `M` others.
pub struct Dots<'a, const M: usize> {
    /// Rows that lie one after another, and others as long as these. The products of all terms are added
    /// up.
    pub terms: &'a [(&'a [f32], [&'a [f32]; M])],
    /// How many rows.
    pub rows: usize,
    /// Where the products go, those with each of the others side by side.
    pub products: &'a mut [[f32; MOST_ROWS]; M],
}

impl<const M: usize> Dots<'_, M> {
    /// Computes the products, as a function of its own, compiled once however many call it.
    #[inline(never)]
    pub fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }
}

impl<const M: usize> WithSimd for Dots<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        assert!(self.rows <= MOST_ROWS, "rows");
        let mut first = 0;
        while first < self.rows {
            if self.rows - first >= DOTS {
                self.some::<S, DOTS>(simd, first);
                first += DOTS;
            } else {
                self.some::<S, 1>(simd, first);
                first += 1;
            }
        }
    }
}

impl<const M: usize> Dots<'_, M> {
    /// Those of `R` rows, so that the others are read once for all of these.
    #[inline(always)]
    fn some<S: Simd, const R: usize>(&mut self, simd: S, first: usize) {
        let mut sums = [[simd.splat_f32s(0.0); M]; R];
        for (rows, others) in self.terms {
            let len = others[0].len();
            let (mut row, mut row_rest) = ([&[][..]; R], [&[][..]; R]);
            for r in 0..R {
                (row[r], row_rest[r]) = S::as_simd_f32s(&rows[(first + r) * len..][..len]);
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
        for r in 0..R {
            for m in 0..M {
                self.products[m][first + r] = simd.reduce_sum_f32s(sums[r][m]);
            }
        }
    }
}
