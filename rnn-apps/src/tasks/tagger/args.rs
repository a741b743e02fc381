use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rnn_data::tagged::{Label, LabelError};
use rnn_train::FitConfig;
use rnn_train::optim::{Optimizer, Schedule};
use serde::{Deserialize, Serialize};

use crate::cli::TrainedRun;
use crate::cli::values::{factor, items, layers, share, size};

#[derive(Debug, Subcommand)]
pub enum TaggerAction {
    /// Evaluate a trained tagger
    Eval(TaggerEvalArgs),
    /// Tag sentences
    Tag(TaggerTagArgs),
}

#[derive(Args, Debug, Serialize)]
pub struct TaggerArgs {
    /// Tagged sentences, as CoNLL-U, columns or word/TAG lines, plain or .gz: a folder with files whose
    /// names have `train` in them (and `dev`, and `test`), or a file [default: the notebook's two
    /// sentences]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// A treebank by name
    #[arg(long, value_enum, conflicts_with = "data")]
    pub dataset: Option<Dataset>,
    /// Sentences to evaluate on [default: the folder's, or else a share of the training sentences]
    #[arg(long, value_name = "FILE", requires = "data")]
    pub dev: Option<PathBuf>,
    /// That share, above 0 to below 1, from the end: at least one sentence
    #[arg(long, default_value_t = 0.1, value_name = "SHARE", value_parser = share)]
    pub valid_split: f64,
    /// What is a word's tag: upos or xpos of CoNLL-U, the number of a column from 1, or auto: upos, and
    /// the last of other columns
    #[arg(long, default_value_t = Label::Auto, value_name = "LABEL", value_parser = label)]
    pub label: Label,
    /// Words that occur less often count as unknown, and characters that occur once unless this is 1
    /// [default: 2; 1 without --data]
    #[arg(long, value_name = "N", value_parser = items)]
    pub min_count: Option<usize>,
    /// Know words whatever their case; characters keep it [default: true where the model reads
    /// characters; false with --no-chars and without --data]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub lowercase: Option<bool>,
    /// Know words with other digits in the same places; characters keep them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub digits: bool,
    /// Sentences per step, on average: those of a step have similar lengths, and each step has as many
    /// words as B sentences of mean length
    #[arg(long, default_value_t = 24, value_name = "B", value_parser = items)]
    pub batch_size: usize,
    /// Size of a word's embedding
    #[arg(long, default_value_t = 100, value_name = "E", value_parser = size)]
    pub embedding_size: usize,
    /// Pretrained embeddings to start from, as text (GloVe, word2vec, fastText .vec), plain or .gz, of
    /// that size
    #[arg(long, value_name = "FILE")]
    pub vectors: Option<PathBuf>,
    /// Know words by their ids alone, without their characters
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub no_chars: bool,
    /// Size of a character's embedding
    #[arg(long, default_value_t = 32, value_name = "E", value_parser = size)]
    pub char_embedding_size: usize,
    /// Size of the hidden state of the LSTM that reads a word's characters, in each direction
    #[arg(long, default_value_t = 64, value_name = "H", value_parser = size)]
    pub char_hidden_size: usize,
    /// Size of the hidden state
    #[arg(long, default_value_t = 200, value_name = "H", value_parser = size)]
    pub hidden_size: usize,
    /// LSTM layers
    #[arg(long, default_value_t = 2, value_name = "L", value_parser = layers)]
    pub num_layers: usize,
    /// Also read the sentences from their end
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = true, hide_default_value = true, value_name = "BOOL")]
    pub bidirectional: bool,
    /// Choose the tags of a sentence together, by a conditional random field
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub crf: bool,
    /// Probability of dropping a feature of a word, 0 to below 1
    #[arg(long, default_value_t = 0.4, value_name = "P", value_parser = share)]
    pub input_dropout: f64,
    /// The same between layers [default: 0.5; 0 with one layer]
    #[arg(long, value_name = "P", value_parser = share)]
    pub dropout: Option<f64>,
    /// The same before the output layer
    #[arg(long, default_value_t = 0.5, value_name = "P", value_parser = share)]
    pub output_dropout: f64,
    /// Make a word unknown in training with probability A / (A + how often it comes), which teaches what
    /// to do with unknown words; 0 for never
    #[arg(long, default_value_t = 10.0, value_name = "A", value_parser = factor)]
    pub word_dropout: f64,
    /// Use only the first N training sentences [default: all]
    #[arg(long, value_name = "N", value_parser = items)]
    pub limit: Option<usize>,
}

