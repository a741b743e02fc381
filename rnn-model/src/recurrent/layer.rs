//! One layer: the only place that knows time.

use std::cell::OnceCell;

use burn::tensor::Tensor;

use super::lengths::Padding;
use super::regularization::Noise;
use super::step::{Cell, Parts};
use super::weights::Weights;

#[cfg(feature = "kernel")]
pub(crate) use crate::kernel::Cache;

/// Without kernels there is nothing to be cached.
#[cfg(not(feature = "kernel"))]
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache {}

/// One layer in all its directions.
pub(crate) struct Layer<'a, C> {
    pub cell: &'a C,
    /// Of each direction.
    pub weights: &'a [Weights],
    pub noise: &'a Noise,
    /// Of a layer that may be run again.
    #[cfg_attr(not(feature = "kernel"), expect(dead_code, reason = "for kernels"))]
    pub cache: Option<&'a Cache>,
}

impl<C: Cell> Layer<'_, C> {
    /// A whole sequence.
    ///
    /// - `input`: `[time, batch, features]`
    /// - `state`: before the first step, `[directions, batch, ..]`
    /// - `padding`: steps that do not count, for sequences of different lengths; the input may hold
    ///   anything there
    ///
    /// Returns the output of every step in the input's order, `[time, batch, directions·P]`, and the
    /// state after the step that each direction did last.
    pub fn run(
        &self,
        input: Tensor<3>,
        state: Parts<3>,
        padding: Option<&Padding<'_>>,
    ) -> (Tensor<3>, Parts<3>) {
        #[cfg(feature = "kernel")]
        if let Some(done) = self.run_fused(&input, &state, padding) {
            return done;
        }
        self.run_steps(input, state, padding)
    }

    /// [`run`](Self::run) as one operation; none if there is no kernel for it.
    #[cfg(feature = "kernel")]
    fn run_fused(
        &self,
        input: &Tensor<3>,
        state: &Parts<3>,
        padding: Option<&Padding<'_>>,
    ) -> Option<(Tensor<3>, Parts<3>)> {
        let has_norms = self.weights.iter().any(|weights| weights.norms.is_some());
        let is_masked = self.noise.has_recurrent_mask(&input.device());
        if has_norms || is_masked || self.noise.has_zoneout() {
            return None;
        }
        let layer = crate::kernel::Layer {
            cell: self.cell.kernel(),
            directions: self
                .weights
                .iter()
                .map(|weights| weights.for_kernel(self.noise)),
            lengths: padding.map(Padding::lengths),
            h_0: state.h.clone(),
            c_0: state.c.clone(),
            cache: self.cache.map(Cache::share),
        };
        let (output, h, c) = crate::kernel::recurrent(input, layer)?;
        Some((output, Parts { h, c }))
    }

    /// [`run`](Self::run), step by step: the reference for the kernels, and what there is without.
    pub fn run_steps(
        &self,
        mut input: Tensor<3>,
        state: Parts<3>,
        padding: Option<&Padding<'_>>,
    ) -> (Tensor<3>, Parts<3>) {
        if let Some(padding) = padding {
            input = padding.clear(input);
        }
        let [_, batch, _] = input.dims();
        let runs = self.weights.iter().enumerate().map(|(place, weights)| {
            let direction = Direction::new(self.cell, weights, self.noise, batch);
            let before = (state.clone()).map(|part| part.narrow(0, place, 1).squeeze_dim::<2>(0));
            direction.run(input.clone(), before, place == 1, padding)
        });
        let (mut outputs, states): (Vec<_>, Vec<_>) = runs.unzip();
        let output = match outputs.len() {
            1 => outputs.remove(0),
            _ => Tensor::cat(outputs, 2),
        };
        (output, Parts::stack(states))
    }
}

/// A layer in one direction, made ready for the steps of a batch.
struct Direction<'a, C> {
    cell: &'a C,
    weights: &'a Weights,
    noise: &'a Noise,
    /// `[P, G·H]`; made when the first step needs it.
    weight_hh: OnceCell<Tensor<2>>,
    /// Added to the input's side and to the recurrent side, `[1, G·H]`; made likewise.
    biases: OnceCell<[Option<Tensor<2>>; 2]>,
    /// What the hidden state is multiplied by on its way to the next step, `[batch, P]`.
    mask: Option<Tensor<2>>,
}

impl<'a, C: Cell> Direction<'a, C> {
    fn new(cell: &'a C, weights: &'a Weights, noise: &'a Noise, batch: usize) -> Self {
        let weight_hh = weights.weight_hh.val();
        let shape = [batch, weight_hh.dims()[1]];
        Self {
            cell,
            weights,
            noise,
            biases: OnceCell::new(),
            mask: noise.recurrent_mask(shape, &weight_hh),
            weight_hh: OnceCell::new(),
        }
    }

