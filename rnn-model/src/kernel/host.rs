//! Backends whose tensors lie in this process's memory.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use pulp::Arch;

use super::cpu::Rows;
use super::cpu::lstm::{self, Inputs, Reserve};
use super::{LstmBackend, LstmGradients, LstmTensors, Outputs, Wanted};

/// Tensors of 32-bit numbers as memory.
pub trait Host: Backend {
    /// A tensor's numbers from its first on, and the distances along its axes; none if they can't be
    /// had as they are.
    fn view(tensor: &FloatTensor<Self>) -> Option<(&[f32], Vec<usize>)>;

    /// The same tensor, its numbers one after another.
    fn contiguous(tensor: FloatTensor<Self>) -> FloatTensor<Self>;

    fn from_vec(numbers: Vec<f32>, shape: &[usize]) -> FloatTensor<Self>;
}

/// Taken by the backward pass. It is shared only because the graph wants what it keeps to be
/// cloneable.
#[derive(Clone)]
pub struct Kept(Arc<Mutex<Option<Reserve>>>);

impl core::fmt::Debug for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Kept")
    }
}

impl<B: Host> LstmBackend for B {
    type Kept = Kept;

    fn lstm_forward(tensors: LstmTensors<B>) -> Outputs<B> {
        forward(&tensors.ready(), false).0
    }

    fn lstm_train(tensors: LstmTensors<B>) -> (Outputs<B>, LstmTensors<B>, Kept) {
        let tensors = tensors.ready();
        let (outputs, reserve) = forward(&tensors, true);
        (outputs, tensors, Kept(Arc::new(Mutex::new(reserve))))
    }

    fn lstm_backward(
        tensors: LstmTensors<B>,
        kept: Kept,
        output: FloatTensor<B>,
        by: [Option<FloatTensor<B>>; 3],
        wanted: Wanted,
    ) -> LstmGradients<B> {
        let reserve = kept.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reserve = reserve.expect("a graph is walked back once");
        let by = by.map(|tensor| tensor.map(with_rows::<B>));
        let [d_output, d_h_n, d_c_n] = &by;
        let inputs = inputs(&tensors);
        let wanted_here = lstm::Wanted {
            input: wanted.input,
            weights: wanted.weights,
            state: wanted.state,
        };
        let by = [
            d_output.as_ref().map(sequence::<B>),
            d_h_n.as_ref().map(state::<B>),
            d_c_n.as_ref().map(state::<B>),
        ];
        let gradients = lstm::backward(
            Arch::new(),
            &inputs,
            reserve,
            sequence::<B>(&output),
            by,
            wanted_here,
        );
        let [time, batch, input_size] = inputs.input.shape();
        let [_, _, hidden_size] = inputs.h_0.shape();
        let rows = inputs.bias[0].len();
        let tensor = B::from_vec;
        LstmGradients {
            input: (gradients.input).map(|input| tensor(input, &[time, batch, input_size])),
            weights: gradients.weights.map(|weights| {
                [
                    tensor(weights.weight_ih, &[rows, input_size]),
                    tensor(weights.weight_hh, &[rows, hidden_size]),
                    tensor(weights.bias, &[rows]),
                ]
            }),
            state: (gradients.state).map(|state| state.map(|part| tensor(part, &[batch, hidden_size]))),
        }
    }
}

fn forward<B: Host>(tensors: &LstmTensors<B>, keep: bool) -> (Outputs<B>, Option<Reserve>) {
    let inputs = inputs(tensors);
    let [time, batch, _] = inputs.input.shape();
    let [_, _, hidden_size] = inputs.h_0.shape();
    let mut output = vec![0.0; time * batch * hidden_size];
    let mut c_n = vec![0.0; batch * hidden_size];
    let reserve = lstm::forward(Arch::new(), &inputs, keep, &mut output, &mut c_n);
    let last = if inputs.reverse { 0 } else { time - 1 };
    let h_n = output[last * batch * hidden_size..][..batch * hidden_size].to_vec();
    let outputs = Outputs {
        output: B::from_vec(output, &[time, batch, hidden_size]),
        h_n: B::from_vec(h_n, &[batch, hidden_size]),
        c_n: B::from_vec(c_n, &[batch, hidden_size]),
    };
    (outputs, reserve)
}

impl<B: Host> LstmTensors<B> {
    /// Laid out so that [`inputs`] can be had.
    fn ready(self) -> Self {
        let Self {
            input,
            weight_ih,
            weight_hh,
            bias_ih,
            bias_hh,
            h_0,
            c_0,
            reverse,
        } = self;
        Self {
            input: with_rows::<B>(input),
            weight_ih: in_order::<B>(weight_ih),
            weight_hh: in_order::<B>(weight_hh),
            bias_ih: in_order::<B>(bias_ih),
            bias_hh: in_order::<B>(bias_hh),
            h_0: with_rows::<B>(h_0),
            c_0: with_rows::<B>(c_0),
            reverse,
        }
    }
}

fn inputs<B: Host>(tensors: &LstmTensors<B>) -> Inputs<'_> {
    Inputs {
        input: sequence::<B>(&tensors.input),
        weight_ih: slice::<B>(&tensors.weight_ih),
        weight_hh: slice::<B>(&tensors.weight_hh),
        bias: [slice::<B>(&tensors.bias_ih), slice::<B>(&tensors.bias_hh)],
        h_0: state::<B>(&tensors.h_0),
        c_0: state::<B>(&tensors.c_0),
        reverse: tensors.reverse,
    }
}

/// With the numbers of its last axis side by side.
fn with_rows<B: Host>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let width = tensor.shape().iter().last().copied();
    let is_ready = match B::view(&tensor) {
        Some((_, strides)) => width == Some(1) || strides.last() == Some(&1),
        None => false,
    };
    if is_ready { tensor } else { B::contiguous(tensor) }
}

/// With all its numbers one after another.
fn in_order<B: Host>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let is_ready = B::view(&tensor).is_some_and(|(_, strides)| {
        let mut expected = 1;
        let axes = tensor.shape();
        strides.iter().zip(axes.iter()).rev().all(|(&stride, &axis)| {
            let as_expected = axis == 1 || stride == expected;
            expected *= axis;
            as_expected
        })
    });
    if is_ready { tensor } else { B::contiguous(tensor) }
}

fn slice<B: Host>(tensor: &FloatTensor<B>) -> &[f32] {
    let (numbers, _) = B::view(tensor).expect("made ready");
    &numbers[..tensor.shape().num_elements()]
}

/// `[time, batch, width]`
fn sequence<B: Host>(tensor: &FloatTensor<B>) -> Rows<'_> {
    let (numbers, strides) = B::view(tensor).expect("made ready");
    let shape = tensor.shape();
    Rows::new(numbers, [shape[0], shape[1], shape[2]], [strides[0], strides[1]])
}

/// `[batch, width]`, as a sequence of one step.
fn state<B: Host>(tensor: &FloatTensor<B>) -> Rows<'_> {
    let (numbers, strides) = B::view(tensor).expect("made ready");
    let shape = tensor.shape();
    Rows::new(numbers, [1, shape[0], shape[1]], [0, strides[0]])
}
