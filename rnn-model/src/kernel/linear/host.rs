//! The linear layer on backends whose tensors lie in this process's memory.

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use pulp::Arch;

use super::{LinearBackend, LinearTensors};
use crate::kernel::cpu::linear;
use crate::kernel::host::{Host, in_order, sequence, slice, with_rows};

impl<B: Host> LinearTensors<B> {
    /// Laid out for the kernel, the weight as `[outputs, features]`.
    pub fn ready(self) -> Self {
        Self {
            input: with_rows::<B>(self.input),
            weight: in_order::<B>(B::float_transpose(self.weight)),
            bias: in_order::<B>(self.bias),
        }
    }
}

impl<B: Host> LinearBackend for B {
    fn linear_forward(tensors: &LinearTensors<B>) -> FloatTensor<B> {
        let rows = sequence::<B>(&tensors.input);
        let [batch, time, _] = rows.shape();
        let bias = slice::<B>(&tensors.bias);
        let mut result = vec![0.0; batch * time * bias.len()];
        let weight = slice::<B>(&tensors.weight);
        linear::forward(Arch::new(), rows, weight, bias, &mut result);
        B::from_vec(result, &[batch, time, bias.len()])
    }

    fn linear_backward(
        tensors: &LinearTensors<B>,
        by: FloatTensor<B>,
        [input, weight, bias]: [bool; 3],
    ) -> [Option<FloatTensor<B>>; 3] {
        let by = with_rows::<B>(by);
        let by = sequence::<B>(&by);
        let rows = sequence::<B>(&tensors.input);
        let d_input = input.then(|| {
            let d = linear::backward_rows(Arch::new(), by, slice::<B>(&tensors.weight));
            B::from_vec(d, &rows.shape())
        });
        let (mut d_weight, mut d_bias) = (None, None);
        if weight || bias {
            let [by_weight, by_bias] = linear::backward_weight(rows, by);
            let shape = tensors.weight.shape();
            d_weight = Some(B::float_transpose(B::from_vec(by_weight, &shape)));
            d_bias = Some(B::from_vec(by_bias, &[shape[0]]));
        }
        [d_input, d_weight, d_bias]
    }
}
