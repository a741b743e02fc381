use std::path::Path;

use anyhow::{bail, ensure};
use burn::tensor::Device;
use rnn_data::Vocab;
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
    // Those below are what versions without them did. Each has a name of its own in `config.json`, that
    // of its flag if there is one.
    /// Of the LSTM that reads a word's characters, in both directions; none of the three without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub char_vocab_size: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub char_embedding_size: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub char_hidden_size: Option<usize>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub crf: bool,
    // Written whatever they are, since the flags' defaults are others than 0.
    #[serde(default)]
    pub input_dropout: f64,
    #[serde(default)]
    pub output_dropout: f64,
    /// The form of the words in the vocabulary.
    #[serde(default, skip_serializing_if = "is_default")]
    pub vocab_lowercase: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub vocab_digits: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TaggerSettings {
    /// The form of the words in the vocabulary.
    pub fn word_form(&self) -> WordForm {
        WordForm {
            lowercase: self.vocab_lowercase,
            digits: self.vocab_digits,
        }
    }

    /// The part that reads characters.
    ///
    /// # Errors
    ///
    /// If some of its settings are missing.
    fn characters(
        &self,
        init: WeightInit,
    ) -> anyhow::Result<Option<CharacterEncoderConfig<LstmConfig>>> {
        let sizes = [
            self.char_vocab_size,
            self.char_embedding_size,
            self.char_hidden_size,
        ];
        match sizes {
            [None, None, None] => Ok(None),
            [Some(vocab_size), Some(embedding_size), Some(hidden_size)] => {
                let lstm = RecurrentSettings::new(hidden_size, 1).with_bidirectional(true);
                let lstm = lstm.lstm(embedding_size, init);
                Ok(Some(CharacterEncoderConfig::new(lstm, vocab_size)))
            }
            _ => bail!(
                "expected all of char_vocab_size, char_embedding_size and char_hidden_size, or none"
            ),
        }
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
        let mut words = WordEncoder::new(run.read_vocab(own.vocab_size)?, own.word_form());
        if let Some(size) = own.char_vocab_size {
            words = words.with_characters(run.read_characters(size)?);
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
        let characters = symbols.words.characters();
        Self {
            own: TaggerSettings {
                vocab_size: symbols.words.words().len(),
                embedding_size: args.embedding_size,
                num_tags: symbols.tags.len(),
                char_vocab_size: characters.map(Vocab::len),
                char_embedding_size: characters.map(|_| args.char_embedding_size),
                char_hidden_size: characters.map(|_| args.char_hidden_size),
                crf: args.crf,
                input_dropout: args.input_dropout,
                output_dropout: args.output_dropout,
                vocab_lowercase: args.lowercase(),
                vocab_digits: args.digits,
            },
            recurrent: RecurrentSettings::new(args.hidden_size, args.num_layers)
                .with_bidirectional(args.bidirectional)
                .with_dropout(args.dropout()),
        }
    }

    /// The configuration of the tagger.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<LstmTaggerConfig> {
        let own = &self.own;
        let characters = own.characters(init)?;
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
            word_form: self.own.word_form(),
        })
    }

    /// The network in words.
    pub fn describe(&self) -> String {
        let own = &self.own;
        let characters = match own.char_hidden_size {
            None => String::new(),
            Some(size) => format!(" and what an lstm of 2 × {size} reads of characters"),
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
        let mut own = TaggerSettings {
            vocab_size,
            embedding_size: self.embedding_size,
            num_tags: tags.len(),
            char_vocab_size: None,
            char_embedding_size: None,
            char_hidden_size: None,
            crf: self.crf,
            input_dropout: 0.0,
            output_dropout: 0.0,
            vocab_lowercase: self.word_form.lowercase,
            vocab_digits: self.word_form.digits,
        };
        if let Some(described) = self.characters {
            let unk = described.unk.as_deref();
            let key = "the symbols of characters";
            let symbols = described.symbols.read_with_unk(folder, unk, key)?;
            own.char_vocab_size = Some(symbols.len());
            own.char_embedding_size = Some(described.embedding_size);
            own.char_hidden_size = Some(described.hidden_size);
            words = words.with_characters(symbols);
        }
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
