use burn::tensor::{Device, Int, Tensor};

use super::token::{TokenModel, TokenModelConfig};
use super::transparent::transparent_module;
use crate::recurrent::{
    ConfigError, Lengths, Lstm, LstmConfig, RecurrentModule, RecurrentModuleConfig,
};

/// The tagger of the notebook: a [`Tagger`] over an [`Lstm`].
pub type LstmTagger = Tagger<Lstm>;

/// Configuration of an [`LstmTagger`].
pub type LstmTaggerConfig = TaggerConfig<LstmConfig>;

/// Configuration of a [`Tagger`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct TaggerConfig<K> {
    vocab_size: usize,
    rnn: K,
    num_tags: usize,
}

impl LstmTaggerConfig {
    /// One layer in one direction over embeddings of `embedding_size`.
    pub fn new(
        vocab_size: usize,
        embedding_size: usize,
        hidden_size: usize,
        num_tags: usize,
    ) -> Self {
        Self::over(
            LstmConfig::new(embedding_size, hidden_size),
            vocab_size,
            num_tags,
        )
    }
}

impl<K: RecurrentModuleConfig> TaggerConfig<K> {
    /// A tagger over the given recurrent module, whose `input_size` is the size of an embedding.
    ///
    /// - `rnn`: the recurrent part, batch first whatever it says
    /// - `vocab_size`: the number of different words, V
    /// - `num_tags`: the number of different tags
    pub fn over(rnn: K, vocab_size: usize, num_tags: usize) -> Self {
        Self {
            vocab_size,
            rnn,
            num_tags,
        }
    }

    /// The number of different words, V.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The number of different tags.
    pub fn num_tags(&self) -> usize {
        self.num_tags
    }

    /// The recurrent part.
    pub fn rnn(&self) -> &K {
        &self.rnn
    }

    fn model(&self) -> TokenModelConfig<K> {
        TokenModelConfig::new(self.rnn.clone(), self.vocab_size, self.num_tags)
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If there are no words or tags, or the recurrent part has an error.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.model().validate()
    }

    /// Makes the model, its weights drawn from the device's random state: the embedding from
    /// N(0, 1), as PyTorch's.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> Tagger<K::Module> {
        Tagger {
            model: self.model().init(device),
        }
    }
}

/// Gives every word of a sentence a tag: a [`TokenModel`] whose classes are the tags.
///
/// ```text
/// h_1 … h_T = LSTM(E[w_1] … E[w_T])        logits_t = W·h_t + b
/// ```
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::{GruConfig, LstmTaggerConfig, TaggerConfig};
/// # let device = Default::default();
/// let words = Tensor::<2, Int>::from_data([[0, 1, 2, 3, 4]], &device);
///
/// let tagger = LstmTaggerConfig::new(9, 6, 3, 3).init(&device);
/// let (logits, _) = tagger.forward(words.clone(), None);
/// assert_eq!(logits.dims(), [1, 5, 3]);
///
/// let gru = GruConfig::new(6, 3).with_bidirectional(true);
/// let tagger = TaggerConfig::over(gru, 9, 3).init(&device);
/// let (logits, _) = tagger.forward(words, None);
/// assert_eq!(logits.dims(), [1, 5, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct Tagger<R: RecurrentModule> {
    model: TokenModel<R>,
}

transparent_module!("Tagger", Tagger<R>, for R: RecurrentModule);

impl<R: RecurrentModule> Tagger<R> {
    /// The number of different words, V.
    pub fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    /// Scores the tags of every word.
    ///
    /// # Shapes
    ///
    /// - `words`: ids below `vocab_size`, `[batch, time]`
    /// - `state`: `[layers·directions, batch, hidden_size]` each, zeros if omitted
    /// - logits: `[batch, time, num_tags]`, with the state after the last word
    ///
    /// # Panics
    ///
    /// If an id is not below `vocab_size`: on the CPU backends by a text that says where it is; elsewhere
    /// the device may find it, or give anything.
    pub fn forward(&self, words: Tensor<2, Int>, state: Option<R::State>) -> (Tensor<3>, R::State) {
        self.model.forward(words, state)
    }

    /// Like [`forward`](Self::forward) for sentences of different lengths, filled up with any ids
    /// below `vocab_size`. Past a sentence's end the logits are the linear layer's bias.
    ///
    /// # Panics
    ///
    /// If the lengths are those of a batch of another shape.
    pub fn forward_with_lengths(
        &self,
        words: Tensor<2, Int>,
        lengths: &Lengths,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        self.model.forward_with_lengths(words, lengths, state)
    }
}
