use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use burn::tensor::Device;
use rnn_model::{
    Cell, Classifier, ClassifierConfig, LstmConfig, LstmStep, Recurrent, RecurrentConfig,
    RecurrentInit,
};
use rnn_train::{FitConfig, RunDir};
use serde::{Deserialize, Serialize};

use crate::cli::{CellKind, Dataset, Nonlinearity, Recipe};
use crate::commands::run;

/// A run's `config.json`.
pub type Settings = run::Settings<ModelSettings, Training>;

/// What the weights were trained on, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Where the images came from: a name, or a folder.
    pub dataset: Option<Dataset>,
    pub data: Option<PathBuf>,
    pub limit: Option<usize>,
    pub valid_split: f64,
    /// SHA-256 of the images and labels.
    pub train_fingerprint: String,
    pub test_fingerprint: String,
    pub recipe: Recipe,
    pub batch_size: usize,
    pub fit: FitConfig,
}

/// What the model is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    pub cell: CellKind,
    /// Of a simple recurrent network.
    pub nonlinearity: Nonlinearity,
    /// Columns of an image.
    pub input_size: usize,
    pub hidden_size: usize,
    /// Of an LSTM.
    pub proj_size: Option<usize>,
    pub num_layers: usize,
    pub bias: bool,
    pub bidirectional: bool,
    pub dropout: f64,
    pub num_classes: usize,
}

impl ModelSettings {
    /// The model with the recipe's initial weights.
    ///
    /// # Errors
    ///
    /// If there is no such model, as a `config.json` that was changed by hand may ask for.
    pub fn init<C: Starting>(
        &self,
        recipe: Recipe,
        device: &Device,
    ) -> anyhow::Result<Classifier<Recurrent<C>>> {
        Ok(self.config(recipe)?.init(device))
    }

    /// The model with a run's weights.
    pub fn load<C: Starting>(
        &self,
        run: &RunDir,
        device: &Device,
    ) -> anyhow::Result<Classifier<Recurrent<C>>> {
        // The recipe without orthogonal weights, which would take time to make and be replaced.
        let config = self
            .config::<C>(Recipe::Notebook)
            .with_context(|| format!("{}: no model", run.path().display()))?;
        run.check_size(config.rnn.num_params())?;
        Ok(run.load_model(config.init(device))?)
    }

    pub fn config<C: Starting>(
        &self,
        recipe: Recipe,
    ) -> anyhow::Result<ClassifierConfig<RecurrentConfig<C>>> {
        ensure!(
            (1..=1 << 24).contains(&self.num_classes),
            "num_classes must be from 1 to {}, found {}",
            1 << 24,
            self.num_classes
        );
        let rnn = RecurrentConfig::<C>::new(self.input_size, self.hidden_size)
            .with_num_layers(self.num_layers)
            .with_bias(self.bias)
            .with_bidirectional(self.bidirectional)
            .with_dropout(self.dropout);
        let rnn = match recipe {
            Recipe::Notebook => rnn,
            Recipe::Tuned => C::tuned(rnn.with_recurrent_init(RecurrentInit::Orthogonal)),
        };
        let rnn = C::configured(rnn, self)?;
        rnn.validate()?;
        Ok(ClassifierConfig::new(rnn, self.num_classes))
    }
}

/// What only one cell has: a part of the tuned recipe, and settings.
pub trait Starting: Cell + Default {
    fn tuned(config: RecurrentConfig<Self>) -> RecurrentConfig<Self> {
        config
    }

    /// # Errors
    ///
    /// If the settings have what the cell has not.
    fn configured(
        config: RecurrentConfig<Self>,
        settings: &ModelSettings,
    ) -> anyhow::Result<RecurrentConfig<Self>> {
        ensure!(
            settings.nonlinearity == Nonlinearity::Tanh && settings.proj_size.is_none(),
            "expected nonlinearity only for rnn, and proj_size only for lstm, found them for {}",
            settings.cell.name()
        );
        Ok(config)
    }
}

impl Starting for rnn_model::RnnStep {
    fn configured(
        config: RecurrentConfig<Self>,
        settings: &ModelSettings,
    ) -> anyhow::Result<RecurrentConfig<Self>> {
        ensure!(settings.proj_size.is_none(), "proj_size is only for lstm");
        Ok(match settings.nonlinearity {
            Nonlinearity::Tanh => config,
            Nonlinearity::Relu => config.with_nonlinearity(rnn_model::Nonlinearity::Relu),
        })
    }
}

impl Starting for rnn_model::GruStep {}

impl Starting for LstmStep {
    fn tuned(config: LstmConfig) -> LstmConfig {
        config.with_forget_bias(1.0)
    }

    fn configured(config: LstmConfig, settings: &ModelSettings) -> anyhow::Result<LstmConfig> {
        ensure!(
            settings.nonlinearity == Nonlinearity::Tanh,
            "nonlinearity is only for rnn"
        );
        Ok(match settings.proj_size {
            Some(size) => config.with_proj_size(size),
            None => config,
        })
    }
}
