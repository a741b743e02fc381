//! What tells one cell from another, for a vector of units.
//!
//! A step's numbers lie in blocks, one number per unit in each: what the units' gates add up to, later
//! the activated gates, later the gradients with respect to the sums. The input contributes to some
//! blocks that lie side by side, the state to the first ones.

use pulp::Simd;

use crate::kernel::cpu::activation::{sigmoid, tanh, value, values};

/// The most blocks of any cell.
pub const MOST_BLOCKS: usize = 4;

/// A vector of units in each block; a cell with fewer blocks leaves the last ones alone.
pub type Blocks<S> = [<S as Simd>::f32s; MOST_BLOCKS];

/// A vector of units of the state.
#[derive(Clone, Copy)]
pub struct State<V> {
    pub h: V,
    /// Of cells that have one.
    pub c: V,
}

/// A cell.
pub trait Equations: Copy + Send + Sync + 'static {
    /// Blocks of rows in the weights.
    const GATES: usize;

    const BLOCKS: usize;

    /// The first of the blocks that the input contributes to, by the gates in their order.
    const INPUT_FIRST: usize;

    /// The gates by which the state contributes, to the first blocks.
    const STATE_GATES: &'static [usize];

    const HAS_CELL_STATE: bool;

    /// Whether a unit's hidden state goes into the next one other than through the gates.
    const HAS_PATH: bool;

    /// Activates what a step adds up to: what is kept, and the state after the step.
    fn forward<S: Simd>(
        self,
        simd: S,
        sums: Blocks<S>,
        before: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>);

    /// From the gradients with respect to the state after the step to those with respect to the sums,
    /// and to the state before it other than through the gates.
    ///
    /// - `kept`: as `forward` gave it
    /// - `c`: the cell state after the step
    fn backward<S: Simd>(
        self,
        simd: S,
        kept: Blocks<S>,
        before: State<S::f32s>,
        c: S::f32s,
        by: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>);
}

/// The LSTM's cell, in blocks i, f, g, o.
#[derive(Clone, Copy)]
pub struct Lstm;

impl Equations for Lstm {
    const GATES: usize = 4;
    const BLOCKS: usize = 4;
    const INPUT_FIRST: usize = 0;
    const STATE_GATES: &'static [usize] = &[0, 1, 2, 3];
    const HAS_CELL_STATE: bool = true;
    const HAS_PATH: bool = false;

    #[inline(always)]
    fn forward<S: Simd>(
        self,
        simd: S,
        [i, f, g, o]: Blocks<S>,
        before: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>) {
        let [i, g] = values(simd, sigmoid(simd, i), tanh(simd, g));
        let [f, o] = values(simd, sigmoid(simd, f), sigmoid(simd, o));
        let c = simd.mul_add_e_f32s(i, g, simd.mul_f32s(f, before.c));
        let h = simd.mul_f32s(o, value(simd, tanh(simd, c)));
        ([i, f, g, o], State { h, c })
    }

    #[inline(always)]
    fn backward<S: Simd>(
        self,
        simd: S,
        [i, f, g, o]: Blocks<S>,
        before: State<S::f32s>,
        c: S::f32s,
        by: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>) {
        // h = o·tanh(c)
        let tanh_c = value(simd, tanh(simd, c));
        let by_o = simd.mul_f32s(by.h, tanh_c);
        let by_tanh = simd.mul_f32s(by.h, o);
        let by_c = simd.add_f32s(by.c, through_tanh(simd, by_tanh, tanh_c));
        // c = f·c' + i·g
        let by_i = simd.mul_f32s(by_c, g);
        let by_g = simd.mul_f32s(by_c, i);
        let by_f = simd.mul_f32s(by_c, before.c);
        let by_sums = [
            through_sigmoid(simd, by_i, i),
            through_sigmoid(simd, by_f, f),
            through_tanh(simd, by_g, g),
            through_sigmoid(simd, by_o, o),
        ];
        let by_before = State {
            h: simd.splat_f32s(0.0),
            c: simd.mul_f32s(by_c, f),
        };
        (by_sums, by_before)
    }
}

