use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rnn_data::Mnist;
use serde::{Deserialize, Serialize};

use super::train_args::{FitArgs, RunArgs};
use super::values::{epochs, items, layers, share, size};

#[derive(Debug, Subcommand)]
pub enum MnistCommand {
    /// Train a classifier and evaluate it on the test images
    Train(Box<MnistTrainArgs>),
    /// Evaluate a trained classifier on test images
    Eval(MnistEvalArgs),
    /// Name the digits in pictures of your own (PNG or JPEG, any size)
    Predict(MnistPredictArgs),
}

#[derive(Args, Debug, Serialize)]
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
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub bidirectional: bool,
    /// Share of the training images kept for validation after each epoch, 0 to below 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share)]
    pub valid_split: f64,
    /// Use only the first N training images [default: all]
    #[arg(long, value_name = "N", value_parser = items)]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub fit: FitArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Args, Debug)]
pub struct MnistEvalArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    #[command(flatten)]
    pub source: SourceArgs,
}

#[derive(Args, Debug)]
pub struct MnistPredictArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    /// Pictures of one digit each, dark on light or light on dark
    #[arg(required = true, value_name = "PICTURE")]
    pub pictures: Vec<PathBuf>,
}

/// Where the images come from.
#[derive(Args, Clone, Debug, Serialize)]
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

impl CellKind {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }
}

/// The activation of a simple recurrent network by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nonlinearity {
    /// Hyperbolic tangent
    #[default]
    Tanh,
    /// Rectified linear units
    Relu,
}

/// How to start and to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Orthogonal recurrent weights, one-cycle learning rate, gradients clipped at norm 1
    Tuned,
    /// Adam at 0.001 from PyTorch's initial weights
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
    /// What may stand beside `--resume`: where the data are, which must be the same.
    pub const BESIDE_RESUME: &[&str] = &["data"];

    /// Whether anything was said.
    pub fn is_given(&self) -> bool {
        self.dataset.is_some() || self.data.is_some()
    }
}

/// The number of classes that all three datasets have.
pub const NUM_CLASSES: usize = Mnist::NUM_CLASSES;
