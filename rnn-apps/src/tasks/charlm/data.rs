//! The text of a training.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use rnn_data::text::{HARBOUR, InvalidUtf8, Text, TextStreams};
use rnn_data::{IdBatch, Vocab};
use rnn_train::FitConfig;
use rnn_train::data::IdLoader;
use serde::{Deserialize, Serialize};

use super::args::{CharLmArgs, Dataset, Part, Split};
use super::preset::Preset;
use crate::tasks::task::Batches;
use crate::ui::Grouped;

/// The symbol for characters that are not in the vocabulary: no character, so that none can be it.
pub const UNK: &str = "<unk>";

/// Rows in validation.
const VALID_ROWS: u64 = 16;

/// Characters of a row there at least: at its beginning the network has read little.
const VALID_ROW: u64 = 4_000;

/// Characters of a window in evaluation, which makes no difference to the result where the state is
/// carried.
pub const EVAL_WINDOW: usize = 512;

/// The part of `config.json` about the training: its text and settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    pub preset: Preset,
    /// The source of the text: a dataset's name, or a path; neither for the embedded text.
    pub dataset: Option<Dataset>,
    pub data: Option<PathBuf>,
    pub replace_invalid: bool,
    pub split: Split,
    pub valid_limit: usize,
    /// SHA-256 of the parts.
    pub train_fingerprint: String,
    pub valid_fingerprint: String,
    pub batch_size: usize,
    pub window: usize,
    pub fit: FitConfig,
}

impl Training {
    /// The settings of a new training. Its fingerprints are empty until the text has been read.
    pub fn new(args: &CharLmArgs, fit: FitConfig) -> anyhow::Result<Self> {
        args.check()?;
        // Absolute, since `eval` may be called from elsewhere.
        let data = args.source.data.as_deref().map(std::path::absolute);
        let recipe = args.recipe();
        Ok(Self {
            preset: args.preset,
            dataset: args.source.dataset,
            data: data.transpose()?,
            replace_invalid: args.replace_invalid,
            split: args.split,
            valid_limit: args.valid_limit,
            train_fingerprint: String::new(),
            valid_fingerprint: String::new(),
            batch_size: recipe.batch_size,
            window: recipe.window,
            fit,
        })
    }

    /// The name of the dataset, if that is where the text is from.
    pub fn downloaded(&self) -> Option<&'static str> {
        match self.data {
            Some(_) => None,
            None => self.dataset.map(Dataset::name),
        }
    }

    /// Opens the whole text, at `path` if it is given, where a dataset by name is too.
    pub fn open(&self, path: Option<&Path>) -> anyhow::Result<Text> {
        match path.or(self.data.as_deref()) {
            Some(path) => open(path, self.replace_invalid),
            None => Ok(Text::from_string("the embedded play", HARBOUR)),
        }
    }

    /// The parts of the text to train on and to validate on, all of it.
    pub fn parts(&self, text: &Text) -> anyhow::Result<[Text; 2]> {
        let Split { train, valid } = self.split;
        let parts = text.split(&[train, valid])?;
        let parts: Result<[Text; 2], _> = parts.try_into();
        parts.map_err(|_| anyhow::anyhow!("a split into two has two parts"))
    }

    /// Whether a text is the one that the training was on.
    pub fn is_of(&self, text: &Text) -> anyhow::Result<bool> {
        let [train, valid] = self.parts(text)?;
        let limit = valid.num_chars().min(self.valid_limit as u64);
        let found = [train.hash()?, valid.part(0..limit)?.hash()?];
        Ok(found
            == [
                self.train_fingerprint.clone(),
                self.valid_fingerprint.clone(),
            ])
    }

    /// One of the parts, all of it.
    pub fn part(&self, text: &Text, part: Part) -> anyhow::Result<Text> {
        let [train, valid] = self.parts(text)?;
        Ok(match part {
            Part::Train => train,
            Part::Valid => valid,
        })
    }
}

/// Opens a file, or a folder of `.txt` files.
pub fn open(path: &Path, replace_invalid: bool) -> anyhow::Result<Text> {
    let invalid = match replace_invalid {
        true => InvalidUtf8::Replace,
        false => InvalidUtf8::Refuse,
    };
    Ok(Text::open(path, invalid)?)
}

