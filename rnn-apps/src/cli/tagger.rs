use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::train_args::{FitArgs, RunArgs};
use super::values::{epochs, items, layers, rate, share, size};

#[derive(Args, Debug)]
pub struct TaggerArgs {
    #[command(subcommand)]
    pub command: Option<TaggerCommand>,
    #[command(flatten)]
    pub two_sentences: TwoSentencesArgs,
}

/// Without a subcommand: the notebook's two sentences.
#[derive(Args, Clone, Debug)]
pub struct TwoSentencesArgs {
    /// Passes over the two sentences [default: 30]
    #[arg(long, value_name = "N", value_parser = epochs)]
    epochs: Option<usize>,
    /// Size of a word's embedding [default: 6]
    #[arg(long, value_name = "E", value_parser = size)]
    embedding_size: Option<usize>,
    /// Size of the hidden state [default: 3]
    #[arg(long, value_name = "H", value_parser = size)]
    hidden_size: Option<usize>,
    /// Adam's learning rate [default: 0.1]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    learning_rate: Option<f64>,
}

impl TaggerArgs {
    /// The first flag of the two sentences that stands before a subcommand, where it means nothing.
    /// (Clap's own check would refuse the common flags there too.)
    pub fn misplaced(&self) -> Option<&'static str> {
        self.command.as_ref()?;
        let TwoSentencesArgs {
            epochs,
            embedding_size,
            hidden_size,
            learning_rate,
        } = &self.two_sentences;
        [
            ("--epochs", epochs.is_some()),
            ("--embedding-size", embedding_size.is_some()),
            ("--hidden-size", hidden_size.is_some()),
            ("--learning-rate", learning_rate.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

impl TwoSentencesArgs {
    pub fn epochs(&self) -> usize {
        self.epochs.unwrap_or(30)
    }

    pub fn embedding_size(&self) -> usize {
        self.embedding_size.unwrap_or(6)
    }

    pub fn hidden_size(&self) -> usize {
        self.hidden_size.unwrap_or(3)
    }

    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(0.1)
    }
}

#[derive(Debug, Subcommand)]
pub enum TaggerCommand {
    /// Train a tagger and evaluate it
    Train(Box<TaggerTrainArgs>),
    /// Evaluate a trained tagger
    Eval(TaggerEvalArgs),
    /// Tag sentences
    Tag(TaggerTagArgs),
}

#[derive(Args, Debug, Serialize)]
pub struct TaggerTrainArgs {
    /// Tagged sentences, as CoNLL-U or word/TAG lines, plain or .gz: a folder with a file whose name
    /// has `train` in it (and one with `dev`), or a file [default: the notebook's two sentences]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Sentences to evaluate on [default: the folder's, or else a share of the training sentences]
    #[arg(long, value_name = "FILE", requires = "data")]
    pub dev: Option<PathBuf>,
    /// That share, 0 to below 1, from the end
    #[arg(long, default_value_t = 0.1, value_name = "SHARE", value_parser = share)]
    pub valid_split: f64,
    /// Words that occur less often count as unknown [default: 2; 1 without --data]
    #[arg(long, value_name = "N", value_parser = items)]
    pub min_count: Option<usize>,
    /// Passes over the training sentences
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = epochs)]
    pub epochs: usize,
    /// Sentences per step
    #[arg(long, default_value_t = 32, value_name = "B", value_parser = items)]
    pub batch_size: usize,
    /// Size of a word's embedding
    #[arg(long, default_value_t = 100, value_name = "E", value_parser = size)]
    pub embedding_size: usize,
    /// Size of the hidden state
    #[arg(long, default_value_t = 128, value_name = "H", value_parser = size)]
    pub hidden_size: usize,
    /// LSTM layers
    #[arg(long, default_value_t = 1, value_name = "L", value_parser = layers)]
    pub num_layers: usize,
    /// Probability of dropping a feature between layers, 0 to below 1
    #[arg(long, default_value_t = 0.0, value_name = "P", value_parser = share)]
    pub dropout: f64,
    /// Also read the sentences from their end
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub bidirectional: bool,
    /// Use only the first N training sentences [default: all]
    #[arg(long, value_name = "N", value_parser = items)]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub fit: FitArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

impl TaggerTrainArgs {
    /// What may stand beside `--resume`: where the data are, which must be the same.
    pub const BESIDE_RESUME: &[&str] = &["data"];
}

#[derive(Args, Debug)]
pub struct TaggerEvalArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    /// Tagged sentences: a file, or a folder with one that has `dev` in its name
    /// [default: what the run was evaluated on]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct TaggerTagArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    /// Sentences, each in quotes; punctuation may touch the words, unknown words get a `?`
    #[arg(value_name = "SENTENCE", required_unless_present = "file")]
    pub sentences: Vec<String>,
    /// A file with a sentence per line; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "sentences")]
    pub file: Option<PathBuf>,
}
