use burn::tensor::{Device, Int, Tensor};

use super::token::{TokenModel, TokenModelConfig};
use super::transparent::transparent_module;
use crate::recurrent::{ConfigError, Lengths, RecurrentModule, RecurrentModuleConfig};

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
            rnn,
        }
    }

    /// Sets whether a token is a one-hot vector of V numbers, which has no parameters, instead of a
    /// learnt one (default false); the `input_size` of the recurrent part is V then.
    pub fn with_one_hot(mut self, one_hot: bool) -> Self {
        self.one_hot = one_hot;
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

    fn model(&self) -> TokenModelConfig<K> {
        TokenModelConfig::new(self.rnn.clone(), self.vocab_size, self.vocab_size)
            .with_one_hot(self.one_hot)
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If the vocabulary is empty, the recurrent part has an error, or its `input_size` is not that
    /// of the one-hot vectors.
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
/// h_1 … h_T = RNN(E[w_1] … E[w_T])        logits_t = W·h_t + b, for w_{t+1}
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