fn label(text: &str) -> Result<Label, String> {
    text.parse().map_err(|error: LabelError| error.to_string())
}

impl TaggerArgs {
    /// The least number of occurrences of a known word. It is 1 for the notebook's two sentences,
    /// in which words occur only once or twice.
    pub fn min_count(&self) -> usize {
        let default = if self.has_data() { 2 } else { 1 };
        self.min_count.unwrap_or(default)
    }

    /// Whether there are data other than the notebook's two sentences.
    fn has_data(&self) -> bool {
        self.data.is_some() || self.dataset.is_some()
    }

    /// Whether words are known whatever their case. The notebook's two sentences have their words as they
    /// are written.
    pub fn lowercase(&self) -> bool {
        let default = self.has_data() && !self.no_chars;
        self.lowercase.unwrap_or(default)
    }

    /// The probability of dropping a feature between layers.
    pub fn dropout(&self) -> f64 {
        let default = if self.num_layers > 1 { 0.5 } else { 0.0 };
        self.dropout.unwrap_or(default)
    }

    /// The default settings for training a tagger.
    pub fn fit(&self) -> FitConfig {
        FitConfig {
            learning_rate: 0.004,
            optimizer: Optimizer::AdamW { weight_decay: 0.1 },
            schedule: Schedule::OneCycle,
            clip_norm: Some(5.0),
            ..FitConfig::new(14)
        }
    }
}

#[derive(Args, Debug)]
pub struct TaggerEvalArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// Tagged sentences: a file, or a folder with one that has `dev` (or `test`: --part) in its name
    /// [default: what the run was evaluated on]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Which of the sentences in the folder of --data
    #[arg(long, value_enum, default_value_t = Part::Dev, value_name = "PART", requires = "data")]
    pub part: Part,
    /// What is a word's tag in --data [default: as in the training]
    #[arg(long, value_name = "LABEL", value_parser = label, requires = "data")]
    pub label: Option<Label>,
    /// Sentences that are tagged together
    #[arg(long, default_value_t = 64, value_name = "B", value_parser = items)]
    pub batch_size: usize,
}

/// A treebank by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// English as people write it, of Universal Dependencies 2.16: 14,545 sentences; found under $RNN_DATA and
    /// data, or downloaded (16 MB) into $RNN_CACHE or the user's cache
    UdEnglishEwt,
}

impl Dataset {
    pub fn name(self) -> &'static str {
        match self {
            Self::UdEnglishEwt => "ud-english-ewt",
        }
    }
}

/// A part of a corpus to evaluate on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The development set
    Dev,
    /// The test set
    Test,
}

#[derive(Args, Debug)]
pub struct TaggerTagArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// Sentences, each in quotes; punctuation may touch the words, unknown words get a `?`
    #[arg(value_name = "SENTENCE", required_unless_present = "file")]
    pub sentences: Vec<String>,
    /// A file with a sentence per line, or CoNLL-U, plain or .gz; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "sentences")]
    pub file: Option<PathBuf>,
    /// What the file holds [default: conllu if it is named so, else text]
    #[arg(long, value_enum, value_name = "FORMAT", requires = "file")]
    pub input: Option<InputFormat>,
    /// The field of CoNLL-U that the tags are written to: upos, xpos or its number [default: xpos for a
    /// run of --label xpos, else upos]
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub label: Option<Label>,
    /// How to write the tags [default: conllu if the input is, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<OutputFormat>,
    /// Write the probability of each tag
    #[arg(long)]
    pub probabilities: bool,
    /// Write the N most probable tags of each word with their probabilities
    #[arg(long, value_name = "N", value_parser = items)]
    pub n_best: Option<usize>,
    /// The most sentences that are tagged together. Fewer are if no more have come: none waits for others
    #[arg(long, default_value_t = 64, value_name = "B", value_parser = items)]
    pub batch_size: usize,
}

/// What a file of sentences to tag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// A sentence per line, as people write it
    Text,
    /// CoNLL-U, whose words are taken as they are
    Conllu,
}

/// How tagged sentences are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// word/TAG, a sentence per line
    Text,
    /// A JSON object per sentence
    Jsonl,
    /// CoNLL-U: the input with its tags replaced, or, of text, words and tags alone
    Conllu,
}
