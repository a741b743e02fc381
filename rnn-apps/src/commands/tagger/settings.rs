use std::path::PathBuf;

use anyhow::ensure;
use burn::tensor::Device;
use rnn_data::{Sentence, TaggedCorpus, notebook_sentences};
use rnn_model::{LstmConfig, LstmTagger, LstmTaggerConfig, RecurrentInit};
use rnn_train::{FitConfig, RunDir};
use serde::{Deserialize, Serialize};

/// A run's `config.json`: everything that its weights and numbers depend on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `tagger`
    pub command: String,
    /// Versions of this program and of Burn.
    pub version: String,
    pub burn: String,
    pub source: Source,
    pub limit: Option<usize>,
    /// SHA-256 of words and tags.
    pub train_fingerprint: String,
    pub dev_fingerprint: String,
    pub min_count: usize,
    pub model: ModelSettings,
    pub batch_size: usize,
    pub fit: FitConfig,
    pub device: String,
    pub threads: usize,
    pub seed: u64,
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
        let mut corpus = TaggedCorpus::open(data)?;
        if let Some(dev) = &self.dev {
            corpus.dev = rnn_data::read_tagged(dev)?;
        }
        let corpus = corpus.with_dev_share(self.valid_split);
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

    pub fn dev(&self) -> anyhow::Result<Vec<Sentence>> {
        match &self.dev {
            Some(dev) => Ok(rnn_data::read_tagged(dev)?),
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
    pub num_layers: usize,
    pub bidirectional: bool,
    pub dropout: f64,
    pub num_tags: usize,
}

impl ModelSettings {
    /// The model, with weights to be trained.
    pub fn init(&self, device: &Device) -> anyhow::Result<LstmTagger> {
        self.with(RecurrentInit::Orthogonal, device)
    }

    /// The model with the run's weights.
    pub fn load(&self, run: &RunDir, device: &Device) -> anyhow::Result<LstmTagger> {
        // Without orthogonal weights, which would take time to make and be replaced.
        Ok(run.load_model(self.with(RecurrentInit::Uniform, device)?)?)
    }

    fn with(&self, init: RecurrentInit, device: &Device) -> anyhow::Result<LstmTagger> {
        let rnn = LstmConfig::new(self.embedding_size, self.hidden_size)
            .with_num_layers(self.num_layers)
            .with_bidirectional(self.bidirectional)
            .with_dropout(self.dropout)
            .with_recurrent_init(init)
            .with_forget_bias(1.0);
        rnn.validate()?;
        let config = LstmTaggerConfig {
            vocab_size: self.vocab_size,
            rnn,
            num_tags: self.num_tags,
        };
        Ok(config.init(device))
    }
}
