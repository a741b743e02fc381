//! What a task tells of itself; all else is the same for every task.

use std::path::Path;

use burn::tensor::Device;
use clap::{Args, Subcommand};
use rnn_train::{FitConfig, Fitted, Loader, Objective, RunDir};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::recurrent::RecurrentSettings;
use super::settings::Settings;
use crate::context::Context;
use crate::report::{Confusion, Mistakes};
use crate::ui::Output;

/// The settings of a task's run.
pub type SettingsOf<T> = Settings<<T as Task>::ModelSettings, <T as Task>::Training>;

/// Something that a network can be trained for: data, a model, and how the model is judged.
pub trait Task: core::fmt::Debug + Sync + 'static {
    /// The subcommand, and what the runs' folders are called.
    const NAME: &'static str;
    /// The subcommand's help.
    const ABOUT: &'static str;
    /// The help of `NAME train`.
    const TRAIN_ABOUT: &'static str;
    /// What the data are made of, as a plural: `images`.
    const ITEMS: &'static str;
    /// Flags of its own (their identifiers) that may stand beside `--resume`: those that say where the
    /// data are.
    const ALLOWED_WITH_RESUME: &'static [&'static str];

    /// Flags of `NAME train` beside those that all trainings have.
    type Args: Args + Serialize + core::fmt::Debug;
    /// The subcommands beside `train`.
    type Action: Subcommand + core::fmt::Debug;
    /// What `config.json` holds of the training.
    type Training: Serialize + DeserializeOwned + Clone;
    /// What `config.json` holds of the model.
    type ModelSettings: Serialize + DeserializeOwned + Clone;
    /// Everything that a training reads.
    type Data;
    /// What a trained model can't be used without, such as vocabularies.
    type Assets;
    type Model: Objective;
    /// What a trained model is judged by: keys of the results.
    type Score: Serialize;
    /// What a file for `import --model` says of a model, beside its recurrent part.
    type Description: DeserializeOwned;

    /// Fills in flags that depend on others, for `--print-config`.
    fn fill_defaults(args: &mut Self::Args);

    /// Refuses flags that are of no use together.
    fn check(_args: &Self::Args, _patience: Option<usize>) -> Result<(), String> {
        Ok(())
    }

    /// How a training goes where no flag says otherwise.
    fn default_fit(args: &Self::Args) -> FitConfig;

    /// The training that `args` ask for, its fingerprints still empty.
    fn training(args: &Self::Args, fit: FitConfig) -> anyhow::Result<Self::Training>;

    /// How the optimiser steps.
    fn fit(training: &Self::Training) -> &FitConfig;

    /// The fingerprints of the data, each with what it is of: `images to train`.
    fn fingerprint_fields(training: &mut Self::Training) -> Vec<(&'static str, &mut String)>;

    /// Where `args` say that a resumed run's data are now.
    fn moved_data(args: &Self::Args) -> Option<&Path>;

    /// Reads the data of a training; from `moved` if they are no longer where they were.
    fn read(training: &Self::Training, moved: Option<&Path>) -> anyhow::Result<Self::Data>;

    /// SHA-256 of the data, in the order of [`fingerprint_fields`](Self::fingerprint_fields).
    fn hash(data: &Self::Data) -> Vec<String>;

    /// The model that `args` ask for to learn from `data`.
    fn model(args: &Self::Args, data: &Self::Data) -> Self::ModelSettings;

    /// The model with the weights that `training` starts from; without one with any weights, since
    /// they will be replaced.
    ///
    /// # Errors
    ///
    /// If there is no such model, as a `config.json` that was changed by hand may ask for.
    fn init(
        model: &Self::ModelSettings,
        training: Option<&Self::Training>,
        device: &Device,
    ) -> anyhow::Result<Self::Model>;

    /// About how many numbers the model has, without making it.
    ///
    /// # Errors
    ///
    /// If there is no such model.
    fn num_params(model: &Self::ModelSettings) -> anyhow::Result<usize>;

    /// The batches to learn from and to validate on.
    fn batches(
        training: &Self::Training,
        data: &Self::Data,
        seed: u64,
    ) -> anyhow::Result<Batches<<Self::Model as Objective>::Batch>>;

    /// What a trained model needs of the data.
    fn assets(data: &Self::Data) -> &Self::Assets;

    /// Writes them into a run's folder.
    fn write_assets(_assets: &Self::Assets, _run: &RunDir) -> anyhow::Result<()> {
        Ok(())
    }

    /// Data and model in a few lines, each a name and a text.
    fn describe(
        settings: &SettingsOf<Self>,
        data: &Self::Data,
        parameters: usize,
    ) -> anyhow::Result<Vec<(&'static str, String)>>
    where
        Self: Sized;

    /// Judges a trained model on the data kept for that, and says what came of it.
    fn judge(
        fitted: &Fitted<Self::Model>,
        data: &Self::Data,
        run: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Self::Score>>;

    /// A command to try next with the run in that folder.
    fn next_command(run: &str) -> String;

    /// Runs a subcommand other than `train`.
    fn run_action(context: &Context, action: Self::Action, out: &mut Output) -> anyhow::Result<()>;

    /// The model of a description, with its assets. Files that it names lie in `folder`.
    fn from_description(
        description: Self::Description,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(Self::ModelSettings, Self::Assets)>;
}

/// What a training goes through in each epoch.
pub struct Batches<B> {
    pub train: Loader<B>,
    pub valid: Option<Loader<B>>,
}

/// How a trained model did.
pub struct Judgement<S> {
    pub score: S,
    /// For the report.
    pub confusion: Option<Confusion>,
    pub mistakes: Option<Mistakes>,
}