/// The text of a training, in its parts, with its vocabulary.
pub struct TextData {
    pub train: Text,
    /// As much of it as the training evaluates on.
    pub valid: Text,
    /// Characters that it leaves out.
    pub valid_left: u64,
    pub vocab: Vocab,
    /// Of the training, after which the state is reset in one of the evaluations.
    pub window: usize,
    fingerprints: [String; 2],
}

impl TextData {
    pub fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<Self> {
        let text = training.open(path)?;
        ensure!(
            text.num_chars() > 0,
            "{}: expected a text, found no characters",
            text.path().display()
        );
        let [train, valid] = training.parts(&text)?;
        let limit = valid.num_chars().min(training.valid_limit as u64);
        let valid_left = valid.num_chars() - limit;
        let valid = valid.part(0..limit)?;
        for (part, of) in [("training", &train), ("validation", &valid)] {
            ensure!(
                of.documents().any(|document| document.num_chars() >= 2),
                "{}: expected a {part} part with at least 2 characters of one document, found {} of the \
                 {} characters, as {} says; a longer text, or another --split, such as 0.5,0.5, has more",
                text.path().display(),
                of.num_chars(),
                text.num_chars(),
                match valid_left {
                    0 => format!("--split {}", String::from(training.split)),
                    _ => format!("--valid-limit {}", training.valid_limit),
                },
            );
        }
        let vocab = train.vocab(UNK)?;
        let fingerprints = [train.hash()?, valid.hash()?];
        Ok(Self {
            train,
            valid,
            valid_left,
            vocab,
            window: training.window,
            fingerprints,
        })
    }

    /// The same text in the vocabulary of another run.
    ///
    /// # Errors
    ///
    /// If it has characters that the vocabulary has not, and that has no symbol for them either.
    pub fn with_vocab(self, vocab: Vocab) -> anyhow::Result<Self> {
        if vocab.unk_id().is_none() {
            for part in [&self.train, &self.valid] {
                let unknown = part.count_unknown(&vocab)?;
                ensure!(
                    unknown.count == 0,
                    "{}: expected the characters of the vocabulary, which has no symbol for others, found \
                     {} others: {:?}",
                    part.path().display(),
                    Grouped(unknown.count as usize),
                    unknown.examples
                );
            }
        }
        Ok(Self { vocab, ..self })
    }

    pub fn fingerprints(&self) -> Vec<String> {
        self.fingerprints.to_vec()
    }

    /// The loaders for training and validation.
    pub fn batches(&self, training: &Training) -> anyhow::Result<Batches<IdBatch>> {
        let rows = (self.valid.num_chars() / VALID_ROW).clamp(1, VALID_ROWS);
        let valid = loader(&self.valid, &self.vocab, rows as usize, EVAL_WINDOW)?;
        let train = loader(
            &self.train,
            &self.vocab,
            training.batch_size,
            training.window,
        )?;
        Ok(Batches {
            train,
            valid: Some(valid),
        })
    }

    /// Describes the sizes of the parts; `is_known` tells that the vocabulary is that of the training part.
    pub fn describe(&self, is_known: bool) -> anyhow::Result<String> {
        let train = match is_known {
            true => String::new(),
            false => self.unknown_of(&self.train)?,
        };
        let valid = self.unknown_of(&self.valid)?;
        let left = match self.valid_left {
            0 => String::new(),
            left => format!(
                ", and {} more that --valid-limit leaves out",
                Grouped(left as usize)
            ),
        };
        let documents = match self.train.num_documents() {
            1 => String::new(),
            documents => format!(" in {} documents", Grouped(documents)),
        };
        Ok(format!(
            "{}: {} characters to train on{documents}{train}, {} to validate on{valid}{left}",
            self.train.path().display(),
            Grouped(self.train.num_chars() as usize),
            Grouped(self.valid.num_chars() as usize),
        ))
    }

    /// How many characters of a part are unknown, in words.
    fn unknown_of(&self, part: &Text) -> anyhow::Result<String> {
        let unknown = part.count_unknown(&self.vocab)?;
        Ok(match unknown.count {
            0 => String::new(),
            count => format!(
                " ({} of them unknown: {:?})",
                Grouped(count as usize),
                unknown.examples
            ),
        })
    }
}

/// Windows of a text in `rows` rows.
pub fn loader(text: &Text, vocab: &Vocab, rows: usize, window: usize) -> anyhow::Result<IdLoader> {
    let streams = TextStreams::new(text.clone(), vocab, rows, window)?;
    Ok(IdLoader::text(streams, vocab.len()))
}