    fn biases(&self) -> &[Option<Tensor<2>>; 2] {
        self.biases.get_or_init(|| biases::<C>(self.weights))
    }

    /// What the inputs of any number of steps contribute: `[rows, features]` → `[rows, G·H]`.
    fn project(&self, input: Tensor<2>) -> Tensor<2> {
        let mut projected = input.matmul(self.weights.weight_ih.val().transpose());
        if let Some(norms) = &self.weights.norms {
            projected = norms.ih.forward(projected);
        }
        match &self.biases()[0] {
            Some(bias) => projected + bias.clone(),
            None => projected,
        }
    }

    /// One step, from a projected input `[batch, G·H]`.
    fn step(&self, projected: Tensor<2>, state: Parts<2>) -> Parts<2> {
        let mut hidden = state.h.clone();
        if let Some(mask) = &self.mask {
            hidden = hidden * mask.clone();
        }
        let weight_hh = || {
            let weight_hh = self.weights.weight_hh.val();
            self.noise.recurrent_weights(weight_hh).transpose()
        };
        let mut recurrent = hidden.matmul(self.weight_hh.get_or_init(weight_hh).clone());
        let norms = self.weights.norms.as_ref();
        if let Some(norms) = norms {
            recurrent = norms.hh.forward(recurrent);
        }
        if let Some(bias) = &self.biases()[1] {
            recurrent = recurrent + bias.clone();
        }
        let norm = norms.and_then(|norms| norms.c.as_ref());
        let before = self.noise.has_zoneout().then(|| state.clone());
        let mut next = self.cell.step(projected, recurrent, state, norm);
        if let Some(weight_hr) = &self.weights.weight_hr {
            next.h = next.h.matmul(weight_hr.val().transpose());
        }
        if let Some(before) = before {
            let cells = before.c.zip(next.c);
            next = Parts {
                h: self.noise.zoneout_hidden(before.h, next.h),
                c: cells.map(|(before, after)| self.noise.zoneout_cell(before, after)),
            };
        }
        next
    }

    /// A whole sequence.
    ///
    /// - `input`: `[time, batch, features]`, with numbers in the padding
    /// - `reverse`: whether the last step comes first
    fn run(
        &self,
        input: Tensor<3>,
        mut state: Parts<2>,
        reverse: bool,
        padding: Option<&Padding<'_>>,
    ) -> (Tensor<3>, Parts<2>) {
        let [time, batch, features] = input.dims();
        // All steps' inputs meet the weights in one product: T·B rows fill a matrix unit that B
        // rows per step would leave idle.
        let projected = self.project(input.reshape([time * batch, features]));
        let width = projected.dims()[1];
        let mut steps: Vec<_> = unstack(projected.reshape([time, batch, width]))
            .into_iter()
            .enumerate()
            .collect();
        if reverse {
            steps.reverse();
        }

        let mut outputs = Vec::with_capacity(time);
        for (t, step) in steps {
            state = match padding.and_then(|padding| padding.at(t)) {
                Some(ended) => {
                    let next = self.step(step, state.clone());
                    next.zip(state, |next, before| {
                        let shape = next.dims();
                        next.mask_where(ended.clone().expand(shape), before)
                    })
                }
                // The state goes in without a copy left here, so that its memory can be used again.
                None => self.step(step, state),
            };
            outputs.push(state.h.clone());
        }
        if reverse {
            outputs.reverse();
        }
        let output = Tensor::stack(outputs, 0);
        match padding {
            Some(padding) => (padding.clear(output), state),
            None => (output, state),
        }
    }
}

/// What is added on the input's side, for all steps at once, and on the recurrent side, at each
/// step.
fn biases<C: Cell>(weights: &Weights) -> [Option<Tensor<2>>; 2] {
    let (Some(bias_ih), Some(bias_hh)) = (&weights.bias_ih, &weights.bias_hh) else {
        return [None, None];
    };
    let (ih, hh) = (bias_ih.val(), bias_hh.val());
    if C::BIASES_MERGE {
        [Some((ih + hh).unsqueeze()), None]
    } else {
        [Some(ih.unsqueeze()), Some(hh.unsqueeze())]
    }
}

/// The steps of `[time, batch, features]`, each `[batch, features]`.
///
/// A slice's backward pass writes its gradient into zeros of the whole tensor's size, so taking T
/// slices costs T². Halving the sequence again and again costs T·log T.
fn unstack(sequence: Tensor<3>) -> Vec<Tensor<2>> {
    fn halve(part: Tensor<3>, steps: &mut Vec<Tensor<2>>) {
        let time = part.dims()[0];
        if time == 1 {
            steps.push(part.squeeze_dim(0));
            return;
        }
        let half = time / 2;
        halve(part.clone().narrow(0, 0, half), steps);
        halve(part.narrow(0, half, time - half), steps);
    }
    let mut steps = Vec::with_capacity(sequence.dims()[0]);
    halve(sequence, &mut steps);
    steps
}
