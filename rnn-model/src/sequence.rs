//! One layer, one direction, all time steps: the only place that knows time.

use burn::tensor::Tensor;

use crate::cell::Cell;
use crate::lengths::Padding;
use crate::weights::Weights;

/// Runs `cell` over a whole sequence.
///
/// - `input`: `[time, batch, features]`
/// - `state`: before the first step, `[batch, hidden_size]`
/// - `reverse`: whether the last step comes first
/// - `padding`: steps that do not count, for sequences of different lengths; the input holds
///   numbers there, whichever
///
/// Returns the output of every step in the input's order, `[time, batch, hidden_size]`, and the
/// state after the step that was done last.
pub(crate) fn run<C: Cell>(
    cell: &C,
    weights: &Weights,
    input: Tensor<3>,
    mut state: C::State<2>,
    reverse: bool,
    padding: Option<&Padding>,
) -> (Tensor<3>, C::State<2>) {
    let [time, batch, features] = input.dims();
    let weight_hh = weights.weight_hh.val().transpose();
    let (input_bias, recurrent_bias) = biases::<C>(weights);

    // All steps' inputs meet the weights in one product: T·B rows fill a matrix unit that B rows
    // per step would leave idle.
    let mut projected = input
        .reshape([time * batch, features])
        .matmul(weights.weight_ih.val().transpose());
    if let Some(bias) = input_bias {
        projected = projected + bias;
    }
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
        let mut recurrent = C::hidden(&state).clone().matmul(weight_hh.clone());
        if let Some(bias) = &recurrent_bias {
            recurrent = recurrent + bias.clone();
        }
        let next = cell.step(step, recurrent, state.clone());
        state = match padding.and_then(|padding| padding.per_step[t].as_ref()) {
            Some(ended) => C::zip_states(next, state, |next: Tensor<2>, before| {
                let shape = next.dims();
                next.mask_where(ended.clone().expand(shape), before)
            }),
            None => next,
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

/// What is added to the input's side before the loop, and to the recurrent side at each step;
/// both `[1, gates·hidden_size]`.
fn biases<C: Cell>(weights: &Weights) -> (Option<Tensor<2>>, Option<Tensor<2>>) {
    let (Some(bias_ih), Some(bias_hh)) = (&weights.bias_ih, &weights.bias_hh) else {
        return (None, None);
    };
    let (ih, hh) = (bias_ih.val(), bias_hh.val());
    if C::BIASES_MERGE {
        (Some((ih + hh).unsqueeze()), None)
    } else {
        (Some(ih.unsqueeze()), Some(hh.unsqueeze()))
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
