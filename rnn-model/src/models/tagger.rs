use burn::tensor::{Device, Tensor};

use super::characters::{CharacterEncoder, CharacterEncoderConfig, Words};
use super::crf::Crf;
use super::token::{TokenModel, TokenModelConfig};
use super::transparent::transparent_module;
#[cfg(feature = "serde")]
use crate::recurrent::is_zero;
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
    #[cfg_attr(
        feature = "serde",
        serde(default = "none", skip_serializing_if = "Option::is_none")
    )]
    characters: Option<CharacterEncoderConfig<K>>,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "core::ops::Not::not")
    )]
    crf: bool,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    input_dropout: f64,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    output_dropout: f64,
}

/// The default of an option whose type has none.
#[cfg(feature = "serde")]
fn none<T>() -> Option<T> {
    None
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
            characters: None,
            crf: false,
            input_dropout: 0.0,
            output_dropout: 0.0,
        }
    }

    /// Sets a module that reads the characters of the words (default none). What it makes of a word is
    /// read beside the word's embedding, whose size is the recurrent part's `input_size` less
    /// `characters.output_size()`.
    pub fn with_characters(mut self, characters: CharacterEncoderConfig<K>) -> Self {
        self.characters = Some(characters);
        self
    }

    /// Sets whether the tags of a sentence are chosen together, by a linear-chain [`Crf`] (default
    /// false).
    pub fn with_crf(mut self, crf: bool) -> Self {
        self.crf = crf;
        self
    }

    /// Sets the probability of dropping a feature of a word before the recurrent part reads it, `[0, 1)`,
    /// in training only. Default 0.
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

    /// The part that reads characters.
    pub fn characters(&self) -> Option<&CharacterEncoderConfig<K>> {
        self.characters.as_ref()
    }

    /// Whether the tags of a sentence are chosen together.
    pub fn has_crf(&self) -> bool {
        self.crf
    }

    /// How many numbers the model's parameters are.
    pub fn num_params(&self) -> usize {
        let characters = self.characters.as_ref();
        let characters = characters.map_or(0, CharacterEncoderConfig::num_params);
        let crf = match self.crf {
            true => self
                .num_tags
                .saturating_mul(self.num_tags.saturating_add(2)),
            false => 0,
        };
        [characters, crf]
            .into_iter()
            .fold(self.model().num_params(), usize::saturating_add)
    }

    fn model(&self) -> TokenModelConfig<K> {
        let characters = self.characters.as_ref();
        TokenModelConfig::new(self.rnn.clone(), self.vocab_size, self.num_tags)
            .with_features_beside(characters.map_or(0, CharacterEncoderConfig::output_size))
            .with_input_dropout(self.input_dropout)
            .with_output_dropout(self.output_dropout)
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If there are no words, tags or characters, a recurrent part has an error, a probability is outside
    /// `[0, 1)`, or the characters leave no features for an embedding.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(characters) = &self.characters {
            characters.validate()?;
        }
        self.model().validate()
    }

    /// Makes the model, its weights drawn from the device's random state: the embeddings from
    /// N(0, 1), as PyTorch's.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> Tagger<K::Module> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        Tagger {
            model: self.model().init(device),
            chars: self.characters.as_ref().map(|config| config.init(device)),
            crf: self.crf.then(|| Crf::new(self.num_tags, device)),
        }
    }
}

/// Gives every word of a sentence a tag: a [`TokenModel`] whose classes are the tags.
///
/// ```text
/// h_1 … h_T = LSTM(v_1 … v_T)        logits_t = W·h_t + b
/// ```
///
/// `v_t` is the word's embedding, `E[w_t]`, and beside it what a [`CharacterEncoder`] makes of the word's
/// characters, if there is one. With a [`Crf`] the logits are what it reads. Parameters are those of the
/// token model, `chars.*` and `crf.*`.
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
///
/// With characters:
///
/// ```
/// use burn::tensor::{Int, Tensor};
/// use rnn_model::{CharacterEncoderConfig, Lengths, LstmConfig, LstmTaggerConfig, Spelling, Words};
/// # let device = Default::default();
/// let characters = LstmConfig::new(4, 3).with_bidirectional(true);
/// let characters = CharacterEncoderConfig::new(characters, 26);
/// // Embeddings of 10, beside 6 features of the characters.
/// let tagger = LstmTaggerConfig::over(LstmConfig::new(16, 8), 9, 3)
///     .with_characters(characters)
///     .init(&device);
///
/// // A sentence of the words `cat`, `a` and `cat`.
/// let words = Words {
///     ids: Tensor::from_data([[5, 2, 5]], &device),
///     spelling: Some(Spelling {
///         characters: Tensor::from_data([[2, 0, 19], [0, 0, 0]], &device),
///         lengths: Lengths::new([3, 1], 3)?,
///         places: Tensor::from_data([[0, 1, 0]], &device),
///     }),
/// };
/// let (logits, _) = tagger.forward(words, None);
/// assert_eq!(logits.dims(), [1, 3, 3]);
/// # Ok::<(), rnn_model::LengthsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tagger<R: RecurrentModule> {
    model: TokenModel<R>,
    chars: Option<CharacterEncoder<R>>,
    crf: Option<Crf>,
}

