use burn::tensor::{Device, Int, Tensor};

use super::generation::Generation;
use super::token::{TokenModel, TokenModelConfig};
use super::transparent::transparent_module;
#[cfg(feature = "serde")]
use crate::recurrent::is_zero;
use crate::recurrent::{ConfigError, Lengths, RecurrentModule, RecurrentModuleConfig};
use crate::sampling::{Sampling, SamplingError};

/// Configuration of a [`LanguageModel`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct LanguageModelConfig<K> {
    vocab_size: usize,
    #[cfg_attr(feature = "serde", serde(default))]
    one_hot: bool,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "core::ops::Not::not")
    )]
    tied_weights: bool,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    input_dropout: f64,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    output_dropout: f64,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "core::ops::Not::not")
    )]
    variational_dropout: bool,
    rnn: K,
}

impl<K: RecurrentModuleConfig> LanguageModelConfig<K> {
    /// A model whose embeddings have the `input_size` of the recurrent part.
    ///
    /// - `rnn`: the recurrent part, batch first whatever it says
    /// - `vocab_size`: the number of different tokens, V: those that come in and those that are predicted
    pub fn new(rnn: K, vocab_size: usize) -> Self {
        Self {
            vocab_size,
            one_hot: false,
            tied_weights: false,
            input_dropout: 0.0,
            output_dropout: 0.0,
            variational_dropout: false,
            rnn,
        }
    }

    /// Sets whether a token is a one-hot vector of V numbers, which has no parameters, instead of a
    /// learnt one (default false); the `input_size` of the recurrent part is V then.
    pub fn with_one_hot(mut self, one_hot: bool) -> Self {
        self.one_hot = one_hot;
        self
    }

    /// Sets whether the output layer has the embedding's weight (default false), E: `logits_t = E·h_t + b`
    /// (Press and Wolf, [Using the output embedding to improve language models], 2017). It needs
    /// embeddings as large as the output of the recurrent part.
    ///
    /// The parameters are `emb.weight` and `fc.bias` then; a state dict may have `fc.weight` beside them,
    /// as PyTorch's has: see [`tie`](crate::StateDict::tie).
    ///
    /// [Using the output embedding to improve language models]: https://arxiv.org/abs/1608.05859
    pub fn with_tied_weights(mut self, tied_weights: bool) -> Self {
        self.tied_weights = tied_weights;
        self
    }

    /// Sets the probability of dropping a feature of an embedding before the recurrent part reads it,
    /// `[0, 1)`, in training only. Default 0.
    pub fn with_input_dropout(mut self, input_dropout: f64) -> Self {
        self.input_dropout = input_dropout;
        self
    }

    /// Sets the probability of dropping a feature of the recurrent part's output before the output layer
    /// reads it, `[0, 1)`, in training only. Default 0.
    pub fn with_output_dropout(mut self, output_dropout: f64) -> Self {
        self.output_dropout = output_dropout;
        self
    }

    /// Sets whether those two dropouts have one mask for all steps of a sequence
    /// ([`variational_dropout`](crate::variational_dropout)); default false, a new one at each step. For
    /// dropout between layers, the recurrent part's configuration has a setting of this name.
    pub fn with_variational_dropout(mut self, variational_dropout: bool) -> Self {
        self.variational_dropout = variational_dropout;
        self
    }

    /// The number of different tokens, V.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Whether a token is a one-hot vector of V numbers, and not a learnt one.
    pub fn is_one_hot(&self) -> bool {
        self.one_hot
    }

    /// The recurrent part.
    pub fn rnn(&self) -> &K {
        &self.rnn
    }

    /// Whether the output layer has the embedding's weight.
    pub fn has_tied_weights(&self) -> bool {
        self.tied_weights
    }

    /// How many numbers the model's parameters are.
    pub fn num_params(&self) -> usize {
        self.model().num_params()
    }

