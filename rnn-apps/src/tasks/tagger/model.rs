use std::path::Path;

use anyhow::{anyhow, ensure};
use burn::tensor::Device;
use rnn_model::{LstmTagger, LstmTaggerConfig};
use rnn_train::RunDir;
use serde::{Deserialize, Serialize};

use super::Tagger;
use super::args::TaggerArgs;
use super::data::Symbols;
use crate::tasks::import;
use crate::tasks::load::load;
use crate::tasks::recurrent::{RecurrentSettings, WeightInit};
use crate::tasks::settings::open;
use crate::tasks::task::{SettingsOf, Task};

/// What the model is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    pub vocab_size: usize,
    pub embedding_size: usize,
    #[serde(flatten)]
    pub recurrent: RecurrentSettings,
    pub num_tags: usize,
}

impl ModelSettings {
    /// The model that `args` ask for, for such words and tags.
    pub fn new(args: &TaggerArgs, symbols: &Symbols) -> Self {
        Self {
            vocab_size: symbols.words.len(),
            embedding_size: args.embedding_size,
            recurrent: RecurrentSettings {
                hidden_size: args.hidden_size,
                proj_size: None,
                num_layers: args.num_layers,
                bias: true,
                bidirectional: args.bidirectional,
                dropout: args.dropout,
            },
            num_tags: symbols.tags.len(),
        }
    }

    /// The tagger.
    ///
    /// # Errors
    ///
    /// If there is no such model.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<LstmTaggerConfig> {
        let rnn = self.recurrent.lstm(self.embedding_size, init);
        rnn.validate()?;
        Ok(LstmTaggerConfig {
            vocab_size: self.vocab_size,
            rnn,
            num_tags: self.num_tags,
        })
    }
}

/// A tagger to import, whose parameters are `emb.…`, `rnn.…` and `fc.…`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggerDescription {
    embedding_size: usize,
    words: import::Symbols,
    /// The word that stands for all others.
    unk: Option<String>,
    tags: import::Symbols,
}

impl TaggerDescription {
    /// The model, and its words and tags; files with those lie in `folder`.
    pub fn read(
        self,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(ModelSettings, Symbols)> {
        let mut words = self.words.read(folder)?;
        if let Some(unk) = &self.unk {
            let with_unk = words.with_unk(unk);
            words = with_unk.map_err(|_| anyhow!("unk: {unk:?} is not among words"))?;
        }
        let tags = self.tags.read(folder)?;
        let model = ModelSettings {
            vocab_size: words.len(),
            embedding_size: self.embedding_size,
            recurrent,
            num_tags: tags.len(),
        };
        Ok((model, Symbols { words, tags }))
    }
}

/// A trained tagger, with what it needs to be used.
pub struct TrainedTagger {
    pub run: RunDir,
    pub settings: SettingsOf<Tagger>,
    pub symbols: Symbols,
    pub model: LstmTagger,
}

impl TrainedTagger {
    /// The tagger of the run in a folder.
    pub fn open(path: &Path, device: &Device) -> anyhow::Result<Self> {
        let (run, settings) = open::<SettingsOf<Tagger>>(path, Tagger::NAME)?;
        let words = run.read_vocab(settings.model.vocab_size)?;
        let tags = run.read_tags(settings.model.num_tags)?;
        let training = settings.training.as_ref();
        ensure!(
            words.unk_id().is_some() || training.is_none_or(|training| training.min_count < 2),
            "{}: vocab.json has no symbol for unknown words",
            path.display()
        );
        let model = load::<Tagger>(&run, &settings, device)?;
        Ok(Self {
            run,
            settings,
            symbols: Symbols { words, tags },
            model,
        })
    }
}
