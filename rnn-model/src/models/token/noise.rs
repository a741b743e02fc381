use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::Tensor;

use crate::recurrent::{dropout, variational_dropout};

/// Dropout before and after the recurrent part, in training only.
#[derive(Module, Debug)]
pub(super) struct Noise {
    input: Dropout,
    output: Dropout,
    variational: bool,
}

impl Noise {
    pub fn new(input: f64, output: f64, variational: bool) -> Self {
        let [input, output] = [input, output].map(|prob| DropoutConfig::new(prob).init());
        Self {
            input,
            output,
            variational,
        }
    }

    /// What the recurrent part reads, `[batch, time, features]`.
    pub fn before(&self, input: Tensor<3>) -> Tensor<3> {
        self.drop(&self.input, input)
    }

    /// What the output layer reads, `[batch, time, features]`.
    pub fn after(&self, output: Tensor<3>) -> Tensor<3> {
        self.drop(&self.output, output)
    }

    fn drop(&self, layer: &Dropout, sequence: Tensor<3>) -> Tensor<3> {
        match self.variational {
            true => variational_dropout(layer, sequence, 1),
            false => dropout(layer, sequence),
        }
    }
}