    fn model(&self) -> TokenModelConfig<K> {
        TokenModelConfig::new(self.rnn.clone(), self.vocab_size, self.vocab_size)
            .with_one_hot(self.one_hot)
            .with_tied_weights(self.tied_weights)
            .with_input_dropout(self.input_dropout)
            .with_output_dropout(self.output_dropout)
            .with_variational_dropout(self.variational_dropout)
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If the vocabulary is empty, the recurrent part has an error, its `input_size` is not that of the
    /// one-hot vectors, a probability is outside `[0, 1)`, or sizes do not allow tied weights.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.model().validate()
    }

    /// Makes the model, its weights drawn from the device's random state.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> LanguageModel<K::Module> {
        LanguageModel {
            model: self.model().init(device),
        }
    }
}

/// Predicts the next token of a text at every step: a [`TokenModel`] whose classes are the tokens.
///
/// ```text
/// h_1 … h_T = RNN(E[w_1] … E[w_T])        logits_t = W·h_t + b, for w_{t+1}; W = E if weights are tied
/// ```
///
/// The state after the last token goes into the next call, [detached](crate::ModuleState::detach) in
/// training, or back-propagation would reach through all calls:
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::{LanguageModelConfig, LstmConfig};
/// # let device = Default::default();
/// let lstm = LstmConfig::new(16, 32).with_num_layers(2);
/// let model = LanguageModelConfig::new(lstm, 65).init(&device);
/// let tokens = Tensor::<2, Int>::zeros([1, 6], &device);
///
/// let (logits, state) = model.forward(tokens.clone(), None);
/// assert_eq!(logits.dims(), [1, 6, 65]);
/// let (_, _) = model.forward(tokens, Some(state.detach()));
/// ```
#[derive(Clone, Debug)]
pub struct LanguageModel<R: RecurrentModule> {
    model: TokenModel<R>,
}

transparent_module!("LanguageModel", LanguageModel<R>, for R: RecurrentModule);

impl<R: RecurrentModule> LanguageModel<R> {
    /// The number of different tokens, V.
    pub fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    /// Continues a text: an iterator over the tokens that follow `prompt`, endless, at the cost of one
    /// step each.
    ///
    /// The prompt is read at once, when the first token is asked for.
    ///
    /// ```
    /// use rnn_model::{GruConfig, LanguageModelConfig, Sampling};
    /// # let device = Default::default();
    /// let model = LanguageModelConfig::new(GruConfig::new(8, 16), 65).init(&device);
    /// let tokens = model.generate(&[3, 1, 4], Sampling::new(1))?.take(5);
    /// let tokens = tokens.collect::<Result<Vec<usize>, _>>()?;
    /// assert_eq!(tokens.len(), 5);
    /// # Ok::<(), rnn_model::SamplingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the settings are [out of range](Sampling::validate), or the prompt is empty.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward) does, if an id of the prompt is not below `vocab_size`.
    pub fn generate(
        &self,
        prompt: &[usize],
        sampling: Sampling,
    ) -> Result<Generation<'_, R>, SamplingError> {
        Generation::new(self, prompt, sampling)
    }

    /// The device of the weights.
    pub(crate) fn device(&self) -> Device {
        self.model.device()
    }

    /// Scores the next token at every step.
    ///
    /// # Shapes
    ///
    /// - `tokens`: ids below `vocab_size`, `[batch, time]`
    /// - `state`: `[layers, batch, hidden_size]` each, zeros if omitted
    /// - logits: `[batch, time, vocab_size]`, with the state after the last step
    ///
    /// # Panics
    ///
    /// If an id is not below `vocab_size`: with one-hot vectors, and on the CPU backends, by a text that
    /// says where it is; elsewhere the device may find it, or give anything.
    pub fn forward(
        &self,
        tokens: Tensor<2, Int>,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        self.model.forward(tokens, state)
    }

    /// Like [`forward`](Self::forward) for sequences of different lengths, filled up with any ids
    /// below `vocab_size`. Past a sequence's end the logits are the linear layer's bias.
    ///
    /// # Panics
    ///
    /// If the lengths are those of a batch of another shape.
    pub fn forward_with_lengths(
        &self,
        tokens: Tensor<2, Int>,
        lengths: &Lengths,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        self.model.forward_with_lengths(tokens, lengths, state)
    }
}
