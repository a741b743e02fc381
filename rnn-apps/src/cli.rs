//! The command line, as types.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rnn_data::Mnist;
use serde::{Deserialize, Serialize};

/// Recurrent networks in Rust: a tour of them, training and evaluation.
///
/// Without a command it gives the tour: offline, on data it draws itself, in 15 seconds.
#[derive(Debug, Parser)]
#[command(name = "rnn-apps", version, arg_required_else_help = false)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The tour: shapes, hihell → ihello, handwritten digits
    Tour,
    /// What goes into nn.RNN and nn.LSTM and what comes out, with numbers to see
    Shapes,
    /// Teach an RNN to turn `hihell` into `ihello`, character by character
    Hihello(HihelloArgs),
    /// Read images row by row and name what they show
    #[command(subcommand)]
    Mnist(MnistCommand),
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Where to compute
    #[arg(
        long,
        help = "Where to compute: cuda[:N], libtorch:cuda[:N], wgpu, libtorch, flex or ndarray; \
                auto is the first of these that is compiled in and present",
        global = true,
        default_value = "auto",
        value_name = "NAME",
        value_parser = |name: &str| rnn_train::check_device_name(name)
    )]
    pub device: String,
    /// Threads for flex and libtorch; ndarray has one [default: as many as processors]
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// What all randomness comes from: weights, order of the data, dropout, samples
    #[arg(long, global = true, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Print the results as one JSON object on the last line
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but errors (and the JSON line, if asked for)
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Args, Clone, Debug)]
pub struct HihelloArgs {
    /// Passes over the one word there is
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = epochs)]
    pub epochs: usize,
    /// Size of the hidden state
    #[arg(long, default_value_t = 3, value_name = "H", value_parser = size)]
    pub hidden_size: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = 0.1, value_name = "RATE", value_parser = rate)]
    pub learning_rate: f64,
}

#[derive(Debug, Subcommand)]
pub enum MnistCommand {
    /// Train a classifier and evaluate it on the test images
    Train(MnistTrainArgs),
    /// Evaluate a trained classifier on test images
    Eval(MnistEvalArgs),
}

#[derive(Args, Debug)]
pub struct MnistTrainArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// The recurrent network
    #[arg(long, value_enum, default_value_t = CellKind::Lstm)]
    pub cell: CellKind,
    /// How to start and to step
    #[arg(long, value_enum, default_value_t = Recipe::Tuned)]
    pub recipe: Recipe,
    /// Passes over the training images
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = epochs)]
    pub epochs: usize,
    /// Images per step
    #[arg(long, default_value_t = 64, value_name = "B", value_parser = items)]
    pub batch_size: usize,
    /// Size of the hidden state
    #[arg(long, default_value_t = 128, value_name = "H", value_parser = size)]
    pub hidden_size: usize,
    /// Recurrent layers
    #[arg(long, default_value_t = 2, value_name = "L", value_parser = layers)]
    pub num_layers: usize,
    /// Probability of dropping a feature between layers, 0 to below 1
    #[arg(long, default_value_t = 0.0, value_name = "P", value_parser = share)]
    pub dropout: f64,
    /// Also read the images from bottom to top
    #[arg(long)]
    pub bidirectional: bool,
    /// Adam's learning rate, the highest of the schedule [default: notebook 0.001; tuned 0.002 for
    /// rnn, else 0.004]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub learning_rate: Option<f64>,
    /// Largest joint norm of all gradients [default: tuned 1; notebook no limit]
    #[arg(long, value_name = "NORM", value_parser = rate)]
    pub clip_norm: Option<f64>,
    /// Share of the training images kept for validation after each epoch, 0 to below 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share)]
    pub valid_split: f64,
    /// Use only the first N training images [default: all]
    #[arg(long, value_name = "N", value_parser = items)]
    pub limit: Option<usize>,
    /// The folder to make for the run; one that is not empty is refused
    /// [default: the next free runs/mnist-N]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct MnistEvalArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Where the images come from.
#[derive(Args, Clone, Debug)]
pub struct SourceArgs {
    /// A dataset by name [default: strokes; for eval what the run was trained on]
    #[arg(long, value_enum, conflicts_with = "data")]
    pub dataset: Option<Dataset>,
    /// A folder with MNIST's four IDX files (plain or .gz), or torchvision's root folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// A dataset by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// 10,000 digits that the program draws itself
    Strokes,
    /// Handwritten digits; looked for in $RNN_DATA/mnist, data/mnist
    Mnist,
    /// Clothes; looked for in $RNN_DATA/fashion-mnist, data/fashion-mnist and where Debian's
    /// dataset-fashion-mnist puts them
    FashionMnist,
}

/// A recurrent cell by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// The simple recurrent network
    Rnn,
    /// Long short-term memory
    Lstm,
    /// The gated recurrent unit
    Gru,
}

/// How to start and to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Orthogonal recurrent weights, one-cycle learning rate, gradients clipped at norm 1
    Tuned,
    /// Plain Adam at 0.001 from PyTorch's initial weights
    Notebook,
}

impl Recipe {
    /// Adam's (highest) learning rate if none is given.
    pub fn learning_rate(self, cell: CellKind) -> f64 {
        match (self, cell) {
            (Self::Notebook, _) => 1e-3,
            (Self::Tuned, CellKind::Rnn) => 2e-3,
            (Self::Tuned, CellKind::Lstm | CellKind::Gru) => 4e-3,
        }
    }
}

impl SourceArgs {
    /// Whether anything was said.
    pub fn is_given(&self) -> bool {
        self.dataset.is_some() || self.data.is_some()
    }
}

/// The number of classes that all three datasets have.
pub const NUM_CLASSES: usize = Mnist::NUM_CLASSES;

/// A whole number from 1 to `most`.
fn count(text: &str, most: usize) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(format!("expected a whole number from 1 to {most}")),
    }
}

// What lies beyond these limits is a slip of the finger, and would otherwise end in a failed
// allocation or a run that never does.

fn epochs(text: &str) -> Result<usize, String> {
    count(text, 1_000_000)
}

fn items(text: &str) -> Result<usize, String> {
    count(text, 100_000_000)
}

fn size(text: &str) -> Result<usize, String> {
    count(text, 8_192)
}

fn layers(text: &str) -> Result<usize, String> {
    count(text, 64)
}

fn threads(text: &str) -> Result<usize, String> {
    count(text, 1_024)
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x > 0.0 && x.is_finite() => Ok(x),
        _ => Err("expected a number above 0".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if (0.0..1.0).contains(&x) => Ok(x),
        _ => Err("expected a number from 0 to below 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_flags_stand_before_or_after_the_command() {
        for line in ["rnn-apps --seed 7 hihello", "rnn-apps hihello --seed 7"] {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            assert_eq!(cli.common.seed, 7);
        }
    }

    #[test]
    fn numbers_out_of_range_are_wrong_usage() {
        for line in [
            "rnn-apps mnist train --epochs 0",
            "rnn-apps mnist train --dropout 1",
            "rnn-apps mnist train --learning-rate -1",
            "rnn-apps mnist train --dataset strokes --data x",
            "rnn-apps --device abacus",
            "rnn-apps --threads 0",
            "rnn-apps --threads 99999999999999",
            "rnn-apps mnist train --batch-size 18446744073709551615",
            "rnn-apps mnist train --hidden-size 18446744073709551615",
            "rnn-apps mnist train --epochs 18446744073709551615",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
