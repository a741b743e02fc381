use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Int, Tensor};

use super::classifier::final_features;
use super::embedding::embed;
use crate::recurrent::{ConfigError, Lengths, RecurrentModule, RecurrentModuleConfig};

/// Configuration of a [`CharacterEncoder`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct CharacterEncoderConfig<K> {
    vocab_size: usize,
    rnn: K,
}

impl<K: RecurrentModuleConfig> CharacterEncoderConfig<K> {
    /// An encoder over the given recurrent module, batch first whatever it says, whose `input_size` is the
    /// size of a character's embedding. It should read in both directions, or words are known by their
    /// ends alone.
    ///
    /// - `vocab_size`: the number of different characters
    pub fn new(rnn: K, vocab_size: usize) -> Self {
        Self { vocab_size, rnn }
    }

    /// The number of different characters.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The recurrent part.
    pub fn rnn(&self) -> &K {
        &self.rnn
    }

    /// Features of a word: those of the recurrent part's final state in all directions.
    pub fn output_size(&self) -> usize {
        (self.rnn.directions()).saturating_mul(self.rnn.output_size())
    }

    /// How many numbers the parameters are.
    pub fn num_params(&self) -> usize {
        let embedding = self.vocab_size.saturating_mul(self.rnn.input_size());
        self.rnn.num_params().saturating_add(embedding)
    }

    /// Checks what an encoder could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If there are no characters, or the recurrent part has an error.
    pub fn validate(&self) -> Result<(), ConfigError> {
        ConfigError::check_sizes("CharacterEncoder", &[("vocab_size", self.vocab_size)])?;
        self.rnn.validate()
    }

    /// Makes the encoder, its weights drawn from the device's random state: the embedding from N(0, 1),
    /// as PyTorch's.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> CharacterEncoder<K::Module> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let emb = EmbeddingConfig::new(self.vocab_size, rnn.input_size());
        CharacterEncoder {
            emb: emb.init(device).materialize(),
            rnn,
        }
    }
}

/// Gives a word a vector by its characters: the final states of a recurrent module that reads them, in
/// all its directions (Ling et al., [Finding function in form], 2015).
///
/// ```text
/// h_1 … h_T = RNN(E[c_1] … E[c_T])        v = [h_T, h'_1]
/// ```
///
/// Parameters are `emb.weight` and `rnn.*`.
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::{CharacterEncoderConfig, Lengths, LstmConfig};
/// # let device = Default::default();
/// let lstm = LstmConfig::new(4, 3).with_bidirectional(true);
/// let encoder = CharacterEncoderConfig::new(lstm, 26).init(&device);
/// // `cat` and `a`
/// let words = Tensor::<2, Int>::from_data([[2, 0, 19], [0, 0, 0]], &device);
/// let vectors = encoder.forward(words, &Lengths::new([3, 1], 3)?);
/// assert_eq!(vectors.dims(), [2, 6]);
/// # Ok::<(), rnn_model::LengthsError>(())
/// ```
///
/// [Finding function in form]: https://aclanthology.org/D15-1176/
#[derive(Module, Debug)]
pub struct CharacterEncoder<R: RecurrentModule> {
    emb: Embedding,
    rnn: R,
}

impl<R: RecurrentModule> CharacterEncoder<R> {
    /// The number of different characters.
    pub fn vocab_size(&self) -> usize {
        self.emb.weight.dims()[0]
    }

    /// Features of a word.
    pub fn output_size(&self) -> usize {
        self.rnn.directions() * self.rnn.output_size()
    }

    /// The vectors of words.
    ///
    /// # Shapes
    ///
    /// - `characters`: ids below `vocab_size`, filled up with any such, `[words, longest]`
    /// - vectors: `[words, output_size]`
    ///
    /// # Panics
    ///
    /// If the lengths are those of a batch of another shape; if an id is not below `vocab_size`, as
    /// [`TokenModel::forward`](crate::TokenModel::forward).
    pub fn forward(&self, characters: Tensor<2, Int>, lengths: &Lengths) -> Tensor<2> {
        let input = embed(&self.emb, characters);
        let (_, state) = self.rnn.forward_with_lengths(input, lengths, None);
        final_features(state, self.rnn.directions())
    }
}

/// The words of a batch of sentences: their ids and, for a model that reads them, their characters.
#[derive(Clone, Debug)]
pub struct Words {
    /// `[batch, time]`, filled up with any ids.
    pub ids: Tensor<2, Int>,
    /// How they are spelt.
    pub spelling: Option<Spelling>,
}

impl From<Tensor<2, Int>> for Words {
    /// Words by their ids alone.
    fn from(ids: Tensor<2, Int>) -> Self {
        let spelling = None;
        Self { ids, spelling }
    }
}

/// How the words of a batch are spelt. A word that comes several times is read once.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// The ids of the characters of the distinct words, filled up with any ids: `[distinct, longest]`.
    pub characters: Tensor<2, Int>,
    /// How many characters each distinct word has.
    pub lengths: Lengths,
    /// Which of the distinct words stands where, `[batch, time]`; any of them where there is none.
    pub places: Tensor<2, Int>,
}

impl Spelling {
    /// The vectors of the words at their places, `[batch, time, features]`.
    pub(super) fn vectors<R: RecurrentModule>(&self, encoder: &CharacterEncoder<R>) -> Tensor<3> {
        let distinct = encoder.forward(self.characters.clone(), &self.lengths);
        let [batch, time] = self.places.dims();
        let [_, features] = distinct.dims();
        let places = self.places.clone().flatten::<1>(0, 1);
        distinct.select(0, places).reshape([batch, time, features])
    }
}
