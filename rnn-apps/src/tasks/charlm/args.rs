use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rnn_train::FitConfig;
use rnn_train::config::ValidEvery;
use rnn_train::optim::{Optimizer, Schedule};
use serde::{Deserialize, Serialize};

use super::preset::{Preset, Recipe};
use super::sample::CharLmSampleArgs;
use super::show::CharLmShowArgs;
use crate::cli::values::{items, layers, rate, share, size};
use crate::cli::{TrainedRun, WrongUsage};
use crate::tasks::recurrent::CellKind;

#[derive(Debug, Subcommand)]
pub enum CharLmAction {
    /// Evaluate a trained language model on a text
    Eval(CharLmEvalArgs),
    /// Let a trained language model write
    Sample(CharLmSampleArgs),
    /// Draw what the units of a trained language model do along a text
    Show(CharLmShowArgs),
}

#[derive(Args, Debug, Serialize)]
pub struct CharLmArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Shares of the text, by position, to train on and to validate on
    #[arg(long, default_value = "0.9,0.1", value_name = "TRAIN,VALID", value_parser = split)]
    pub split: Split,
    /// The most characters of the validation part that a training evaluates on: its first ones. `charlm
    /// eval` takes all
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = items)]
    pub valid_limit: usize,
    /// Put U+FFFD in the place of bytes that are not UTF-8, which are an error otherwise
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub replace_invalid: bool,
    /// How large a model and how long a training: what the flags below and those of the steps default to
    #[arg(long, value_enum, default_value_t = Preset::Tiny)]
    pub preset: Preset,
    /// The recurrent network
    #[arg(long, value_enum, default_value_t = CellKind::Lstm)]
    pub cell: CellKind,
    /// Recurrent layers [default: 2]
    #[arg(long, value_name = "L", value_parser = layers)]
    pub num_layers: Option<usize>,
    /// Size of the hidden state [default: the preset's]
    #[arg(long, value_name = "H", value_parser = size)]
    pub hidden_size: Option<usize>,
    /// Of an LSTM: size of its output, projected from the hidden state [default: no projection]
    #[arg(long, value_name = "P", value_parser = size)]
    pub proj_size: Option<usize>,
    /// Size of a character's embedding [default: the preset's; with tied weights that of the output]
    #[arg(long, value_name = "E", value_parser = size)]
    pub embedding_size: Option<usize>,
    /// Read a character as a one-hot vector, without an embedding
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub one_hot: bool,
    /// Score the characters by their embeddings, which must be as large as the output
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub tied_weights: bool,
    /// Normalise the products of every step, as layer normalisation does (no fast kernel: slower)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub layer_norm: bool,
    /// Probability of dropping a feature of an embedding, 0 to below 1 [default: the preset's]
    #[arg(long, value_name = "P", value_parser = share)]
    pub input_dropout: Option<f64>,
    /// The same between layers [default: the preset's]
    #[arg(long, value_name = "P", value_parser = share)]
    pub dropout: Option<f64>,
    /// The same before the output layer [default: the preset's]
    #[arg(long, value_name = "P", value_parser = share)]
    pub output_dropout: Option<f64>,
    /// The same for the hidden state on its way to the next step, always one mask a window (no fast
    /// kernel: slower)
    #[arg(long, default_value_t = 0.0, value_name = "P", value_parser = share)]
    pub recurrent_dropout: f64,
    /// Probability of dropping a recurrent weight, one mask a window [default: the preset's]
    #[arg(long, value_name = "P", value_parser = share)]
    pub weight_dropout: Option<f64>,
    /// Drop the same features at all steps of a window, and not others at each
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, value_name = "BOOL")]
    pub variational_dropout: bool,
    /// Windows side by side in a step [default: the preset's]
    #[arg(long, value_name = "B", value_parser = items)]
    pub batch_size: Option<usize>,
    /// Characters of a window, through which a step goes back [default: the preset's]
    #[arg(long, value_name = "T", value_parser = items)]
    pub window: Option<usize>,
}

impl CharLmArgs {
    /// Refuses flags that contradict each other. Clap can't, which knows only whether a flag is there: one
    /// that says false is, in printed settings.
    pub fn check(&self) -> Result<(), WrongUsage> {
        let refused = |message: String| Err(WrongUsage(message));
        if self.one_hot {
            let needs_embedding = [
                (self.embedding_size.is_some(), "--embedding-size"),
                (self.tied_weights, "--tied-weights"),
            ];
            if let Some((_, flag)) = needs_embedding.iter().find(|(is_given, _)| *is_given) {
                return refused(format!(
                    "{flag}: expected embeddings, found --one-hot, which has none"
                ));
            }
        }
        let recipe = self.recipe();
        if let Some(size) = self.proj_size {
            if self.cell != CellKind::Lstm {
                return refused(format!(
                    "--proj-size: expected --cell lstm, found {}",
                    self.cell.name()
                ));
            }
            if size >= recipe.hidden_size {
                return refused(format!(
                    "--proj-size: expected less than the hidden size, {}, found {size}",
                    recipe.hidden_size
                ));
            }
        }
        let output_size = self.proj_size.unwrap_or(recipe.hidden_size);
        if self.tied_weights && recipe.embedding_size != output_size {
            return refused(format!(
                "--embedding-size: expected the size of the output, {output_size}, as --tied-weights needs, \
                 found {}",
                recipe.embedding_size
            ));
        }
        Ok(())
    }

