//! The logistic function and the hyperbolic tangent, a vector at a time.
//!
//! ```text
//! σ(x) = 1 / (1 + e⁻ˣ)        tanh(x) = (e²ˣ − 1) / (e²ˣ + 1)
//! ```
//!
//! The numerator is computed as such: near 0 its accuracy would be lost in a difference. With the power
//! `y = s·x` (`s` is −1 or 2) as `n·ln 2 + s·r`, `eʸ` is `2ⁿ·(1 + r·q(r))`, where `q` is a polynomial.
//! Beyond ±30 and ±15 the functions keep their values there, 1e-13 from the true ones.

use pulp::Simd;

/// 1.5·2²³: adding it leaves a number's integer part in the last bits.
const ROUND: f32 = 12_582_912.0;

/// `(eʳ − 1) / r` for |r| ≤ ln 2 / 2: the polynomial of least relative error (1.1e-8), by Remez'
/// exchange.
const QUOTIENT: [f32; 6] = [
    1.0,
    0.499_999_97,
    0.166_665_06,
    0.041_667_137,
    0.008_369_14,
    0.001_388_887_3,
];

/// `(eˢʳ − 1) / r`
const fn quotient(s: f32) -> [f32; 6] {
    let mut scaled = QUOTIENT;
    let (mut k, mut power) = (0, s);
    while k < scaled.len() {
        scaled[k] *= power;
        power *= s;
        k += 1;
    }
    scaled
}

/// A fraction: a numerator, and what its denominator has above 1.
///
/// Division is the slowest of the operations here, so the functions come as fractions, and two of them
/// share one division.
#[derive(Clone, Copy)]
pub struct Fraction<V> {
    above: V,
    below: V,
}

/// `σ(x) = 1 / (1 + e⁻ˣ)`
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> Fraction<S::f32s> {
    const QUOTIENT_BY_MINUS_1: [f32; 6] = quotient(-1.0);
    let one = simd.splat_f32s(1.0);
    let (power, r) = reduce(simd, cut(simd, x, 30.0), -1.0);
    let quotient = polynomial(simd, r, QUOTIENT_BY_MINUS_1);
    let exp = simd.mul_add_e_f32s(quotient, r, one);
    Fraction {
        above: one,
        below: simd.mul_add_e_f32s(exp, power, one),
    }
}

/// `tanh(x)`
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> Fraction<S::f32s> {
    const QUOTIENT_BY_2: [f32; 6] = quotient(2.0);
    let (power, r) = reduce(simd, cut(simd, x, 15.0), 2.0);
    let quotient = polynomial(simd, r, QUOTIENT_BY_2);
    // e²ˣ − 1 = 2ⁿ·(eˢʳ − 1) + (2ⁿ − 1)
    let rest = simd.mul_f32s(quotient, r);
    let above = simd.sub_f32s(power, simd.splat_f32s(1.0));
    let above = simd.mul_add_e_f32s(rest, power, above);
    Fraction {
        above,
        below: simd.add_f32s(above, simd.splat_f32s(2.0)),
    }
}

/// The values of two fractions.
#[inline(always)]
pub fn values<S: Simd>(simd: S, a: Fraction<S::f32s>, b: Fraction<S::f32s>) -> [S::f32s; 2] {
    let below = simd.mul_f32s(a.below, b.below);
    let inverse = simd.div_f32s(simd.splat_f32s(1.0), below);
    [
        simd.mul_f32s(simd.mul_f32s(inverse, b.below), a.above),
        simd.mul_f32s(simd.mul_f32s(inverse, a.below), b.above),
    ]
}

/// The value of a fraction.
#[inline(always)]
pub fn value<S: Simd>(simd: S, a: Fraction<S::f32s>) -> S::f32s {
    simd.div_f32s(a.above, a.below)
}

