//! The LSTM on backends whose tensors lie in this process's memory.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::tensor::FloatTensor;
use pulp::Arch;

use super::{LstmBackend, LstmGradients, LstmTensors, Outputs, Wanted};
use crate::kernel::cpu::lstm::{self, Inputs, Reserve};
use crate::kernel::host::{Host, in_order, sequence, slice, state, with_rows};

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
            wanted,
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
            state: (gradients.state)
                .map(|state| state.map(|part| tensor(part, &[batch, hidden_size]))),
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
    fn ready(mut self) -> Self {
        self.input = with_rows::<B>(self.input);
        self.weight_ih = in_order::<B>(self.weight_ih);
        self.weight_hh = in_order::<B>(self.weight_hh);
        self.bias_ih = in_order::<B>(self.bias_ih);
        self.bias_hh = in_order::<B>(self.bias_hh);
        self.h_0 = with_rows::<B>(self.h_0);
        self.c_0 = with_rows::<B>(self.c_0);
        self
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
