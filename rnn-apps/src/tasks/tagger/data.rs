use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use rnn_data::tagged::{Label, TaggedCorpus, TaggedError, WordEncoder, WordForm};
use rnn_data::{Sentence, TaggedItem, Vocab, notebook_sentences};
use rnn_train::FitConfig;
use rnn_train::data::{WordDropout, fingerprint_sentences};
use serde::{Deserialize, Serialize};

use super::args::{Dataset, TaggerArgs};
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
    // Versions before these settings read words alone, as they were written, in an order that did not look
    // at lengths.
    #[serde(default = "yes")]
    pub no_chars: bool,
    #[serde(default)]
    pub lowercase: bool,
    #[serde(default)]
    pub digits: bool,
    /// Whether sentences of similar length share a batch.
    #[serde(default)]
    pub bucketed: bool,
    /// The file of pretrained embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vectors: Option<PathBuf>,
    #[serde(default)]
    pub word_dropout: f64,
    pub batch_size: usize,
    pub fit: FitConfig,
}

fn yes() -> bool {
    true
}

impl Training {
    /// The settings of a new training. Its fingerprints are empty until the sentences have been
    /// read.
    pub fn new(args: &TaggerArgs, fit: FitConfig) -> anyhow::Result<Self> {
        // Absolute, since `eval` may be called from elsewhere.
        let absolute = |path: &Option<PathBuf>| path.as_deref().map(std::path::absolute);
        Ok(Self {
            source: Source {
                dataset: args.dataset,
                data: absolute(&args.data).transpose()?,
                dev: absolute(&args.dev).transpose()?,
                valid_split: args.valid_split,
                label: args.label,
            },
            limit: args.limit,
            train_fingerprint: String::new(),
            dev_fingerprint: String::new(),
            min_count: args.min_count(),
            no_chars: args.no_chars,
            lowercase: args.lowercase(),
            digits: args.digits,
            bucketed: true,
            vectors: absolute(&args.vectors).transpose()?,
            word_dropout: args.word_dropout,
            batch_size: args.batch_size,
            fit,
        })
    }
}

/// The source of the sentences.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A treebank by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Dataset>,
    /// A folder or a file; neither of both for the notebook's two sentences.
    pub data: Option<PathBuf>,
    /// The sentences to evaluate on, instead of those in `data`.
    pub dev: Option<PathBuf>,
    /// The share of the training sentences to evaluate on if neither of the two has dev sentences.
    pub valid_split: f64,
    /// What is read as a word's tag.
    #[serde(default)]
    pub label: Label,
}