/// The GRU's cell, in blocks u, r, z, n: the candidate's recurrent product `u` is a sum of
/// its own, and `n` adds up what comes from the input.
#[derive(Clone, Copy)]
pub struct Gru;

impl Equations for Gru {
    const GATES: usize = 3;
    const BLOCKS: usize = 4;
    const INPUT_FIRST: usize = 1;
    const STATE_GATES: &'static [usize] = &[2, 0, 1];
    const HAS_CELL_STATE: bool = false;
    const HAS_PATH: bool = true;

    #[inline(always)]
    fn forward<S: Simd>(
        self,
        simd: S,
        [u, r, z, n]: Blocks<S>,
        before: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>) {
        let [r, z] = values(simd, sigmoid(simd, r), sigmoid(simd, z));
        let n = value(simd, tanh(simd, simd.mul_add_e_f32s(r, u, n)));
        // The same as (1 − z)·n + z·h.
        let h = simd.mul_add_e_f32s(z, simd.sub_f32s(before.h, n), n);
        ([u, r, z, n], State { h, c: before.c })
    }

    #[inline(always)]
    fn backward<S: Simd>(
        self,
        simd: S,
        [u, r, z, n]: Blocks<S>,
        before: State<S::f32s>,
        _: S::f32s,
        by: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>) {
        let by_path = simd.mul_f32s(by.h, z);
        let by_z = simd.mul_f32s(by.h, simd.sub_f32s(before.h, n));
        let by_n = through_tanh(simd, simd.sub_f32s(by.h, by_path), n);
        let by_r = simd.mul_f32s(by_n, u);
        let by_sums = [
            simd.mul_f32s(by_n, r),
            through_sigmoid(simd, by_r, r),
            through_sigmoid(simd, by_z, z),
            by_n,
        ];
        let by_before = State {
            h: by_path,
            c: by.c,
        };
        (by_sums, by_before)
    }
}

/// The simple RNN's cell.
#[derive(Clone, Copy)]
pub struct Rnn {
    /// In place of tanh.
    pub relu: bool,
}

impl Equations for Rnn {
    const GATES: usize = 1;
    const BLOCKS: usize = 1;
    const INPUT_FIRST: usize = 0;
    const STATE_GATES: &'static [usize] = &[0];
    const HAS_CELL_STATE: bool = false;
    const HAS_PATH: bool = false;

    #[inline(always)]
    fn forward<S: Simd>(
        self,
        simd: S,
        [sum, rest @ ..]: Blocks<S>,
        before: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>) {
        let h = match self.relu {
            true => relu(simd, sum),
            false => value(simd, tanh(simd, sum)),
        };
        let [a, b, c] = rest;
        ([h, a, b, c], State { h, c: before.c })
    }

    #[inline(always)]
    fn backward<S: Simd>(
        self,
        simd: S,
        [h, rest @ ..]: Blocks<S>,
        _: State<S::f32s>,
        _: S::f32s,
        by: State<S::f32s>,
    ) -> (Blocks<S>, State<S::f32s>) {
        let zero = simd.splat_f32s(0.0);
        let by_sum = match self.relu {
            true => simd.select_f32s(simd.greater_than_f32s(h, zero), by.h, zero),
            false => through_tanh(simd, by.h, h),
        };
        let [a, b, c] = rest;
        ([by_sum, a, b, c], State { h: zero, c: by.c })
    }
}

/// `max(0, x)`; NaN stays NaN.
#[inline(always)]
fn relu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
}

/// The gradient with respect to x, from the one with respect to y = σ(x): σ' = σ·(1 − σ).
#[inline(always)]
fn through_sigmoid<S: Simd>(simd: S, by: S::f32s, y: S::f32s) -> S::f32s {
    let slope = simd.mul_f32s(y, simd.sub_f32s(simd.splat_f32s(1.0), y));
    simd.mul_f32s(by, slope)
}

/// The gradient with respect to x, from the one with respect to y = tanh(x): tanh' = 1 − tanh².
#[inline(always)]
fn through_tanh<S: Simd>(simd: S, by: S::f32s, y: S::f32s) -> S::f32s {
    let slope = simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(y, y));
    simd.mul_f32s(by, slope)
}
