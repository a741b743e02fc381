//! Sizes of model and training that are known to go together.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How large a model, and how long to train it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Some minutes on two cores
    #[default]
    Tiny,
    /// Ten minutes or so
    Small,
    /// An hour or so
    Base,
}

/// What a preset sets, unless a flag says something else.
pub struct Recipe {
    pub embedding_size: usize,
    pub hidden_size: usize,
    pub num_layers: usize,
    pub input_dropout: f64,
    pub dropout: f64,
    pub output_dropout: f64,
    pub weight_dropout: f64,
    pub batch_size: usize,
    pub window: usize,
    pub max_steps: usize,
    pub valid_every: usize,
    pub learning_rate: f64,
    /// Of AdamW; 0 for Adam.
    pub weight_decay: f64,
}

impl Preset {
    pub fn recipe(self) -> Recipe {
        match self {
            Self::Tiny => Recipe {
                embedding_size: 64,
                hidden_size: 256,
                num_layers: 2,
                input_dropout: 0.0,
                dropout: 0.0,
                output_dropout: 0.0,
                weight_dropout: 0.0,
                batch_size: 32,
                window: 100,
                max_steps: 2_000,
                valid_every: 500,
                learning_rate: 4e-3,
                weight_decay: 0.0,
            },
            Self::Small => Recipe {
                embedding_size: 64,
                hidden_size: 384,
                num_layers: 2,
                input_dropout: 0.05,
                dropout: 0.3,
                output_dropout: 0.3,
                weight_dropout: 0.15,
                batch_size: 32,
                window: 100,
                max_steps: 4_000,
                valid_every: 500,
                learning_rate: 3e-3,
                weight_decay: 0.0,
            },
            Self::Base => Recipe {
                embedding_size: 64,
                hidden_size: 512,
                num_layers: 2,
                input_dropout: 0.1,
                dropout: 0.4,
                output_dropout: 0.5,
                weight_dropout: 0.4,
                batch_size: 16,
                window: 200,
                max_steps: 12_000,
                valid_every: 1_000,
                learning_rate: 3e-3,
                weight_decay: 0.2,
            },
        }
    }
}
