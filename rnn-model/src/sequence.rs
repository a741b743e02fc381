//! One layer in one direction: the only place that knows time.

use std::cell::OnceCell;

use burn::tensor::Tensor;

use crate::cell::Cell;
use crate::lengths::Padding;
use crate::noise::Noise;
use crate::weights::Weights;

/// One layer in one direction, made ready for the steps of a batch.
pub(crate) struct Layer<'a, C> {
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

impl<'a, C: Cell> Layer<'a, C> {
    pub fn new(cell: &'a C, weights: &'a Weights, noise: &'a Noise, batch: usize) -> Self {
        let weight_hh = weights.weight_hh.val();
        let shape = [batch, weight_hh.dims()[1]];
        Self {
            cell,
            weights,
            noise,
            biases: OnceCell::new(),
            mask: noise.recurrent_mask(shape, &weight_hh.device()),
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

    /// One step, from an input `[batch, features]`.
    pub fn advance(&self, input: Tensor<2>, state: C::State<2>) -> C::State<2> {
        let sequence = input.clone().unsqueeze_dim(0);
        match self.fused(&sequence, &state, false) {
            Some((_, next)) => next,
            None => self.step(self.project(input), state),
        }
    }

    /// One step, from a projected input `[batch, G·H]`.
    fn step(&self, projected: Tensor<2>, state: C::State<2>) -> C::State<2> {
        let mut hidden = C::hidden(&state).clone();
        if let Some(mask) = &self.mask {
            hidden = hidden * mask.clone();
        }
        let weight_hh = || self.weights.weight_hh.val().transpose();
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
            let small = C::hidden(&next).clone().matmul(weight_hr.val().transpose());
            next = C::with_hidden(next, small);
        }
        if let Some(before) = before {
            let ((h_before, c_before), (h, c)) = (C::into_parts(before), C::into_parts(next));
            next = C::from_parts(
                self.noise.zoneout_hidden(h_before, h),
                c_before
                    .zip(c)
                    .map(|(before, c)| self.noise.zoneout_cell(before, c)),
            );
        }
        next
    }

    /// A whole sequence.
    ///
    /// - `input`: `[time, batch, features]`
    /// - `state`: before the first step
    /// - `reverse`: whether the last step comes first
    /// - `padding`: steps that do not count, for sequences of different lengths; the input holds
    ///   numbers there, whichever
    ///
    /// Returns the output of every step in the input's order, `[time, batch, P]`, and the state
    /// after the step that was done last.
    pub fn run(
        &self,
        input: Tensor<3>,
        state: C::State<2>,
        reverse: bool,
        padding: Option<&Padding>,
    ) -> (Tensor<3>, C::State<2>) {
        let fused = match padding {
            Some(_) => None,
            None => self.fused(&input, &state, reverse),
        };
        match fused {
            Some(done) => done,
            None => self.run_steps(input, state, reverse, padding),
        }
    }

    /// [`run`](Self::run) as one operation; none if there is no kernel for it.
    fn fused(
        &self,
        input: &Tensor<3>,
        state: &C::State<2>,
        reverse: bool,
    ) -> Option<(Tensor<3>, C::State<2>)> {
        let Weights {
            weight_hr, norms, ..
        } = self.weights;
        let has_noise = self.mask.is_some() || self.noise.has_zoneout();
        if has_noise || weight_hr.is_some() || norms.is_some() {
            return None;
        }
        self.cell.run(input, self.weights, state, reverse)
    }

    /// [`run`](Self::run), step by step: the reference for the kernels, and what there is without.
    pub fn run_steps(
        &self,
        input: Tensor<3>,
        mut state: C::State<2>,
        reverse: bool,
        padding: Option<&Padding>,
    ) -> (Tensor<3>, C::State<2>) {
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
                    C::zip_states(next, state, |next: Tensor<2>, before| {
                        let shape = next.dims();
                        next.mask_where(ended.clone().expand(shape), before)
                    })
                }
                // The state goes in without a copy left here, so that its memory can be used again.
                None => self.step(step, state),
            };
            outputs.push(C::hidden(&state).clone());
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
