use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::linear::{linear, over_steps};
use crate::recurrent::{Lengths, Rnn, RnnConfig};

/// Sizes of a [`CharRnn`].
#[derive(Clone, Debug)]
pub struct CharRnnConfig {
    /// The recurrent part, batch first whatever it says; `input_size` is the number of different
    /// characters that come in.
    pub rnn: RnnConfig,
    /// The number of different characters that can be predicted.
    pub num_classes: usize,
}

impl CharRnnConfig {
    /// A model of one layer, from one-hot vectors of `input_size` to `num_classes` scores.
    pub fn new(input_size: usize, hidden_size: usize, num_classes: usize) -> Self {
        Self {
            rnn: RnnConfig::new(input_size, hidden_size),
            num_classes,
        }
    }

    /// Makes the model, its weights drawn from the device's random state.
    pub fn init(&self, device: &Device) -> CharRnn {
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let features = rnn.directions() * rnn.output_size();
        CharRnn {
            rnn,
            fc: linear(features, self.num_classes, device),
        }
    }
}

/// An RNN and a linear layer over every step: the model that learns `hihell` → `ihello`.
///
/// ```text
/// h_1 … h_T = RNN(x_1 … x_T)        logits_t = W·h_t + b
/// ```
///
/// The state is returned. Who carries it to the next call detaches it first, or back-propagation
/// would reach through all calls:
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::CharRnnConfig;
/// # let device = Default::default();
/// let model = CharRnnConfig::new(5, 3, 5).init(&device);
/// let one_hot = Tensor::zeros([1, 6, 5], &device);
///
/// let (logits, state) = model.forward(one_hot.clone(), None);
/// assert_eq!(logits.dims(), [1, 6, 5]);
/// let (_, _) = model.forward(one_hot, Some(state.detach()));
/// ```
#[derive(Module, Debug)]
pub struct CharRnn {
    rnn: Rnn,
    fc: Linear,
}

impl CharRnn {
    /// Scores the next character at every step.
    ///
    /// # Shapes
    ///
    /// - `input`: one-hot characters, `[batch, time, input_size]`
    /// - `state`: `[layers, batch, hidden_size]`, zeros if omitted
    /// - logits: `[batch, time, num_classes]`, with the state after the last step
    pub fn forward(&self, input: Tensor<3>, state: Option<Tensor<3>>) -> (Tensor<3>, Tensor<3>) {
        let (output, state) = self.rnn.forward(input, state);
        (over_steps(&self.fc, output), state)
    }

    /// The same for sequences of different lengths, side by side: [`Lengths`].
    ///
    /// # Panics
    ///
    /// If the lengths are of another batch.
    pub fn forward_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<Tensor<3>>,
    ) -> (Tensor<3>, Tensor<3>) {
        let (output, state) = self.rnn.forward_with_lengths(input, lengths, state);
        (over_steps(&self.fc, output), state)
    }
}
