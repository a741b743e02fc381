use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Device, Int, Tensor};

use super::embedding::embed;
use super::linear::{linear, over_steps};
use crate::recurrent::{Lengths, Lstm, LstmConfig, LstmState};

/// Sizes of an [`LstmTagger`].
#[derive(Clone, Debug)]
pub struct LstmTaggerConfig {
    /// The number of different words, V.
    pub vocab_size: usize,
    /// The recurrent part, batch first whatever it says; `input_size` is the size of an embedding.
    pub rnn: LstmConfig,
    /// The number of different tags.
    pub num_tags: usize,
}

impl LstmTaggerConfig {
    /// One layer in one direction over embeddings of `embedding_size`.
    pub fn new(
        vocab_size: usize,
        embedding_size: usize,
        hidden_size: usize,
        num_tags: usize,
    ) -> Self {
        Self {
            vocab_size,
            rnn: LstmConfig::new(embedding_size, hidden_size),
            num_tags,
        }
    }

    /// Makes the model, its weights drawn from the device's random state: the embedding from
    /// N(0, 1), as PyTorch's.
    pub fn init(&self, device: &Device) -> LstmTagger {
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let features = rnn.directions() * rnn.output_size();
        LstmTagger {
            emb: EmbeddingConfig::new(self.vocab_size, rnn.input_size())
                .init(device)
                .materialize(),
            fc: linear(features, self.num_tags, device),
            rnn,
        }
    }
}

/// An embedding, an LSTM and a linear layer over every step: a tag for each word.
///
/// ```text
/// h_1 … h_T = LSTM(E[w_1] … E[w_T])        logits_t = W·h_t + b
/// ```
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::LstmTaggerConfig;
/// # let device = Default::default();
/// let tagger = LstmTaggerConfig::new(9, 6, 3, 3).init(&device);
/// let words = Tensor::<2, Int>::from_data([[0, 1, 2, 3, 4]], &device);
/// let (logits, _) = tagger.forward(words, None);
/// assert_eq!(logits.dims(), [1, 5, 3]);
/// ```
#[derive(Module, Debug)]
pub struct LstmTagger {
    emb: Embedding,
    rnn: Lstm,
    fc: Linear,
}

impl LstmTagger {
    /// Scores the tags of every word.
    ///
    /// # Shapes
    ///
    /// - `words`: ids below `vocab_size`, `[batch, time]`
    /// - `state`: `[layers·directions, batch, hidden_size]` each, zeros if omitted
    /// - logits: `[batch, time, num_tags]`, with the state after the last word
    pub fn forward(
        &self,
        words: Tensor<2, Int>,
        state: Option<LstmState<3>>,
    ) -> (Tensor<3>, LstmState<3>) {
        let (output, state) = self.rnn.forward(embed(&self.emb, words), state);
        (over_steps(&self.fc, output), state)
    }

    /// The same for sentences of different lengths, filled up with any ids below `vocab_size`. Past
    /// a sentence's end the logits are the linear layer's bias.
    ///
    /// # Panics
    ///
    /// If the batch is not one of so many sentences and words as `lengths` is for.
    pub fn forward_with_lengths(
        &self,
        words: Tensor<2, Int>,
        lengths: &Lengths,
        state: Option<LstmState<3>>,
    ) -> (Tensor<3>, LstmState<3>) {
        let words = embed(&self.emb, words);
        let (output, state) = self.rnn.forward_with_lengths(words, lengths, state);
        (over_steps(&self.fc, output), state)
    }
}
