use std::path::Path;

use anyhow::ensure;
use burn::tensor::Device;
use rnn_data::tagged::{WordEncoder, WordForm};
use rnn_model::{CharacterEncoderConfig, LstmConfig, LstmTaggerConfig};
use rnn_train::RunDir;
use rnn_train::run::RunError;
use rnn_train::tagging::{SentenceTagger, SentenceTaggerConfig};
use serde::{Deserialize, Serialize};

use super::args::TaggerArgs;
use super::data::{Symbols, Training};
use crate::tasks::recurrent::{NetworkSettings, RecurrentSettings, WeightInit};
use crate::tasks::{import, load, settings};
use crate::ui::Output;

/// What `config.json` says of a tagger beside its recurrent part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggerSettings {
    pub vocab_size: usize,
    pub embedding_size: usize,
    pub num_tags: usize,
    // Those below are what versions without them did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters: Option<CharacterSettings>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub crf: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub input_dropout: f64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub output_dropout: f64,
    /// The form of the words in the vocabulary.
    #[serde(default, skip_serializing_if = "is_default")]
    pub word_form: WordForm,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The part that reads a word's characters: an LSTM in both directions over embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharacterSettings {
    pub vocab_size: usize,
    pub embedding_size: usize,
    pub hidden_size: usize,
}

impl CharacterSettings {
    fn config(&self, init: WeightInit) -> CharacterEncoderConfig<LstmConfig> {
        let lstm = RecurrentSettings::new(self.hidden_size, 1).with_bidirectional(true);
        CharacterEncoderConfig::new(lstm.lstm(self.embedding_size, init), self.vocab_size)
    }
}

/// The part of `config.json` about the model.
pub type ModelSettings = NetworkSettings<TaggerSettings>;

/// All of `config.json`.
pub type Settings = settings::Settings<ModelSettings, Training>;

/// The name of the task.
pub const NAME: &str = "tagger";

impl Symbols {
    /// Reads the vocabularies of a run.
    pub fn read(run: &RunDir, model: &ModelSettings) -> Result<Self, RunError> {
        let own = &model.own;
        let mut words = WordEncoder::new(run.read_vocab(own.vocab_size)?, own.word_form);
        if let Some(characters) = &own.characters {
            words = words.with_characters(run.read_characters(characters.vocab_size)?);
        }
        Ok(Self {
            words,
            tags: run.read_tags(own.num_tags)?,
        })
    }
}

impl ModelSettings {
    /// The settings of a new model for these vocabularies.
    pub fn new(args: &TaggerArgs, symbols: &Symbols) -> Self {
        Self {
            own: TaggerSettings {
                vocab_size: symbols.words.words().len(),
                embedding_size: args.embedding_size,
                num_tags: symbols.tags.len(),
                characters: symbols
                    .words
                    .characters()
                    .map(|characters| CharacterSettings {
                        vocab_size: characters.len(),
                        embedding_size: args.char_embedding_size,
                        hidden_size: args.char_hidden_size,
                    }),
                crf: args.crf,
                input_dropout: args.input_dropout,
                output_dropout: args.output_dropout,
                word_form: args.word_form(),
            },
            recurrent: RecurrentSettings::new(args.hidden_size, args.num_layers)
                .with_bidirectional(args.bidirectional)
                .with_dropout(args.dropout),
        }
    }