transparent_module!("Tagger", Tagger<R>, [chars, crf], for R: RecurrentModule);

impl<R: RecurrentModule> Tagger<R> {
    /// The number of different words, V.
    pub fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    /// The number of different tags.
    pub fn num_tags(&self) -> usize {
        self.model.num_classes()
    }

    /// The part that reads characters.
    pub fn characters(&self) -> Option<&CharacterEncoder<R>> {
        self.chars.as_ref()
    }

    /// The part that chooses the tags of a sentence together.
    pub fn crf(&self) -> Option<&Crf> {
        self.crf.as_ref()
    }

    /// The same tagger with other embeddings, `[vocab_size, embedding_size]`: pretrained ones.
    ///
    /// # Panics
    ///
    /// If the shape is another.
    pub fn with_embeddings(self, embeddings: Tensor<2>) -> Self {
        Self {
            model: self.model.with_embeddings(embeddings),
            ..self
        }
    }

    /// The embeddings of the words, `[vocab_size, embedding_size]`.
    pub fn embeddings(&self) -> Tensor<2> {
        self.model.embeddings()
    }

    /// Scores the tags of every word.
    ///
    /// # Shapes
    ///
    /// - `words`: ids below `vocab_size`, `[batch, time]`, and the characters of the words if the model
    ///   reads them
    /// - `state`: `[layers·directions, batch, hidden_size]` each, zeros if omitted
    /// - logits: `[batch, time, num_tags]`, with the state after the last word
    ///
    /// # Panics
    ///
    /// If the words come without characters to a model that reads them, or with them to another; if an id
    /// is not below `vocab_size`: on the CPU backends by a text that says where it is; elsewhere the
    /// device may find it, or give anything.
    pub fn forward(
        &self,
        words: impl Into<Words>,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        self.model
            .forward_vectors(self.vectors(words.into()), state)
    }

    /// Like [`forward`](Self::forward) for sentences of different lengths, filled up with any ids
    /// below `vocab_size`. Past a sentence's end the logits are the linear layer's bias.
    ///
    /// # Panics
    ///
    /// If the lengths are those of a batch of another shape.
    pub fn forward_with_lengths(
        &self,
        words: impl Into<Words>,
        lengths: &Lengths,
        state: Option<R::State>,
    ) -> (Tensor<3>, R::State) {
        let vectors = self.vectors(words.into());
        self.model
            .forward_vectors_with_lengths(vectors, lengths, state)
    }

    /// What the recurrent part reads, `[batch, time, input_size]`.
    fn vectors(&self, words: Words) -> Tensor<3> {
        let embeddings = self.model.vectors(words.ids);
        match (&self.chars, words.spelling) {
            (None, None) => embeddings,
            (Some(encoder), Some(spelling)) => {
                Tensor::cat(vec![embeddings, spelling.vectors(encoder)], 2)
            }
            (Some(_), None) => {
                panic!("expected the characters of the words, found their ids alone")
            }
            (None, Some(_)) => panic!("expected words by their ids alone, found their characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Int;

    use super::*;

    #[test]
    #[should_panic(expected = "expected the characters of the words")]
    fn words_without_characters_are_refused() {
        let device = Default::default();
        let characters = CharacterEncoderConfig::new(LstmConfig::new(2, 2), 5);
        let tagger = LstmTaggerConfig::new(9, 6, 3, 3).with_characters(characters);
        let words = Tensor::<2, Int>::zeros([1, 2], &device);
        let _ = tagger.init(&device).forward(words, None);
    }

    #[test]
    fn characters_that_leave_no_embedding_are_an_error() {
        let characters = CharacterEncoderConfig::new(LstmConfig::new(2, 6), 5);
        let tagger = LstmTaggerConfig::new(9, 6, 3, 3).with_characters(characters);
        let error = tagger.validate().expect_err("no features left");
        assert!(error.to_string().contains("embedding_size"), "{error}");
    }
}
