use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rnn_train::FitConfig;
use rnn_train::optim::Schedule;
use serde::{Deserialize, Serialize};

use crate::cli::TrainedRun;
use crate::cli::values::{items, layers, share, size};
use crate::tasks::recurrent::{CellKind, WeightInit};

#[derive(Debug, Subcommand)]
pub enum MnistAction {
    /// Evaluate a trained classifier on test images
    Eval(MnistEvalArgs),
    /// Name the digits in pictures of your own (PNG, JPEG or BMP, any size)
    Predict(MnistPredictArgs),
}

#[derive(Args, Debug, Serialize)]
pub struct MnistArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// The recurrent network
    #[arg(long, value_enum, default_value_t = CellKind::Lstm)]
    pub cell: CellKind,
    /// How to start and to step
    #[arg(long, value_enum, default_value_t = Recipe::Tuned)]
    pub recipe: Recipe,
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
}

impl MnistArgs {
    /// The dataset by name; `None` if a folder is given.
    pub fn dataset(&self) -> Option<Dataset> {
        match &self.source.data {
            Some(_) => None,
            None => self.source.dataset.or(Some(Dataset::Strokes)),
        }
    }
}

#[derive(Args, Debug)]
pub struct MnistEvalArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    #[command(flatten)]
    pub source: SourceArgs,
}

#[derive(Args, Debug)]
pub struct MnistPredictArgs {
    #[command(flatten)]
    pub run: TrainedRun,
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
    /// The initialisation of the recurrent weights.
    pub fn weight_init(self) -> WeightInit {
        match self {
            Self::Tuned => WeightInit::Tuned,
            Self::Notebook => WeightInit::Uniform,
        }
    }

    /// The default settings for training a network with this cell.
    pub fn fit(self, cell: CellKind) -> FitConfig {
        let config = FitConfig::new(3);
        match self {
            Self::Notebook => config,
            Self::Tuned => FitConfig {
                learning_rate: match cell {
                    CellKind::Rnn => 2e-3,
                    CellKind::Lstm | CellKind::Gru => 4e-3,
                },
                schedule: Schedule::OneCycle,
                clip_norm: Some(1.0),
                ..config
            },
        }
    }
}

impl SourceArgs {
    /// Whether either flag was given.
    pub fn is_given(&self) -> bool {
        self.dataset.is_some() || self.data.is_some()
    }
}