/// `2ⁿ` and `r`, where `s·x = n·ln 2 + s·r`.
#[inline(always)]
fn reduce<S: Simd>(simd: S, x: S::f32s, s: f32) -> (S::f32s, S::f32s) {
    let splat = |x| simd.splat_f32s(x);
    let shifted = simd.mul_add_e_f32s(x, splat(s * std::f32::consts::LOG2_E), splat(ROUND));
    let n = simd.sub_f32s(shifted, splat(ROUND));
    let r = simd.mul_add_e_f32s(n, splat(-std::f32::consts::LN_2 / s), x);
    // n into the exponent's bits.
    let bits = simd.transmute_u32s_f32s(shifted);
    let exponent = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
    let power = simd.add_u32s(exponent, simd.splat_u32s(1.0_f32.to_bits()));
    (simd.transmute_f32s_u32s(power), r)
}

#[inline(always)]
fn polynomial<S: Simd>(simd: S, x: S::f32s, coefficients: [f32; 6]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[5]);
    for k in (0..5).rev() {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(coefficients[k]));
    }
    sum
}

/// `x` within ±`limit`; NaN stays NaN.
#[inline(always)]
fn cut<S: Simd>(simd: S, x: S::f32s, limit: f32) -> S::f32s {
    let (low, high) = (simd.splat_f32s(-limit), simd.splat_f32s(limit));
    if S::IS_SCALAR {
        // The minimum and the maximum of single numbers lose NaN.
        let x = simd.select_f32s(simd.less_than_f32s(x, low), low, x);
        simd.select_f32s(simd.greater_than_f32s(x, high), high, x)
    } else {
        // Vector units give the second operand, or NaN, if one is NaN.
        simd.min_f32s(high, simd.max_f32s(low, x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cpu::tests::instruction_sets;
    use pulp::WithSimd;

    /// σ and tanh of each number, alone and as halves of a pair.
    struct All<'a>(&'a [f32]);

    impl WithSimd for All<'_> {
        type Output = Vec<[f32; 4]>;

        fn with_simd<S: Simd>(self, simd: S) -> Vec<[f32; 4]> {
            let first = |v: S::f32s| bytemuck::cast_slice::<_, f32>(&[v])[0];
            let values = self.0.iter().map(|&x| {
                let x = simd.splat_f32s(x);
                let (s, t) = (sigmoid(simd, x), tanh(simd, x));
                let [s_of_both, t_of_both] = values(simd, s, t);
                [value(simd, s), value(simd, t), s_of_both, t_of_both].map(first)
            });
            values.collect()
        }
    }

    #[test]
    fn they_are_close_to_the_true_values() {
        let numbers: Vec<f32> = (-200_000..=200_000)
            .map(|i| i as f32 * 5e-4)
            .chain([f32::MIN_POSITIVE, 1e-30, -1e-10, 1e30, -1e30])
            .chain([f32::INFINITY, f32::NEG_INFINITY])
            .collect();
        for arch in instruction_sets() {
            for (&x, found) in numbers.iter().zip(arch.dispatch(All(&numbers))) {
                let x = f64::from(x);
                let (s, t) = (1.0 / (1.0 + (-x).exp()), x.tanh());
                for (found, expected) in found.into_iter().zip([s, t, s, t]) {
                    let error = (f64::from(found) - expected).abs();
                    assert!(
                        error < 4e-7,
                        "{arch:?}: {found} for {x}, expected {expected}"
                    );
                    // Small values are good in proportion too.
                    let small = expected.abs() > 1e-12 && error > 2e-6 * expected.abs();
                    assert!(!small, "{arch:?}: {found} for {x}, expected {expected}");
                }
            }
        }
    }

    #[test]
    fn they_keep_what_is_no_number() {
        for arch in instruction_sets() {
            let found = arch.dispatch(All(&[f32::NAN]));
            assert!(
                found[0].iter().all(|value| value.is_nan()),
                "{arch:?}: {found:?}"
            );
        }
    }
}
