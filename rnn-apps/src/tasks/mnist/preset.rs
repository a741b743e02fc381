//! What a training's flags default to, for each cell and direction.

use clap::ValueEnum;
use rnn_train::FitConfig;
use rnn_train::config::Monitor;
use rnn_train::objective::ACCURACY;
use rnn_train::optim::{Optimizer, Schedule};
use serde::{Deserialize, Serialize};

use crate::tasks::recurrent::{CellKind, WeightInit};

/// How large a network, and how to train it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Two or three epochs: orthogonal recurrent weights, one-cycle learning rate, gradients clipped at
    /// norm 1
    #[value(alias = "tuned")]
    #[serde(alias = "tuned")]
    Quick,
    /// As accurate as it gets within minutes: more epochs with dropout and weight decay; the weights are
    /// those of the epoch that is best on a twentieth of the training images
    Best,
    /// Adam at 0.001 from PyTorch's initial weights
    Notebook,
}

/// The settings of a training that a preset decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    pub num_layers: usize,
    pub hidden_size: usize,
    pub dropout: f64,
    pub batch_size: usize,
    pub valid_split: f64,
    /// The strength of the distortions.
    pub augment: f32,
    pub fit: FitConfig,
}

impl Preset {
    /// The initialisation of the recurrent weights.
    pub fn weight_init(self) -> WeightInit {
        match self {
            Self::Quick | Self::Best => WeightInit::Tuned,
            Self::Notebook => WeightInit::Uniform,
        }
    }

    /// The settings for a network with this cell.
    pub fn recipe(self, cell: CellKind, bidirectional: bool) -> Recipe {
        match self {
            Self::Notebook => plain(FitConfig::new(3)),
            Self::Quick => quick(cell),
            Self::Best => best(cell, bidirectional),
        }
    }
}

/// The notebook's sizes.
fn plain(fit: FitConfig) -> Recipe {
    Recipe {
        num_layers: 2,
        hidden_size: 128,
        dropout: 0.0,
        batch_size: 64,
        valid_split: 0.0,
        augment: 0.0,
        fit,
    }
}

fn quick(cell: CellKind) -> Recipe {
    let fit = |epochs, learning_rate| FitConfig {
        learning_rate,
        schedule: Schedule::OneCycle,
        clip_norm: Some(1.0),
        ..FitConfig::new(epochs)
    };
    match cell {
        // Its gradients are noisier, and a layer more costs it little.
        CellKind::Rnn => Recipe {
            num_layers: 3,
            batch_size: 32,
            ..plain(fit(2, 1e-3))
        },
        CellKind::Lstm | CellKind::Gru => plain(fit(3, 4e-3)),
    }
}

fn best(cell: CellKind, bidirectional: bool) -> Recipe {
    let fit = |epochs, learning_rate| FitConfig {
        learning_rate,
        optimizer: Optimizer::AdamW { weight_decay: 1e-3 },
        schedule: Schedule::OneCycle,
        clip_norm: Some(1.0),
        keep_best: true,
        monitor: Monitor::highest(ACCURACY),
        ..FitConfig::new(epochs)
    };
    let recipe = |fit| Recipe {
        dropout: 0.2,
        valid_split: 0.05,
        ..plain(fit)
    };
    match (cell, bidirectional) {
        (CellKind::Rnn, false) => Recipe {
            num_layers: 3,
            dropout: 0.1,
            batch_size: 32,
            ..recipe(fit(15, 1e-3))
        },
        (CellKind::Rnn, true) => Recipe {
            dropout: 0.1,
            batch_size: 32,
            ..recipe(fit(15, 1e-3))
        },
        (CellKind::Lstm | CellKind::Gru, false) => recipe(fit(15, 4e-3)),
        // Twice the weights: slower steps, and more noise against learning by heart.
        (CellKind::Lstm | CellKind::Gru, true) => Recipe {
            dropout: 0.3,
            ..recipe(fit(15, 2e-3))
        },
    }
}
