//! The trait that a task implements. Everything else in this folder works for any task.

use std::path::Path;

use burn::tensor::{Device, TensorData};
use clap::{Args, Subcommand};
use rnn_model::StateDict;
use rnn_train::progress::EpochReport;
use rnn_train::{FitConfig, Loader, Objective, RunDir};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::import::Outputs;
use super::recurrent::RecurrentSettings;
use super::settings::Settings;
use crate::context::Context;
use crate::report::{Confusion, Mistakes};
use crate::ui::Output;

/// The settings of a task's run.
pub type SettingsOf<T> = Settings<<T as Task>::ModelSettings, <T as Task>::Training>;

/// A task that a network can be trained for: its data, its model, and how the model is evaluated.
pub trait Task: core::fmt::Debug + Sync + 'static {
    /// The subcommand's name, which is also the prefix of the runs' folders.
    const NAME: &'static str;
    /// The subcommand's help.
    const ABOUT: &'static str;
    /// The help of `NAME train`.
    const TRAIN_ABOUT: &'static str;
    /// The items of the data, in the plural: `images`.
    const ITEMS: &'static str;
    /// The ids of the task's own flags that may be given with `--resume`: those that say where the
    /// data are.
    const ALLOWED_WITH_RESUME: &'static [&'static str];
    /// The ids of flags of its own that a file for `--config` can't hold.
    const NOT_IN_A_FILE: &'static [&'static str] = &[];
    /// The ids of flags that say how vocabularies are made, which a run's weights have already.
    const VOCABULARY_FLAGS: &'static [&'static str] = &[];
    /// The ids of flags that say where the first weights come from.
    const WEIGHT_FLAGS: &'static [&'static str] = &[];
    /// The ids of flags of the model that are noise in training, which weights do not depend on.
    const NOISE_FLAGS: &'static [&'static str] = &["dropout"];
    /// What flags that all trainings share default to, by their ids, for the help.
    const DEFAULTS: &'static [(&'static str, &'static str)];

    /// The task's own flags of `NAME train`, in addition to those that all tasks share.
    type Args: Args + Serialize + core::fmt::Debug;
    /// The subcommands other than `train`.
    type Action: Subcommand + core::fmt::Debug;
    /// The part of `config.json` about the training.
    type Training: Serialize + DeserializeOwned + Clone;
    /// The part of `config.json` about the model.
    type ModelSettings: Serialize + DeserializeOwned + Clone;
    /// The data of a training, for training and evaluation.
    type Data;
    /// What a trained model needs beside its weights, such as vocabularies.
    type Assets: Clone + 'static;
    type Model: Objective;
    /// The evaluation results of a trained model: keys of `metrics.json` and `--json`.
    type Score: Serialize;
    /// What a file for `import --model` says about a model, beside its recurrent part.
    type Description: DeserializeOwned;

    /// Sets flags whose defaults depend on other flags, for `--print-config`.
    fn fill_defaults(args: &mut Self::Args);

    /// Refuses combinations of flags that can't work; `patience` is that of `--patience`.
    fn check(_args: &Self::Args, _patience: Option<usize>) -> Result<(), String> {
        Ok(())
    }

    /// The default settings of the training, for what no flag sets.
    fn default_fit(args: &Self::Args) -> FitConfig;

    /// The settings of a new training. Its fingerprints are empty until the data have been read.
    fn training(args: &Self::Args, fit: FitConfig) -> anyhow::Result<Self::Training>;

    /// The settings of the optimiser and the schedule within `training`.
    fn fit(training: &Self::Training) -> &FitConfig;

    /// The same settings, to change them.
    fn fit_mut(training: &mut Self::Training) -> &mut FitConfig;

    /// The fields of `training` that hold the data's fingerprints, each with the name of its data
    /// for messages: `images to train`.
    fn fingerprint_fields(training: &mut Self::Training) -> Vec<(&'static str, &mut String)>;

    /// Where the command line says that the data are: those of a resumed run may have moved.
    fn data_path(args: &Self::Args) -> Option<&Path>;

    /// The name of the dataset that a training reads, if it is one that may have to be downloaded.
    fn dataset(_training: &Self::Training) -> Option<&'static str> {
        None
    }

    /// Reads the data of a training, from `path` if there is one: that of the command line, or the folder of
    /// its dataset by name.
    fn read(training: &Self::Training, path: Option<&Path>) -> anyhow::Result<Self::Data>;

    /// The SHA-256 fingerprints of the data, in the order of
    /// [`fingerprint_fields`](Self::fingerprint_fields).
    fn hash(data: &Self::Data) -> Vec<String>;

    /// `data` as a model reads them that was trained before, with the vocabularies of its run.
    ///
    /// # Errors
    ///
    /// If it can't read them.
    fn for_model(
        data: Self::Data,
        model: &Self::ModelSettings,
        run: &RunDir,
    ) -> anyhow::Result<Self::Data>;

    /// The settings of a new model for `data`.
    fn model(args: &Self::Args, data: &Self::Data) -> Self::ModelSettings;

    /// The model with its initial weights. Without `training` the weights are about to be replaced,
    /// and their initialisation does not matter.
    ///
    /// # Errors
    ///
    /// If the settings are invalid, as in a `config.json` that was edited by hand.
    fn init(
        model: &Self::ModelSettings,
        training: Option<&Self::Training>,
        device: &Device,
    ) -> anyhow::Result<Self::Model>;

    /// A new model with what the training says that it starts from beside drawn weights, such as
    /// pretrained embeddings, and a text that describes it.
    ///
    /// # Errors
    ///
    /// If that can't be read or does not fit the model.
    fn pretrained(
        model: Self::Model,
        _training: &Self::Training,
        _data: &Self::Data,
    ) -> anyhow::Result<(Self::Model, Option<String>)> {
        Ok((model, None))
    }

    /// The settings of the model's recurrent part.
    fn recurrent(model: &mut Self::ModelSettings) -> &mut RecurrentSettings;

    /// How many classes a prediction chooses from, if the loss is a cross entropy over classes: the report
    /// shows the chance level, the logarithm of it.
    fn num_classes(_model: &Self::ModelSettings) -> Option<usize> {
        None
    }

    /// About how many parameters the model has, without allocating them.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    fn num_params(model: &Self::ModelSettings) -> anyhow::Result<usize>;

    /// The loaders for training and validation.
    fn batches(
        settings: &SettingsOf<Self>,
        data: &Self::Data,
    ) -> anyhow::Result<Batches<<Self::Model as Objective>::Batch>>
    where
        Self: Sized;

    /// How many items a batch has, where the loader does not know: of windows that are batches already.
    fn batch_size(_training: &Self::Training) -> Option<usize> {
        None
    }

    /// The part of the data that a trained model needs.
    fn assets(data: &Self::Data) -> &Self::Assets;

    /// Writes the assets that a run's folder does not hold yet: of a new run before its settings.
    /// Versions that wrote the settings first may have been killed in between.
    fn write_assets(_assets: &Self::Assets, _run: &RunDir) -> anyhow::Result<()> {
        Ok(())
    }

    /// Describes data and model in a few lines, each a name and a text, which are printed before
    /// the first step.
    fn describe(
        settings: &SettingsOf<Self>,
        data: &Self::Data,
        parameters: usize,
    ) -> anyhow::Result<Vec<(&'static str, String)>>
    where
        Self: Sized;

    /// Evaluates a trained model on the data that were kept for that, and prints the results.
    fn judge(
        settings: &SettingsOf<Self>,
        trained: Trained<Self::Model>,
        data: &Self::Data,
        run: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Self::Score>>
    where
        Self: Sized;

    /// The model's configuration as the library reads it, which a run holds as `model.json`; none for a
    /// model that the library has no reader for.
    fn library_config(_model: &Self::ModelSettings) -> anyhow::Result<Option<Value>> {
        Ok(None)
    }

    /// The weights of a run for PyTorch: as they are, unless its state dict has names for them that ours
    /// has not.
    fn exported(_run: &RunDir, weights: StateDict) -> anyhow::Result<StateDict> {
        Ok(weights)
    }

    /// What the weights expect of their input that PyTorch's modules do not say, in a sentence.
    fn expected_input(_model: &Self::ModelSettings) -> Option<String> {
        None
    }

    /// The settings that weights don't tell, by their keys in a description, each with all its values, the
    /// default first: `import --check` tries them.
    fn untold(_description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
        Vec::new()
    }

    /// What PyTorch's module may give for an input, `[batch, time, features]` or `[batch, time]` of ids, for
    /// `import --check`: what it is, and its values.
    ///
    /// # Errors
    ///
    /// If the model takes no such input.
    fn outputs(
        _model: &Self::Model,
        _settings: &Self::ModelSettings,
        _input: TensorData,
        _device: &Device,
    ) -> anyhow::Result<Outputs> {
        anyhow::bail!("a network of {} has no outputs to compare", Self::NAME)
    }

    /// The weights of a model with these settings, from those of PyTorch's state dict.
    fn imported(_model: &Self::ModelSettings, weights: StateDict) -> anyhow::Result<StateDict> {
        Ok(weights)
    }

    /// What a model that is being trained can do so far, in a line or two, printed at each validation.
    fn show_progress(
        _model: &Self::Model,
        _data: &Self::Assets,
        _seed: u64,
    ) -> anyhow::Result<Option<String>> {
        Ok(None)
    }

    /// A command to suggest after training or import, which works for this run.
    fn next_command(run: &RunDir) -> anyhow::Result<String>;

    /// Runs a subcommand other than `train`.
    fn run_action(context: &Context, action: Self::Action, out: &mut Output) -> anyhow::Result<()>;

    /// The model's settings and its assets, from a description for `import`. Paths in it are
    /// relative to `folder`.
    fn from_description(
        description: Self::Description,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(Self::ModelSettings, Self::Assets)>;
}

/// A trained model.
pub struct Trained<'a, M> {
    pub model: &'a M,
    /// The report of the epoch, or of the validation, from which the model has its weights.
    pub epoch: Option<&'a EpochReport>,
}

/// The loaders of a training.
pub struct Batches<B> {
    pub train: Loader<B>,
    pub valid: Option<Loader<B>>,
}

/// The evaluation of a trained model.
pub struct Judgement<S> {
    pub score: S,
    /// For the report, as are the mistakes.
    pub confusion: Option<Confusion>,
    pub mistakes: Option<Mistakes>,
}
