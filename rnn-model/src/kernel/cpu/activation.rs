//! The logistic function and the hyperbolic tangent, a vector at a time.
//!
//! Both come from `eʸ − 1`, which unlike `eʸ` keeps its accuracy near 0:
//!
//! ```text
//! σ(x) = 1 / ((e⁻ˣ − 1) + 2)        tanh(x) = (e²ˣ − 1) / ((e²ˣ − 1) + 2)
//! ```

use pulp::Simd;

/// 1.5·2²³: adding it leaves a number's integer part in the last bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2, as a part whose multiples are exact and the rest.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
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

/// `eʸ − 1` for |y| ≤ 87; NaN stays NaN.
#[inline(always)]
fn exp_minus_1<S: Simd>(simd: S, y: S::f32s) -> S::f32s {
    let splat = |x| simd.splat_f32s(x);
    // y = n·ln 2 + r
    let shifted = simd.mul_add_e_f32s(y, splat(std::f32::consts::LOG2_E), splat(ROUND));
    let n = simd.sub_f32s(shifted, splat(ROUND));
    let r = simd.mul_add_e_f32s(n, splat(-LN_2_HIGH), y);
    let r = simd.mul_add_e_f32s(n, splat(-LN_2_LOW), r);
    let mut quotient = splat(QUOTIENT[5]);
    for k in (0..5).rev() {
        quotient = simd.mul_add_e_f32s(quotient, r, splat(QUOTIENT[k]));
    }
    // 2ⁿ: n into the exponent's bits.
    let bits = simd.transmute_u32s_f32s(shifted);
    let exponent = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
    let power = simd.add_u32s(exponent, simd.splat_u32s(1.0_f32.to_bits()));
    let power = simd.transmute_f32s_u32s(power);
    // eʸ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1)
    let rest = simd.mul_f32s(quotient, r);
    simd.mul_add_e_f32s(rest, power, simd.sub_f32s(power, splat(1.0)))
}

/// `x` within ±`limit`; NaN stays NaN, which the minimum and maximum of some processors lose.
#[inline(always)]
fn clamp<S: Simd>(simd: S, x: S::f32s, limit: f32) -> S::f32s {
    let (low, high) = (simd.splat_f32s(-limit), simd.splat_f32s(limit));
    let x = simd.select_f32s(simd.less_than_f32s(x, low), low, x);
    simd.select_f32s(simd.greater_than_f32s(x, high), high, x)
}

/// `σ(x) = 1 / (1 + e⁻ˣ)`
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Beyond 87 the result is 1, below −87 less than the smallest normal number.
    let y = clamp(simd, simd.sub_f32s(simd.splat_f32s(0.0), x), 87.0);
    let below = simd.add_f32s(exp_minus_1(simd, y), simd.splat_f32s(2.0));
    simd.div_f32s(simd.splat_f32s(1.0), below)
}

/// `tanh(x)`
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Beyond 9.02 the nearest number is 1.
    let y = clamp(simd, simd.add_f32s(x, x), 20.0);
    let above = exp_minus_1(simd, y);
    simd.div_f32s(above, simd.add_f32s(above, simd.splat_f32s(2.0)))
}
