use std::path::Path;

use anyhow::ensure;
use burn::tensor::Device;
use rnn_model::{LstmTagger, LstmTaggerConfig};
use rnn_train::RunDir;
use rnn_train::run::RunError;
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
        Ok(Self {
            words: run.read_vocab(model.own.vocab_size)?,
            tags: run.read_tags(model.own.num_tags)?,
        })
    }
}

impl ModelSettings {
    /// The settings of a new model for these vocabularies.
    pub fn new(args: &TaggerArgs, symbols: &Symbols) -> Self {
        Self {
            own: TaggerSettings {
                vocab_size: symbols.words.len(),
                embedding_size: args.embedding_size,
                num_tags: symbols.tags.len(),
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
        let rnn = self.recurrent.lstm(self.own.embedding_size, init);
        rnn.validate()?;
        Ok(LstmTaggerConfig::over(
            rnn,
            self.own.vocab_size,
            self.own.num_tags,
        ))
    }

    /// About how many numbers the recurrent part has.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn num_params(&self) -> anyhow::Result<usize> {
        Ok(self.config(WeightInit::Uniform)?.rnn().num_params())
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
}

impl TaggerDescription {
    /// The model's settings and vocabularies; relative paths are relative to `folder`.
    pub fn read(
        self,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(ModelSettings, Symbols)> {
        let unk = self.unk.as_deref();
        let words = self.words.read_with_unk(folder, unk, "words")?;
        let tags = self.tags.read(folder)?;
        let own = TaggerSettings {
            vocab_size: words.len(),
            embedding_size: self.embedding_size,
            num_tags: tags.len(),
        };
        let model = ModelSettings { own, recurrent };
        Ok((model, Symbols { words, tags }))
    }
}

/// A trained tagger with its run, settings and vocabularies.
pub struct TrainedTagger {
    pub run: RunDir,
    pub settings: Settings,
    pub symbols: Symbols,
    pub model: LstmTagger,
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
            symbols.words.unk_id().is_some()
                || training.is_none_or(|training| training.min_count < 2),
            "{}: vocab.json has no symbol for unknown words",
            path.display()
        );
        let model = &settings.model;
        let init = || Ok(model.config(WeightInit::Uniform)?.init(device));
        let model = load::load(&run, model.num_params(), init)?;
        load::warn_of_old_weights(&run, &settings, out)?;
        Ok(Self {
            run,
            settings,
            symbols,
            model,
        })
    }
}
