//! A step of Adam: each number is read once and written once, instead of once per operation.

use pulp::{Arch, Simd, WithSimd};

use super::threads;

/// The constants of a step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The decay rates of the two moments.
    pub betas: [f32; 2],
    /// What the first moment is multiplied by: the learning rate, corrected for the moments' start
    /// from zero.
    pub rate: f32,
    /// What is added to the root of the second moment, corrected likewise.
    pub epsilon: f32,
}

/// Moves a parameter, all slices alike in length:
///
/// ```text
/// m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²        p ← p − rate·m / (√v + ε)
/// ```
///
/// - `gradient`: `g`
/// - `state`: `p`, `m` and `v`
pub fn step(arch: Arch, step: Step, gradient: &[f32], state: [&mut [f32]; 3]) {
    /// Numbers that are not shared.
    const SHARE: usize = 1024;
    let len = gradient.len();
    // Memory is slower than arithmetic.
    let ends = threads::parts(len.div_ceil(SHARE), len * 64, 1);
    let mut parts = Vec::with_capacity(ends.len());
    let mut rest = (gradient, state);
    let mut start = 0;
    for end in ends {
        let end = (end * SHARE).min(len);
        let (gradient, gradient_rest) = rest.0.split_at(end - start);
        let [(p, p_rest), (m, m_rest), (v, v_rest)] =
            rest.1.map(|all| all.split_at_mut(end - start));
        parts.push(Part {
            step,
            gradient,
            state: [p, m, v],
        });
        rest = (gradient_rest, [p_rest, m_rest, v_rest]);
        start = end;
    }
    threads::run(parts, |part| arch.dispatch(part));
}

struct Part<'a> {
    step: Step,
    gradient: &'a [f32],
    state: [&'a mut [f32]; 3],
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [p, m, v] = self.state;
        let (gradient, gradient_rest) = S::as_simd_f32s(self.gradient);
        let (p, p_rest) = S::as_mut_simd_f32s(p);
        let (m, m_rest) = S::as_mut_simd_f32s(m);
        let (v, v_rest) = S::as_mut_simd_f32s(v);
        for (((g, p), m), v) in gradient.iter().zip(p).zip(m).zip(v) {
            (*p, *m, *v) = moved(simd, self.step, *g, (*p, *m, *v));
        }
        if !gradient_rest.is_empty() {
            let load = |row: &[f32]| simd.partial_load_f32s(row);
            let state = (load(p_rest), load(m_rest), load(v_rest));
            let (p, m, v) = moved(simd, self.step, load(gradient_rest), state);
            simd.partial_store_f32s(p_rest, p);
            simd.partial_store_f32s(m_rest, m);
            simd.partial_store_f32s(v_rest, v);
        }
    }
}

#[inline(always)]
fn moved<S: Simd>(
    simd: S,
    step: Step,
    g: S::f32s,
    (p, m, v): (S::f32s, S::f32s, S::f32s),
) -> (S::f32s, S::f32s, S::f32s) {
    let splat = |x| simd.splat_f32s(x);
    let [beta_1, beta_2] = step.betas;
    let m = simd.mul_add_e_f32s(m, splat(beta_1), simd.mul_f32s(g, splat(1.0 - beta_1)));
    let square = simd.mul_f32s(g, g);
    let v = simd.mul_add_e_f32s(v, splat(beta_2), simd.mul_f32s(square, splat(1.0 - beta_2)));
    let below = simd.add_f32s(simd.sqrt_f32s(v), splat(step.epsilon));
    let p = simd.sub_f32s(p, simd.div_f32s(simd.mul_f32s(m, splat(step.rate)), below));
    (p, m, v)
}
