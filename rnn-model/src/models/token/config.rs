use burn::module::{Initializer, Module};
use burn::nn::{EmbeddingConfig, Linear};
use burn::tensor::Device;

use super::super::linear::linear;
use super::super::output::Output;
use super::TokenModel;
use super::noise::Noise;
#[cfg(feature = "serde")]
use crate::recurrent::is_zero;
use crate::recurrent::{ConfigError, RecurrentModuleConfig};

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
    num_classes: usize,
    /// Features that the recurrent part reads beside an embedding.
    #[cfg_attr(feature = "serde", serde(skip))]
    features_beside: usize,
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
            tied_weights: false,
            input_dropout: 0.0,
            output_dropout: 0.0,
            variational_dropout: false,
            rnn,
            num_classes,
            features_beside: 0,
        }
    }

    /// Sets how many features of a token the recurrent part reads beside the embedding, which is as
    /// much smaller; the model is used by its vectors then. Default 0.
    pub(in crate::models) fn with_features_beside(mut self, features_beside: usize) -> Self {
        self.features_beside = features_beside;
        self
    }

    /// Numbers of an embedding, E.
    fn embedding_size(&self) -> usize {
        self.rnn.input_size().saturating_sub(self.features_beside)
    }

    /// Sets whether a token is a one-hot vector of V numbers, which has no parameters, instead of a
    /// learnt one (default false); the `input_size` of the recurrent part is V then.
    pub fn with_one_hot(mut self, one_hot: bool) -> Self {
        self.one_hot = one_hot;
        self
    }

    /// Sets whether the output layer has the embedding's weight (default false), E: `logits_t = E·h_t + b`
    /// (Press and Wolf, [Using the output embedding to improve language models], 2017). It needs as many classes as tokens, and
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

    /// The number of classes at each step.
    pub fn num_classes(&self) -> usize {
        self.num_classes
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
        let embedding = match self.one_hot {
            true => 0,
            false => self.vocab_size.saturating_mul(self.embedding_size()),
        };
        let weight = match self.tied_weights {
            true => 0,
            false => self.num_classes.saturating_mul(self.features()),
        };
        let numbers = [self.rnn.num_params(), embedding, weight, self.num_classes];
        numbers.into_iter().fold(0, usize::saturating_add)
    }

    /// Features of the recurrent part's output.
    fn features(&self) -> usize {
        (self.rnn.directions()).saturating_mul(self.rnn.output_size())
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If the vocabulary or the classes are none, the recurrent part has an error, its `input_size` is
    /// not that of the one-hot vectors, a probability is outside `[0, 1)`, or sizes do not allow tied
    /// weights.
    pub fn validate(&self) -> Result<(), ConfigError> {
        const MODULE: &str = "TokenModel";
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("num_classes", self.num_classes),
        ];
        ConfigError::check_sizes(MODULE, &sizes)?;
        self.rnn.validate()?;
        ConfigError::check_sizes(MODULE, &[("embedding_size", self.embedding_size())])?;
        if self.one_hot && self.rnn.input_size() != self.vocab_size {
            return Err(ConfigError::OneHot {
                module: MODULE,
                vocab_size: self.vocab_size,
                found: self.rnn.input_size(),
            });
        }
        for (field, found) in [
            ("input_dropout", self.input_dropout),
            ("output_dropout", self.output_dropout),
        ] {
            ConfigError::check_probability(MODULE, field, found)?;
        }
        if self.tied_weights {
            let output_size = self.features();
            let input_size = (!self.one_hot).then(|| self.rnn.input_size());
            if input_size != Some(output_size) {
                return Err(ConfigError::Tied {
                    module: MODULE,
                    output_size,
                    input_size,
                });
            }
            if self.num_classes != self.vocab_size {
                return Err(ConfigError::TiedClasses {
                    module: MODULE,
                    vocab_size: self.vocab_size,
                    found: self.num_classes,
                });
            }
        }
        Ok(())
    }

    /// Makes the model, its weights drawn from the device's random state: the embedding from
    /// N(0, 1), as PyTorch's, or with tied weights as the output layer's weight.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> TokenModel<K::Module> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let features = self.features();
        let embedding = || {
            let mut config = EmbeddingConfig::new(self.vocab_size, self.embedding_size());
            if self.tied_weights {
                let k = 1.0 / (features as f64).sqrt();
                config = config.with_initializer(Initializer::Uniform { min: -k, max: k });
            }
            config.init(device).materialize()
        };
        let emb = (!self.one_hot).then(embedding);
        let fc = linear(features, self.num_classes, device);
        let fc = match fc.bias {
            Some(bias) if self.tied_weights => Output::Tied(bias),
            bias => Output::Own(Linear { bias, ..fc }),
        };
        TokenModel {
            emb,
            rnn,
            fc,
            noise: Noise::new(
                self.input_dropout,
                self.output_dropout,
                self.variational_dropout,
            ),
        }
    }
}
