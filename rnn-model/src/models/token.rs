mod config;
mod noise;

use burn::module::Module;
use burn::nn::Embedding;
use burn::tensor::{Device, Int, Tensor};

use super::embedding::embed;
use super::output::Output;
use crate::ids;
use crate::recurrent::{Lengths, RecurrentModule};
pub use config::TokenModelConfig;
use noise::Noise;

/// An embedding, a recurrent module and a linear layer over every step: scores for each token.
///
/// ```text
/// h_1 … h_T = RNN(E[w_1] … E[w_T])        logits_t = W·h_t + b
/// ```
///
/// Without an embedding, `E[w]` is the one-hot vector of w; with tied weights, W is E. Parameters are
/// `emb.weight` (with an embedding), `rnn.*`, `fc.weight` (unless it is tied) and `fc.bias`. [`Tagger`](crate::Tagger) and
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
    fc: Output,
    noise: Noise,
}

impl<R: RecurrentModule> TokenModel<R> {
    /// The number of different tokens, V.
    pub fn vocab_size(&self) -> usize {
        match &self.emb {
            Some(emb) => emb.weight.dims()[0],
            None => self.rnn.input_size(),
        }
    }

    /// The number of classes at each step.
    pub fn num_classes(&self) -> usize {
        self.fc.num_classes()
    }

    /// The device of the weights.
    pub(super) fn device(&self) -> Device {
        self.fc.device()
    }

    /// The embeddings, `[V, E]`.
    ///
    /// # Panics
    ///
    /// If tokens are one-hot vectors.
    pub(super) fn embeddings(&self) -> Tensor<2> {
        let emb = self.emb.as_ref().expect("a model with embeddings");
        emb.weight.val()
    }

    /// The same model with other embeddings, `[V, E]`.
    ///
    /// # Panics
    ///
    /// If the shape is another, or tokens are one-hot vectors.
    pub(super) fn with_embeddings(mut self, embeddings: Tensor<2>) -> Self {
        let emb = self.emb.as_mut().expect("a model with embeddings");
        let (expected, found) = (emb.weight.dims(), embeddings.dims());
        assert!(
            expected == found,
            "expected embeddings {expected:?}, found {found:?}"
        );
        emb.weight = emb.weight.clone().map(|_| embeddings);
        self
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
        let (output, state) = self.rnn.forward(self.noise.before(input), state);
        (self.scores(output), state)
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
        let input = self.noise.before(input);
        let (output, state) = self.rnn.forward_with_lengths(input, lengths, state);
        (self.scores(output), state)
    }

    /// The output layer.
    fn scores(&self, output: Tensor<3>) -> Tensor<3> {
        let embedding = self.emb.as_ref().map(|emb| emb.weight.val());
        self.fc.forward(self.noise.after(output), embedding)
    }

    /// What the recurrent part reads of the tokens themselves, `[batch, time, input_size]`.
    pub(super) fn vectors(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        match &self.emb {
            Some(emb) => embed(emb, tokens),
            None => {
                let vocab_size = self.vocab_size();
                // For its check. Burn's `one_hot` waits for the device too, but its check lets
                // negative ids pass, and tells neither which id is wrong nor where.
                ids::read(&tokens, vocab_size);
                let vectors: Tensor<3, Int> = tokens.one_hot_fill(vocab_size, 1.0, 0.0, -1);
                vectors.float().cast(self.fc.dtype())
            }
        }
    }
}
