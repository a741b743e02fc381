use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Device, Int, Tensor};

use super::embedding::embed;
use super::linear::{linear, over_steps};
use crate::ids;
use crate::recurrent::{ConfigError, Lengths, RecurrentModule, RecurrentModuleConfig};

/// Configuration of a [`TokenModel`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct TokenModelConfig<K> {
    vocab_size: usize,
    #[cfg_attr(feature = "serde", serde(default))]
    one_hot: bool,
    rnn: K,
    num_classes: usize,
}

impl<K: RecurrentModuleConfig> TokenModelConfig<K> {
    /// A model whose embeddings have the `input_size` of the recurrent part.
    ///
    /// - `rnn`: the recurrent part, batch first whatever it says
    /// - `vocab_size`: the number of different tokens that come in, V
    /// - `num_classes`: the number of classes at each step
    pub fn new(rnn: K, vocab_size: usize, num_classes: usize) -> Self {
        Self {
            vocab_size,
            one_hot: false,
            rnn,
            num_classes,
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

    /// The number of classes at each step.
    pub fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// The recurrent part.
    pub fn rnn(&self) -> &K {
        &self.rnn
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If the vocabulary or the classes are none, the recurrent part has an error, or its
    /// `input_size` is not that of the one-hot vectors.
    pub fn validate(&self) -> Result<(), ConfigError> {
        const MODULE: &str = "TokenModel";
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("num_classes", self.num_classes),
        ];
        ConfigError::check_sizes(MODULE, &sizes)?;
        self.rnn.validate()?;
        if self.one_hot && self.rnn.input_size() != self.vocab_size {
            return Err(ConfigError::OneHot {
                module: MODULE,
                vocab_size: self.vocab_size,
                found: self.rnn.input_size(),
            });
        }
        Ok(())
    }

    /// Makes the model, its weights drawn from the device's random state: the embedding from
    /// N(0, 1), as PyTorch's.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> TokenModel<K::Module> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let features = rnn.directions() * rnn.output_size();
        let embedding = || {
            EmbeddingConfig::new(self.vocab_size, rnn.input_size())
                .init(device)
                .materialize()
        };
        TokenModel {
            emb: (!self.one_hot).then(embedding),
            fc: linear(features, self.num_classes, device),
            rnn,
        }
    }
}

/// An embedding, a recurrent module and a linear layer over every step: scores for each token.
///
/// ```text
/// h_1 … h_T = RNN(E[w_1] … E[w_T])        logits_t = W·h_t + b
/// ```
///
/// Without an embedding, `E[w]` is the one-hot vector of w. Parameters are `emb.weight` (with an
/// embedding), `rnn.*` and `fc.*`. [`Tagger`](crate::Tagger) and
/// [`LanguageModel`](crate::LanguageModel) are its two uses; it is the model to take for a third.
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::{GruConfig, TokenModelConfig};
/// # let device = Default::default();
/// let model = TokenModelConfig::new(GruConfig::new(6, 3), 9, 4).init(&device);
/// let tokens = Tensor::<2, Int>::from_data([[0, 1, 2, 3, 8]], &device);
/// let (logits, _) = model.forward(tokens, None);
/// assert_eq!(logits.dims(), [1, 5, 4]);
/// ```
#[derive(Module, Debug)]
pub struct TokenModel<R: RecurrentModule> {
    emb: Option<Embedding>,
    rnn: R,
    fc: Linear,
}

impl<R: RecurrentModule> TokenModel<R> {
    /// The number of different tokens, V.
    pub fn vocab_size(&self) -> usize {
        match &self.emb {
            Some(emb) => emb.weight.dims()[0],
            None => self.rnn.input_size(),
        }
    }

    /// Scores the classes at every token.
    ///
    /// # Shapes
    ///
    /// - `tokens`: ids below `vocab_size`, `[batch, time]`
    /// - `state`: `[layers·directions, batch, hidden_size]` each, zeros if omitted
    /// - logits: `[batch, time, num_classes]`, with the state after the last token
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
        self.forward_vectors(self.vectors(tokens), state)
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
        self.forward_vectors_with_lengths(self.vectors(tokens), lengths, state)
    }

    /// Scores the classes from vectors in the place of tokens, `[batch, time, input_size]`: one-hot
    /// ones, or embeddings that come from elsewhere.
    pub fn forward_vectors(
        &self,
        input: Tensor<3>,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        let (output, state) = self.rnn.forward(input, state);
        (over_steps(&self.fc, output), state)
    }

    /// Like [`forward_vectors`](Self::forward_vectors) for sequences of different lengths.
    ///
    /// # Panics
    ///
    /// If the lengths are those of a batch of another shape.
    pub fn forward_vectors_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        let (output, state) = self.rnn.forward_with_lengths(input, lengths, state);
        (over_steps(&self.fc, output), state)
    }

    /// What the recurrent part reads, `[batch, time, input_size]`.
    fn vectors(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        match &self.emb {
            Some(emb) => embed(emb, tokens),
            None => {
                let vocab_size = self.vocab_size();
                // For its check. Burn's `one_hot` waits for the device too, but its check lets
                // negative ids pass, and tells neither which id is wrong nor where.
                ids::read(&tokens, vocab_size);
                let vectors: Tensor<3, Int> = tokens.one_hot_fill(vocab_size, 1.0, 0.0, -1);
                vectors.float().cast(self.fc.weight.val().dtype())
            }
        }
    }
}