    /// The configuration of the tagger.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<LstmTaggerConfig> {
        let own = &self.own;
        let characters = own
            .characters
            .as_ref()
            .map(|settings| settings.config(init));
        let features = characters
            .as_ref()
            .map_or(0, CharacterEncoderConfig::output_size);
        let rnn = self
            .recurrent
            .lstm(own.embedding_size.saturating_add(features), init);
        let mut config = LstmTaggerConfig::over(rnn, own.vocab_size, own.num_tags)
            .with_crf(own.crf)
            .with_input_dropout(own.input_dropout)
            .with_output_dropout(own.output_dropout);
        if let Some(characters) = characters {
            config = config.with_characters(characters);
        }
        config.validate()?;
        Ok(config)
    }

    /// How many numbers the parameters are.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn num_params(&self) -> anyhow::Result<usize> {
        Ok(self.config(WeightInit::Uniform)?.num_params())
    }

    /// What `model.json` holds.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn library_config(&self) -> anyhow::Result<SentenceTaggerConfig> {
        Ok(SentenceTaggerConfig {
            tagger: self.config(WeightInit::Uniform)?,
            word_form: self.own.word_form,
        })
    }

    /// The network in words.
    pub fn describe(&self) -> String {
        let own = &self.own;
        let characters = match &own.characters {
            None => String::new(),
            Some(characters) => format!(
                " and what an lstm of 2 × {} reads of characters",
                characters.hidden_size
            ),
        };
        let crf = if own.crf { ", a crf over the tags" } else { "" };
        format!(
            "lstm, {} over embeddings of {}{characters}{crf}",
            self.recurrent.describe(""),
            own.embedding_size
        )
    }
}

/// The description of a tagger to import, whose parameters are named `emb.…`, `rnn.…` and `fc.…`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggerDescription {
    embedding_size: usize,
    words: import::Symbols,
    /// The symbol for unknown words.
    unk: Option<String>,
    tags: import::Symbols,
    /// Of a tagger that reads characters, whose parameters are named `chars.…`.
    characters: Option<CharacterDescription>,
    /// Whether there is a conditional random field, whose parameters are named `crf.…`.
    #[serde(default)]
    crf: bool,
    #[serde(default)]
    word_form: WordForm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CharacterDescription {
    embedding_size: usize,
    hidden_size: usize,
    symbols: import::Symbols,
    /// The symbol for unknown characters.
    unk: Option<String>,
}

impl TaggerDescription {
    /// The model's settings and vocabularies; relative paths are relative to `folder`.
    pub fn read(
        self,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(ModelSettings, Symbols)> {
        let unk = self.unk.as_deref();
        let vocab = self.words.read_with_unk(folder, unk, "words")?;
        let tags = self.tags.read(folder)?;
        let vocab_size = vocab.len();
        let mut words = WordEncoder::new(vocab, self.word_form);
        let mut characters = None;
        if let Some(described) = self.characters {
            let unk = described.unk.as_deref();
            let symbols =
                described
                    .symbols
                    .read_with_unk(folder, unk, "the symbols of characters")?;
            characters = Some(CharacterSettings {
                vocab_size: symbols.len(),
                embedding_size: described.embedding_size,
                hidden_size: described.hidden_size,
            });
            words = words.with_characters(symbols);
        }
        let own = TaggerSettings {
            vocab_size,
            embedding_size: self.embedding_size,
            num_tags: tags.len(),
            characters,
            crf: self.crf,
            input_dropout: 0.0,
            output_dropout: 0.0,
            word_form: self.word_form,
        };
        let model = ModelSettings { own, recurrent };
        Ok((model, Symbols { words, tags }))
    }
}

/// A trained tagger with its run and settings.
pub struct TrainedTagger {
    pub run: RunDir,
    pub settings: Settings,
    pub tagger: SentenceTagger,
}

impl TrainedTagger {
    /// Opens the run in a folder and loads its tagger.
    pub fn open(path: &Path, device: &Device, out: &Output) -> anyhow::Result<Self> {
        let (run, settings) = settings::open::<Settings>(path, NAME)?;
        let symbols = Symbols::read(&run, &settings.model)?;
        // Those of other runs are as they are.
        let training = settings.training.as_ref();
        let training = training.filter(|_| settings.init_from.is_none());
        ensure!(
            symbols.words.words().unk_id().is_some()
                || training.is_none_or(|training| training.min_count < 2),
            "{}: vocab.json has no symbol for unknown words",
            path.display()
        );
        let model = &settings.model;
        let init = || Ok(model.config(WeightInit::Uniform)?.init(device));
        let model = load::load(&run, model.num_params(), init)?;
        load::warn_of_old_weights(&run, &settings, out)?;
        Ok(Self {
            tagger: SentenceTagger::new(model, symbols.words, symbols.tags)?,
            run,
            settings,
        })
    }
}
