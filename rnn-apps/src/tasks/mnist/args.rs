use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rnn_train::FitConfig;
use rnn_train::config::Monitor;
use serde::{Deserialize, Serialize, Serializer};

use super::predictions;
use super::preset::{Preset, Recipe};
use crate::cli::TrainedRun;
use crate::cli::values::{
    items, layers, normalization, seed, share, share_of_all, size, strength, svg,
};
use crate::tasks::recurrent::CellKind;

#[derive(Debug, Subcommand)]
pub enum MnistAction {
    /// Evaluate a trained classifier on test images
    Eval(MnistEvalArgs),
    /// Name what is in pictures of your own (PNG, JPEG or BMP, any size) or in IDX files
    Predict(MnistPredictArgs),
}

#[derive(Args, Debug, Serialize)]
pub struct MnistArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// The recurrent network
    #[arg(long, value_enum, default_value_t = CellKind::Lstm)]
    pub cell: CellKind,
    /// What the flags below and those of the steps default to, for each cell and direction
    #[arg(long, visible_alias = "recipe", value_enum, default_value_t = Preset::Quick)]
    pub preset: Preset,
    /// Images per step [default: the preset's]
    #[arg(long, value_name = "B", value_parser = items)]
    pub batch_size: Option<usize>,
    /// Size of the hidden state [default: the preset's]
    #[arg(long, value_name = "H", value_parser = size)]
    pub hidden_size: Option<usize>,
    /// Recurrent layers [default: the preset's]
    #[arg(long, value_name = "L", value_parser = layers)]
    pub num_layers: Option<usize>,
    /// Probability of dropping a feature between layers, 0 to below 1 [default: the preset's]
    #[arg(long, value_name = "P", value_parser = share)]
    pub dropout: Option<f64>,
    /// Also read the images from bottom to top
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub bidirectional: bool,
    /// Share of the training images kept for validation after each epoch, 0 to below 1 [default: the
    /// preset's]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub valid_split: Option<f64>,
    /// Turn, scale, shear and shift each training image a little at random, each time that it comes: with 1
    /// by up to 10 degrees, a tenth, 0.2 and 2 pixels; 0 for none [default: the preset's]
    #[arg(long, value_name = "STRENGTH", value_parser = strength)]
    pub augment: Option<f32>,
    /// Read an image pixel by pixel, 784 steps of MNIST's, and not row by row
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub pixels: bool,
    /// With --pixels: in a random order drawn from this seed, the same one for all images
    #[arg(long, value_name = "SEED", value_parser = seed)]
    pub permute: Option<u64>,
    /// Reduce grey levels from 0 to 1 by MEAN and divide them by STD, as torchvision's Normalize does; the
    /// model keeps it [default: leave them as they are]
    #[arg(long, value_name = "MEAN,STD", value_parser = normalization)]
    #[serde(serialize_with = "as_text")]
    pub normalize: Option<[f64; 2]>,
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

    /// The settings that the preset decides, with the flags that were given.
    pub fn recipe(&self) -> Recipe {
        let recipe = self.preset.recipe(self.cell, self.bidirectional);
        let num_layers = self.num_layers.unwrap_or(recipe.num_layers);
        let dropout = if num_layers == 1 { 0.0 } else { recipe.dropout };
        let valid_split = self.valid_split.unwrap_or(recipe.valid_split);
        let mut fit = recipe.fit;
        if valid_split == 0.0 {
            // Nothing to tell epochs apart by.
            (fit.keep_best, fit.monitor) = (false, Monitor::default());
        }
        Recipe {
            num_layers,
            hidden_size: self.hidden_size.unwrap_or(recipe.hidden_size),
            dropout: self.dropout.unwrap_or(dropout),
            batch_size: self.batch_size.unwrap_or(recipe.batch_size),
            valid_split,
            augment: self.augment.unwrap_or(recipe.augment),
            fit,
        }
    }

    /// Sets the flags that were not given.
    pub fn fill_defaults(&mut self) {
        self.source.dataset = self.dataset();
        let recipe = self.recipe();
        self.num_layers = Some(recipe.num_layers);
        self.hidden_size = Some(recipe.hidden_size);
        self.dropout = Some(recipe.dropout);
        self.batch_size = Some(recipe.batch_size);
        self.valid_split = Some(recipe.valid_split);
        self.augment = Some(recipe.augment);
    }

    /// The default settings of the training.
    pub fn fit(&self) -> FitConfig {
        self.recipe().fit
    }
}

/// As the flag's text, for `--print-config`.
fn as_text<S: Serializer>(normalize: &Option<[f64; 2]>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = normalize.map(|[mean, std]| format!("{mean},{std}"));
    text.serialize(serializer)
}

#[derive(Args, Debug)]
pub struct MnistEvalArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    #[command(flatten)]
    pub source: SourceArgs,
    /// The folder for the confusion matrix, the scores of each class and the most confident mistakes
    /// [default: evaluation in the run's folder]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Also write what is predicted for each image: a .csv or .jsonl file
    #[arg(long, value_name = "FILE", value_parser = predictions::file)]
    pub predictions: Option<PathBuf>,
    /// End with exit code 1 if the accuracy is below this, 0 to 1: for scripts
    #[arg(long, value_name = "SHARE", value_parser = share_of_all)]
    pub min_accuracy: Option<f64>,
}

#[derive(Args, Debug)]
pub struct MnistPredictArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// Pictures of one digit each, dark on light or light on dark; folders of them; IDX files of images; -
    /// for standard input
    #[arg(required = true, value_name = "PICTURE")]
    pub pictures: Vec<PathBuf>,
    /// How many classes to name of each, the likeliest first
    #[arg(long, default_value_t = 3, value_name = "K", value_parser = items)]
    pub top: usize,
    /// Draw what the network knows after each row of the picture: class probabilities and hidden state, as an
    /// .svg file
    #[arg(long, value_name = "FILE", value_parser = svg)]
    pub explain: Option<PathBuf>,
    /// Also write the predictions: a .csv or .jsonl file
    #[arg(long, value_name = "FILE", value_parser = predictions::file)]
    pub predictions: Option<PathBuf>,
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
    /// 70,000 handwritten digits; found under $RNN_DATA, data and where Debian and torchvision put them, or
    /// downloaded (12 MB) into $RNN_CACHE or the user's cache
    Mnist,
    /// 70,000 pictures of clothing; likewise (31 MB)
    FashionMnist,
}

impl SourceArgs {
    /// The name of the dataset, if it is one that is not drawn here.
    pub fn downloaded(&self) -> Option<&'static str> {
        match (&self.data, self.dataset?) {
            (Some(_), _) | (None, Dataset::Strokes) => None,
            (None, Dataset::Mnist) => Some("mnist"),
            (None, Dataset::FashionMnist) => Some("fashion-mnist"),
        }
    }

    /// Whether either flag was given.
    pub fn is_given(&self) -> bool {
        self.dataset.is_some() || self.data.is_some()
    }
}
