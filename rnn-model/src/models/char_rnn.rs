use burn::tensor::{Device, Tensor};

use super::token::{TokenModel, TokenModelConfig};
use super::transparent::transparent_module;
use crate::recurrent::{ConfigError, Lengths, Rnn, RnnConfig};

/// Configuration of a [`CharRnn`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct CharRnnConfig {
    rnn: RnnConfig,
    num_classes: usize,
}

impl CharRnnConfig {
    /// A model of one layer, from one-hot vectors of `input_size` to `num_classes` scores.
    pub fn new(input_size: usize, hidden_size: usize, num_classes: usize) -> Self {
        Self::over(RnnConfig::new(input_size, hidden_size), num_classes)
    }

    /// A model over the given recurrent module, batch first whatever it says, whose `input_size` is the
    /// number of different characters that come in; `num_classes` can be predicted.
    pub fn over(rnn: RnnConfig, num_classes: usize) -> Self {
        Self { rnn, num_classes }
    }

    /// The number of characters that can be predicted.
    pub fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// The recurrent part.
    pub fn rnn(&self) -> &RnnConfig {
        &self.rnn
    }

    fn model(&self) -> TokenModelConfig<RnnConfig> {
        TokenModelConfig::new(self.rnn.clone(), self.rnn.input_size(), self.num_classes)
            .with_one_hot(true)
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If there are no characters to predict, or the recurrent part has an error.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.model().validate()
    }

    /// Makes the model, its weights drawn from the device's random state.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> CharRnn {
        CharRnn {
            model: self.model().init(device),
        }
    }
}

/// The character model of the notebook, which learns `hihell` → `ihello`: a [`TokenModel`] over an
/// [`Rnn`] that takes its one-hot vectors as they are.
///
/// ```text
/// h_1 … h_T = RNN(x_1 … x_T)        logits_t = W·h_t + b
/// ```
///
/// The state is returned. Detach it before it goes into the next call in training, or
/// back-propagation would reach through all calls:
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
#[derive(Clone, Debug)]
pub struct CharRnn {
    model: TokenModel<Rnn>,
}

transparent_module!("CharRnn", CharRnn);

impl CharRnn {
    /// Scores the next character at every step.
    ///
    /// # Shapes
    ///
    /// - `input`: one-hot characters, `[batch, time, input_size]`
    /// - `state`: `[layers, batch, hidden_size]`, zeros if omitted
    /// - logits: `[batch, time, num_classes]`, with the state after the last step
    pub fn forward(&self, input: Tensor<3>, state: Option<Tensor<3>>) -> (Tensor<3>, Tensor<3>) {
        self.model.forward_vectors(input, state)
    }

    /// Like [`forward`](Self::forward) for sequences of different lengths, side by side: [`Lengths`].
    ///
    /// # Panics
    ///
    /// If the lengths are those of a batch of another shape.
    pub fn forward_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<Tensor<3>>,
    ) -> (Tensor<3>, Tensor<3>) {
        self.model
            .forward_vectors_with_lengths(input, lengths, state)
    }
}
