use std::path::Path;

use anyhow::ensure;
use burn::tensor::Device;
use rnn_data::{ImageSet, Mnist};
use rnn_model::{
    AnyConfig, AnyRecurrent, Classifier, ClassifierConfig, ClassifierHead, RecurrentModuleConfig,
};
use rnn_train::RunDir;
use serde::{Deserialize, Serialize};

use super::args::MnistArgs;
use super::data::{Images, Training};
use crate::tasks::recurrent::{
    CellKind, NetworkSettings, Nonlinearity, RecurrentSettings, WeightInit,
};
use crate::tasks::{load, settings};
use crate::ui::Output;

/// The name of the task.
pub const NAME: &str = "mnist";

/// The number of classes, the same in all datasets.
pub const NUM_CLASSES: usize = Mnist::NUM_CLASSES;

/// What `config.json` and an import's description say of a classifier, whose parameters are named
/// `rnn.…` and `fc.…`, beside its recurrent part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierSettings {
    pub cell: CellKind,
    /// Of a simple RNN.
    #[serde(default)]
    pub nonlinearity: Nonlinearity,
    /// The number of columns of an image.
    pub input_size: usize,
    pub num_classes: usize,
    /// What the linear layer reads. Older runs do not say it: they read the last output.
    #[serde(default)]
    pub head: Option<Head>,
}

/// What a classifier's linear layer reads of the recurrent network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    FinalState,
    LastOutput,
}

/// The part of `config.json` about the model.
pub type ModelSettings = NetworkSettings<ClassifierSettings>;

/// All of `config.json`.
pub type Settings = settings::Settings<ModelSettings, Training>;

/// Opens the run in a folder.
pub fn open(path: &Path) -> anyhow::Result<(RunDir, Settings)> {
    settings::open(path, NAME)
}

/// Loads the classifier of a run.
pub fn load(
    run: &RunDir,
    settings: &Settings,
    device: &Device,
    out: &Output,
) -> anyhow::Result<Classifier<AnyRecurrent>> {
    let model = &settings.model;
    let init = || Ok(model.config(WeightInit::Uniform)?.init(device));
    let loaded = load::load(run, model.num_params(), init)?;
    load::warn_of_old_weights(run, settings, out)?;
    Ok(loaded)
}

impl ModelSettings {
    /// The settings of a new model for these images.
    pub fn new(args: &MnistArgs, images: &Images) -> Self {
        Self {
            own: ClassifierSettings {
                cell: args.cell,
                nonlinearity: Nonlinearity::default(),
                input_size: images.train.cols(),
                num_classes: NUM_CLASSES,
                head: Some(Head::FinalState),
            },
            recurrent: RecurrentSettings::new(args.hidden_size, args.num_layers)
                .with_bidirectional(args.bidirectional)
                .with_dropout(args.dropout),
        }
    }

    /// The settings of an imported classifier.
    ///
    /// # Errors
    ///
    /// If it reads in both directions, and which of two possible heads it has is not said.
    pub fn imported(
        mut own: ClassifierSettings,
        recurrent: RecurrentSettings,
    ) -> anyhow::Result<Self> {
        ensure!(
            own.head.is_some() || !recurrent.bidirectional,
            "expected head, since the network is bidirectional, found none: \"final_state\" if its \
             linear layer reads torch.cat((h_n[-2], h_n[-1]), 1), \"last_output\" if it reads \
             out[:, -1]"
        );
        own.head.get_or_insert(Head::FinalState);
        Ok(Self { own, recurrent })
    }

    /// Checks that the model of `run` has the classes that the datasets have.
    pub fn check_classes(&self, run: &RunDir) -> anyhow::Result<()> {
        ensure!(
            self.own.num_classes == NUM_CLASSES,
            "{}: expected a model of {NUM_CLASSES} classes, found {}",
            run.path().display(),
            self.own.num_classes
        );
        Ok(())
    }

    /// Checks that the model of `run` can read rows as long as those of the images.
    pub fn check_columns(&self, images: &ImageSet, run: &RunDir) -> anyhow::Result<()> {
        ensure!(
            images.cols() == self.own.input_size,
            "{}: the model reads rows of {} pixels, but the images have rows of {}",
            run.path().display(),
            self.own.input_size,
            images.cols()
        );
        Ok(())
    }

    /// The configuration of the classifier.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<ClassifierConfig<AnyConfig>> {
        let ClassifierSettings {
            cell,
            nonlinearity,
            input_size,
            num_classes,
            head,
        } = self.own;
        ensure!(
            (1..=1 << 24).contains(&num_classes),
            "num_classes must be from 1 to {}, found {num_classes}",
            1 << 24
        );
        let rnn = self
            .recurrent
            .config(cell, nonlinearity, input_size, init)?;
        Ok(
            ClassifierConfig::new(rnn, num_classes).with_head(match head {
                Some(Head::FinalState) => ClassifierHead::FinalState,
                Some(Head::LastOutput) | None => ClassifierHead::LastOutput,
            }),
        )
    }

    /// About how many numbers the model has.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn num_params(&self) -> anyhow::Result<usize> {
        Ok(self.config(WeightInit::Uniform)?.rnn().num_params())
    }
}
