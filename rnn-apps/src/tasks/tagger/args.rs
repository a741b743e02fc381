use std::path::PathBuf;

use clap::{Args, Subcommand};
use rnn_train::FitConfig;
use rnn_train::optim::Schedule;
use serde::Serialize;

use crate::cli::TrainedRun;
use crate::cli::values::{items, layers, share, size};

#[derive(Debug, Subcommand)]
pub enum TaggerAction {
    /// Evaluate a trained tagger
    Eval(TaggerEvalArgs),
    /// Tag sentences
    Tag(TaggerTagArgs),
}

#[derive(Args, Debug, Serialize)]
pub struct TaggerArgs {
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
}

impl TaggerArgs {
    /// The least number of occurrences of a known word. It is 1 for the notebook's two sentences,
    /// in which words occur only once or twice.
    pub fn min_count(&self) -> usize {
        let default = if self.data.is_some() { 2 } else { 1 };
        self.min_count.unwrap_or(default)
    }

    /// The default settings for training a tagger.
    pub fn fit(&self) -> FitConfig {
        FitConfig {
            learning_rate: 0.01,
            schedule: Schedule::OneCycle,
            clip_norm: Some(1.0),
            ..FitConfig::new(5)
        }
    }
}

#[derive(Args, Debug)]
pub struct TaggerEvalArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// Tagged sentences: a file, or a folder with one that has `dev` in its name
    /// [default: what the run was evaluated on]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct TaggerTagArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// Sentences, each in quotes; punctuation may touch the words, unknown words get a `?`
    #[arg(value_name = "SENTENCE", required_unless_present = "file")]
    pub sentences: Vec<String>,
    /// A file with a sentence per line; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "sentences")]
    pub file: Option<PathBuf>,
}