    pub fn recipe(&self) -> Recipe {
        let recipe = self.preset.recipe();
        let hidden_size = self.hidden_size.unwrap_or(recipe.hidden_size);
        let output_size = self.proj_size.unwrap_or(hidden_size);
        let embedding_size = match self.tied_weights {
            true => output_size,
            false => recipe.embedding_size,
        };
        let num_layers = self.num_layers.unwrap_or(recipe.num_layers);
        let dropout = if num_layers == 1 { 0.0 } else { recipe.dropout };
        Recipe {
            embedding_size: self.embedding_size.unwrap_or(embedding_size),
            hidden_size,
            num_layers,
            input_dropout: self.input_dropout.unwrap_or(recipe.input_dropout),
            dropout: self.dropout.unwrap_or(dropout),
            output_dropout: self.output_dropout.unwrap_or(recipe.output_dropout),
            weight_dropout: self.weight_dropout.unwrap_or(recipe.weight_dropout),
            batch_size: self.batch_size.unwrap_or(recipe.batch_size),
            window: self.window.unwrap_or(recipe.window),
            ..recipe
        }
    }

    /// Sets the flags that the preset decides.
    pub fn fill_defaults(&mut self) {
        let recipe = self.recipe();
        self.num_layers = Some(recipe.num_layers);
        self.hidden_size = Some(recipe.hidden_size);
        self.embedding_size = (!self.one_hot).then_some(recipe.embedding_size);
        self.input_dropout = Some(recipe.input_dropout);
        self.dropout = Some(recipe.dropout);
        self.output_dropout = Some(recipe.output_dropout);
        self.weight_dropout = Some(recipe.weight_dropout);
        self.batch_size = Some(recipe.batch_size);
        self.window = Some(recipe.window);
    }

    /// The default settings of the training.
    pub fn fit(&self) -> FitConfig {
        let mut recipe = self.recipe();
        if !self.source.is_given() {
            (recipe.max_steps, recipe.valid_every) = EMBEDDED_STEPS;
        }
        FitConfig {
            max_steps: Some(recipe.max_steps),
            valid_every: ValidEvery::Steps(recipe.valid_every),
            learning_rate: recipe.learning_rate,
            optimizer: match recipe.weight_decay {
                0.0 => Optimizer::Adam,
                weight_decay => Optimizer::AdamW { weight_decay },
            },
            schedule: Schedule::Cosine { warmup: 0.05 },
            clip_norm: Some(1.0),
            carry_state: true,
            ..FitConfig::new(1)
        }
    }
}

/// Steps in all and between validations for the embedded text, which is small.
const EMBEDDED_STEPS: (usize, usize) = (200, 50);

/// Where a text comes from.
#[derive(Args, Clone, Debug, Serialize)]
pub struct SourceArgs {
    /// A text file in UTF-8, or a folder whose .txt files are documents, in the order of their names
    /// [default: a small play that the program holds]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// A dataset by name
    #[arg(long, value_enum, conflicts_with = "data")]
    pub dataset: Option<Dataset>,
}

impl SourceArgs {
    pub fn is_given(&self) -> bool {
        self.data.is_some() || self.dataset.is_some()
    }
}

/// A dataset by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// 40,000 lines of Shakespeare; found under $RNN_DATA and data, or downloaded (1 MB) into $RNN_CACHE or
    /// the user's cache
    #[value(alias = "tinyshakespeare")]
    #[serde(alias = "tinyshakespeare")]
    TinyShakespeare,
}

impl Dataset {
    pub fn name(self) -> &'static str {
        match self {
            Self::TinyShakespeare => "tiny-shakespeare",
        }
    }
}

/// Shares of a text to train on and to validate on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Split {
    pub train: f64,
    pub valid: f64,
}

impl From<Split> for String {
    fn from(Split { train, valid }: Split) -> Self {
        format!("{train},{valid}")
    }
}

impl TryFrom<String> for Split {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        split(&text)
    }
}

fn split(text: &str) -> Result<Split, String> {
    let message = || "expected two shares above 0 that sum to 1, such as 0.9,0.1".to_owned();
    let (train, valid) = text.split_once(',').ok_or_else(message)?;
    let share = |text: &str| text.trim().parse::<f64>().map_err(|_| message());
    let (train, valid) = (share(train)?, share(valid)?);
    match train > 0.0 && valid > 0.0 && (train + valid - 1.0).abs() < 1e-9 {
        true => Ok(Split { train, valid }),
        false => Err(message()),
    }
}

/// A part of the text that a run was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// What it was trained on
    Train,
    /// What was kept for validation
    Valid,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
        }
    }
}

#[derive(Args, Debug)]
pub struct CharLmEvalArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// A part of the text that the run was trained on, which may lie at --data now
    #[arg(long, value_enum, default_value_t = Part::Valid)]
    pub part: Part,
    /// The text of the run, if it has moved
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Any other text, all of it: a file, or a folder of .txt files
    #[arg(long, value_name = "PATH", conflicts_with_all = ["part", "data"])]
    pub file: Option<PathBuf>,
    /// Characters after which the state is reset, for that column [default: the training's window]
    #[arg(long, value_name = "T", value_parser = items)]
    pub window: Option<usize>,
    /// Also evaluate with weights that go on learning from what was read (Krause et al., 2018)
    #[arg(long)]
    pub dynamic: bool,
    /// Of --dynamic: the learning rate
    #[arg(long, default_value_t = 2e-4, value_name = "RATE", value_parser = rate, requires = "dynamic")]
    pub dynamic_rate: f64,
    /// Put U+FFFD in the place of bytes that are not UTF-8
    #[arg(long)]
    pub replace_invalid: bool,
}