impl Source {
    /// The name of the treebank, if that is where the sentences are from.
    pub fn downloaded(&self) -> Option<&'static str> {
        match self.data {
            Some(_) => None,
            None => self.dataset.map(Dataset::name),
        }
    }

    /// Whether the sentences are the notebook's two.
    fn is_notebook(&self) -> bool {
        self.data.is_none() && self.dataset.is_none()
    }

    fn open(&self) -> anyhow::Result<TaggedCorpus> {
        let Some(data) = &self.data else {
            let sentences = notebook_sentences();
            return Ok(TaggedCorpus {
                train: sentences.clone(),
                dev: sentences,
                ..TaggedCorpus::default()
            });
        };
        let corpus = match &self.dev {
            Some(dev) => TaggedCorpus {
                train: TaggedCorpus::read_train(data, self.label)?,
                dev: TaggedCorpus::read_dev(dev, self.label)?,
                ..TaggedCorpus::default()
            },
            None => {
                let train = TaggedCorpus::read_train(data, self.label)?;
                let dev = match data.is_dir() {
                    true => TaggedCorpus::read_dev(data, self.label),
                    false => Ok(Vec::new()),
                };
                // The test set is not for training.
                let corpus = TaggedCorpus {
                    train,
                    dev: match dev {
                        Err(TaggedError::MissingFile { .. }) => Vec::new(),
                        dev => dev?,
                    },
                    ..TaggedCorpus::default()
                };
                corpus.with_dev_share(self.valid_split)
            }
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

    /// The data in words, and what is read as a word's tag.
    pub fn describe(&self) -> String {
        let name = match (&self.data, self.dataset) {
            (Some(data), _) => data.display().to_string(),
            (None, Some(dataset)) => dataset.name().to_owned(),
            (None, None) => "the notebook's two sentences".to_owned(),
        };
        let data = match &self.dev {
            Some(dev) => format!("{name}, evaluated on {}", dev.display()),
            None => name,
        };
        format!("{data}, {}", describe_label(self.label))
    }

    /// Reads only the sentences to evaluate on.
    pub fn dev(&self) -> anyhow::Result<Vec<Sentence>> {
        match &self.dev {
            Some(dev) => Ok(TaggedCorpus::read_dev(dev, self.label)?),
            None => Ok(self.open()?.dev),
        }
    }
}

/// Where a word's tag stands.
pub fn describe_label(label: Label) -> String {
    match label {
        Label::Auto => "words tagged as their format has it".to_owned(),
        Label::Upos | Label::Xpos => format!(
            "words tagged with their {}",
            label.to_string().to_uppercase()
        ),
        Label::Column(number) => format!("words tagged with their column {number}"),
    }
}

/// The vocabularies of a tagger.
#[derive(Clone)]
pub struct Symbols {
    pub words: WordEncoder,
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

/// The first few tags, for a message.
fn some(tags: &HashSet<String>) -> String {
    let mut tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    tags.sort_unstable();
    tags.truncate(10);
    tags.join(", ")
}

/// The sentences of a training, with their vocabularies.
pub struct TaggedData {
    pub corpus: TaggedCorpus,
    pub symbols: Symbols,
}

impl TaggedData {
    /// Reads the sentences of a training, from `path` if it is given.
    ///
    /// # Errors
    ///
    /// If they can't be read, or none of the tags to evaluate on can be learnt.
    pub fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<Self> {
        let mut source = training.source.clone();
        if let Some(path) = path {
            source.data = Some(path.to_owned());
        }
        let mut corpus = source.open()?;
        if let Some(limit) = training.limit {
            corpus.train.truncate(limit);
        }
        let words = corpus.train.iter().flat_map(|sentence| &sentence.words);
        let form = WordForm {
            lowercase: training.lowercase,
            digits: training.digits,
        };
        let known = |count| Vocab::builder().with_unk("<unk>").with_min_count(count);
        let vocab = known(training.min_count).words(words.clone().map(|word| form.apply(word)));
        let mut encoder = WordEncoder::new(vocab, form);
        if !training.no_chars {
            let form = WordForm::default();
            let text: String = words.map(|word| form.apply(word)).collect();
            // Some have to be unknown, for the network to learn what to do with those.
            let characters = known(training.min_count.min(2)).chars(&text);
            encoder = encoder.with_characters(characters);
        }
        // A tag that occurs only in the dev sentences can't be learnt, but needs an id for
        // evaluation.
        let tags_of = |sentences: &[Sentence]| -> HashSet<String> {
            let tags = sentences.iter().flat_map(|sentence| &sentence.tags);
            tags.cloned().collect()
        };
        let (of_train, of_dev) = (tags_of(&corpus.train), tags_of(&corpus.dev));
        ensure!(
            !of_train.is_disjoint(&of_dev),
            "none of the tags to evaluate on ({}) is one of those to train on ({}): --label says which \
             are meant",
            some(&of_dev),
            some(&of_train)
        );
        let tags = Vocab::words(of_train.union(&of_dev));
        Ok(Self {
            corpus,
            symbols: Symbols {
                words: encoder,
                tags,
            },
        })
    }

    /// What makes words of `items` unknown in training; none if nothing does.
    pub fn word_dropout(&self, training: &Training, items: &[TaggedItem]) -> Option<WordDropout> {
        let words = self.symbols.words.words();
        let unk = words.unk_id().filter(|_| training.word_dropout > 0.0)?;
        let mut counts = vec![0; words.len()];
        for &word in items.iter().flat_map(|item| &item.sentence.words) {
            counts[word] += 1;
        }
        Some(WordDropout::new(training.word_dropout, unk, &counts))
    }

    pub fn fingerprints(&self) -> Vec<String> {
        let of = |sentences: &[Sentence]| fingerprint_sentences(sentences);
        vec![of(&self.corpus.train), of(&self.corpus.dev)]
    }

    /// Describes the numbers of sentences.
    pub fn describe(&self, training: &Training) -> String {
        let dev = match training.source.is_notebook() {
            false => format!("{} to evaluate on", Grouped(self.corpus.dev.len())),
            true => "evaluated on the same".to_owned(),
        };
        format!("{} to train on, {dev}", Grouped(self.corpus.train.len()))
    }

    /// Describes the numbers of known words and tags, and of words that are too rare to be known.
    pub fn describe_symbols(&self, training: &Training, origin: Option<&InitFrom>) -> String {
        let tags = self.symbols.tags.len();
        // Without `<unk>`.
        let words = self.symbols.words.words();
        let known = words.len() - usize::from(words.unk_id().is_some());
        if let Some(origin) = origin {
            let origin = origin.path.display();
            return format!(
                "{} words, {tags} tags, if not new those of {origin}",
                Grouped(known)
            );
        }
        let all = self.corpus.train.iter();
        let all = all.flat_map(|sentence| &sentence.words);
        let form = self.symbols.words.form();
        let distinct = all.map(|word| form.apply(word)).collect::<HashSet<_>>();
        let distinct = distinct.len();
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
