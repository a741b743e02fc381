use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use burn::tensor::Device;
use rnn_data::{Sentence, TaggedCorpus, Vocab, notebook_sentences};
use rnn_model::{LstmConfig, LstmTagger, LstmTaggerConfig, RecurrentInit};
use rnn_train::{FitConfig, RunDir};
use serde::{Deserialize, Serialize};

use crate::commands::run;

/// A run's `config.json`.
pub type Settings = run::Settings<ModelSettings, Training>;

/// What the weights were trained on, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    pub source: Source,
    pub limit: Option<usize>,
    /// SHA-256 of words and tags.
    pub train_fingerprint: String,
    pub dev_fingerprint: String,
    pub min_count: usize,
    pub batch_size: usize,
    pub fit: FitConfig,
}

/// Where the sentences come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A folder or a file; the notebook's two sentences if there is none.
    pub data: Option<PathBuf>,
    /// What to judge by, instead of what `data` has for that.
    pub dev: Option<PathBuf>,
    /// The share of the training sentences that stands in if neither has any.
    pub valid_split: f64,
}

impl Source {
    pub fn open(&self) -> anyhow::Result<TaggedCorpus> {
        let Some(data) = &self.data else {
            let sentences = notebook_sentences();
            return Ok(TaggedCorpus {
                train: sentences.clone(),
                dev: sentences,
            });
        };
        let corpus = match &self.dev {
            Some(dev) => TaggedCorpus {
                train: TaggedCorpus::read_train(data)?,
                dev: TaggedCorpus::read_dev(dev)?,
            },
            None => TaggedCorpus::open(data)?.with_dev_share(self.valid_split),
        };
        ensure!(
            !corpus.train.is_empty() && !corpus.dev.is_empty(),
            "{}: {} sentences to train on and {} to evaluate on, expected at least one of each; \
             give others with --dev, or another --valid-split",
            data.display(),
            corpus.train.len(),
            corpus.dev.len()
        );
        Ok(corpus)
    }

    /// The sentences to evaluate on alone.
    pub fn dev(&self) -> anyhow::Result<Vec<Sentence>> {
        match &self.dev {
            Some(dev) => Ok(TaggedCorpus::read_dev(dev)?),
            None => Ok(self.open()?.dev),
        }
    }
}

/// What the model is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    pub vocab_size: usize,
    pub embedding_size: usize,
    pub hidden_size: usize,
    pub proj_size: Option<usize>,
    pub num_layers: usize,
    pub bias: bool,
    pub bidirectional: bool,
    pub dropout: f64,
    pub num_tags: usize,
}

impl ModelSettings {
    /// The model, with weights to be trained.
    pub fn init(&self, device: &Device) -> anyhow::Result<LstmTagger> {
        Ok(self.config(RecurrentInit::Orthogonal)?.init(device))
    }

    pub fn config(&self, init: RecurrentInit) -> anyhow::Result<LstmTaggerConfig> {
        let mut rnn = LstmConfig::new(self.embedding_size, self.hidden_size)
            .with_num_layers(self.num_layers)
            .with_bias(self.bias)
            .with_bidirectional(self.bidirectional)
            .with_dropout(self.dropout)
            .with_recurrent_init(init)
            .with_forget_bias(1.0);
        if let Some(size) = self.proj_size {
            rnn = rnn.with_proj_size(size);
        }
        rnn.validate()?;
        Ok(LstmTaggerConfig {
            vocab_size: self.vocab_size,
            rnn,
            num_tags: self.num_tags,
        })
    }
}

/// A trained tagger, with what it needs to be used.
pub struct Trained {
    pub run: RunDir,
    pub settings: Settings,
    pub words: Vocab,
    pub tags: Vocab,
    pub model: LstmTagger,
}

impl Trained {
    pub fn open(path: &Path, device: &Device) -> anyhow::Result<Self> {
        let (run, settings) = run::open::<Settings>(path, "tagger")?;
        let model = &settings.model;
        let words = run.read_vocab(model.vocab_size)?;
        let tags = run.read_tags(model.num_tags)?;
        let training = settings.training.as_ref();
        ensure!(
            words.unk_id().is_some() || training.is_none_or(|training| training.min_count < 2),
            "{}: vocab.json has no symbol for unknown words",
            path.display()
        );
        // Without orthogonal weights, which would take time to make and be replaced.
        let config = model
            .config(RecurrentInit::Uniform)
            .with_context(|| format!("{}: no model", path.display()))?;
        run.check_size(config.rnn.num_params())?;
        let model = run.load_model(config.init(device))?;
        Ok(Self {
            run,
            settings,
            words,
            tags,
            model,
        })
    }
}
