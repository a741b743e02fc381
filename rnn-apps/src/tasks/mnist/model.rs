use anyhow::ensure;
use rnn_data::Mnist;
use rnn_model::{AnyConfig, ClassifierConfig};
use serde::{Deserialize, Serialize};

use super::args::MnistArgs;
use super::data::Images;
use crate::tasks::recurrent::{CellKind, Nonlinearity, RecurrentSettings, WeightInit};

/// The number of classes, the same in all datasets.
pub const NUM_CLASSES: usize = Mnist::NUM_CLASSES;

/// The part of `config.json` about the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    pub cell: CellKind,
    /// Of a simple RNN.
    pub nonlinearity: Nonlinearity,
    /// The number of columns of an image.
    pub input_size: usize,
    #[serde(flatten)]
    pub recurrent: RecurrentSettings,
    pub num_classes: usize,
}

impl ModelSettings {
    /// The settings of a new model for these images.
    pub fn new(args: &MnistArgs, images: &Images) -> Self {
        Self {
            cell: args.cell,
            nonlinearity: Nonlinearity::default(),
            input_size: images.train.cols(),
            recurrent: RecurrentSettings::new(args.hidden_size, args.num_layers)
                .with_bidirectional(args.bidirectional)
                .with_dropout(args.dropout),
            num_classes: NUM_CLASSES,
        }
    }

    /// The configuration of the classifier.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<ClassifierConfig<AnyConfig>> {
        ensure!(
            (1..=1 << 24).contains(&self.num_classes),
            "num_classes must be from 1 to {}, found {}",
            1 << 24,
            self.num_classes
        );
        let (cell, nonlinearity) = (self.cell, self.nonlinearity);
        let rnn = self
            .recurrent
            .config(cell, nonlinearity, self.input_size, init)?;
        Ok(ClassifierConfig::new(rnn, self.num_classes))
    }
}

/// The description of a classifier to import, whose parameters are named `rnn.…` and `fc.…`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierDescription {
    cell: CellKind,
    /// Only for `rnn`.
    #[serde(default)]
    nonlinearity: Nonlinearity,
    input_size: usize,
    num_classes: usize,
}

impl ClassifierDescription {
    /// The model's settings, with its recurrent part.
    pub fn with(self, recurrent: RecurrentSettings) -> ModelSettings {
        ModelSettings {
            cell: self.cell,
            nonlinearity: self.nonlinearity,
            input_size: self.input_size,
            recurrent,
            num_classes: self.num_classes,
        }
    }
}
