use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use rnn_data::{Sentence, TaggedCorpus, TaggedItem, Vocab, notebook_sentences};
use rnn_train::FitConfig;
use rnn_train::data::fingerprint_sentences;
use serde::{Deserialize, Serialize};

use super::args::TaggerArgs;
use crate::tasks::settings::InitFrom;
use crate::ui::Grouped;

/// Sentences per batch in evaluation.
pub const EVAL_BATCH: usize = 64;

/// The part of `config.json` about the training: its data and settings.
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

impl Training {
    /// The settings of a new training. Its fingerprints are empty until the sentences have been
    /// read.
    pub fn new(args: &TaggerArgs, fit: FitConfig) -> anyhow::Result<Self> {
        // Absolute, since `eval` may be called from elsewhere.
        let absolute = |path: &Option<PathBuf>| path.as_deref().map(std::path::absolute);
        Ok(Self {
            source: Source {
                data: absolute(&args.data).transpose()?,
                dev: absolute(&args.dev).transpose()?,
                valid_split: args.valid_split,
            },
            limit: args.limit,
            train_fingerprint: String::new(),
            dev_fingerprint: String::new(),
            min_count: args.min_count(),
            batch_size: args.batch_size,
            fit,
        })
    }
}

/// The source of the sentences.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A folder or a file; `None` for the notebook's two sentences.
    pub data: Option<PathBuf>,
    /// The sentences to evaluate on, instead of those in `data`.
    pub dev: Option<PathBuf>,
    /// The share of the training sentences to evaluate on if neither of the two has dev sentences.
    pub valid_split: f64,
}

impl Source {
    fn open(&self) -> anyhow::Result<TaggedCorpus> {
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

    /// Reads only the sentences to evaluate on.
    pub fn dev(&self) -> anyhow::Result<Vec<Sentence>> {
        match &self.dev {
            Some(dev) => Ok(TaggedCorpus::read_dev(dev)?),
            None => Ok(self.open()?.dev),
        }
    }
}

/// The vocabularies of a tagger.
#[derive(Clone)]
pub struct Symbols {
    pub words: Vocab,
    pub tags: Vocab,
}

impl Symbols {
    /// Encodes sentences as ids. An error names the sentence with a word or a tag that has no id.
    pub fn encode(&self, sentences: &[Sentence]) -> anyhow::Result<Vec<TaggedItem>> {
        let items = sentences.iter().enumerate().map(|(index, sentence)| {
            TaggedItem::encode(sentence, &self.words, &self.tags).with_context(|| {
                let text = sentence.words.join(" ");
                let text: String = text.chars().take(60).collect();
                format!(
                    "sentence {}, {text:?}, with the words and tags of the run",
                    index + 1
                )
            })
        });
        items.collect()
    }
}

/// The sentences of a training, with their vocabularies.
pub struct TaggedData {
    pub corpus: TaggedCorpus,
    pub symbols: Symbols,
}

impl TaggedData {
    /// Reads the sentences of a training, from `path` if it is given.
    pub fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<Self> {
        let mut source = training.source.clone();
        if let Some(path) = path {
            source.data = Some(path.to_owned());
        }
        let mut corpus = source.open()?;
        if let Some(limit) = training.limit {
            corpus.train.truncate(limit);
        }
        let words = Vocab::builder()
            .with_unk("<unk>")
            .with_min_count(training.min_count)
            .words(corpus.train.iter().flat_map(|sentence| &sentence.words));
        // A tag that occurs only in the dev sentences can't be learnt, but needs an id for
        // evaluation.
        let all = corpus.train.iter().chain(&corpus.dev);
        let tags = Vocab::words(all.flat_map(|sentence| &sentence.tags));
        Ok(Self {
            corpus,
            symbols: Symbols { words, tags },
        })
    }

    pub fn fingerprints(&self) -> Vec<String> {
        let of = |sentences: &[Sentence]| fingerprint_sentences(sentences);
        vec![of(&self.corpus.train), of(&self.corpus.dev)]
    }

    /// Describes the numbers of sentences.
    pub fn describe(&self, training: &Training) -> String {
        let dev = match training.source.data {
            Some(_) => format!("{} to evaluate on", Grouped(self.corpus.dev.len())),
            None => "evaluated on the same".to_owned(),
        };
        format!("{} to train on, {dev}", Grouped(self.corpus.train.len()))
    }

    /// Describes the numbers of known words and tags, and of words that are too rare to be known.
    pub fn describe_symbols(&self, training: &Training, origin: Option<&InitFrom>) -> String {
        let tags = self.symbols.tags.len();
        // Without `<unk>`.
        let known = self.symbols.words.len() - usize::from(self.symbols.words.unk_id().is_some());
        if let Some(origin) = origin {
            let origin = origin.path.display();
            return format!(
                "{} words, {tags} tags, if not new those of {origin}",
                Grouped(known)
            );
        }
        let all = self.corpus.train.iter();
        let all = all.flat_map(|sentence| &sentence.words);
        let distinct = all.collect::<HashSet<_>>().len();
        let rare = match distinct - known.min(distinct) {
            0 => String::new(),
            rare => format!(
                "; {} more come less than {} times and\n{:11}count as unknown (--min-count)",
                Grouped(rare),
                training.min_count,
                ""
            ),
        };
        format!("{} words, {tags} tags{rare}", Grouped(known))
    }
}
