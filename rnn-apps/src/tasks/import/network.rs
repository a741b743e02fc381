//! What weights can be imported for.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, TensorData};
use rnn_model::StateDict;
use rnn_train::RunDir;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::tasks::recurrent::RecurrentSettings;
use crate::tasks::task::Task;

/// A network that weights from elsewhere can be imported for: that of a task, or a recurrent layer alone.
pub trait Network: 'static {
    /// What a description calls it, which is also the prefix of the runs' folders.
    const NAME: &'static str;

    /// What a description says of it, beside its recurrent part.
    type Description: DeserializeOwned;
    /// The part of `config.json` about the model.
    type Settings: Serialize;
    /// What it needs beside its weights, such as vocabularies.
    type Assets;
    type Model: Module;

    /// The settings and assets, from a description. Paths in it are relative to `folder`.
    fn from_description(
        description: Self::Description,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(Self::Settings, Self::Assets)>;

    /// About how many parameters it has, without allocating them.
    fn num_params(settings: &Self::Settings) -> anyhow::Result<usize>;

    /// The model, with weights that are about to be replaced.
    fn init(settings: &Self::Settings, device: &Device) -> anyhow::Result<Self::Model>;

    /// The model's weights, from those of PyTorch's state dict.
    fn imported(settings: &Self::Settings, weights: StateDict) -> anyhow::Result<StateDict>;

    /// Writes what a run needs beside weights and settings.
    fn write_assets(
        settings: &Self::Settings,
        assets: &Self::Assets,
        run: &RunDir,
    ) -> anyhow::Result<()>;

    /// The settings that names don't tell, by their keys in a description, each with all its values, the
    /// default first.
    fn untold(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)>;

    /// What PyTorch's module may give for an input, `[batch, time, features]` or `[batch, time]`: what it
    /// is, and its values.
    fn outputs(
        model: &Self::Model,
        settings: &Self::Settings,
        input: TensorData,
        device: &Device,
    ) -> anyhow::Result<Outputs>;

    /// A command to suggest, which works for this run.
    fn next_command(run: &RunDir) -> anyhow::Result<String>;
}

/// What a network may give for an input: what it is, and its values.
pub type Outputs = Vec<(&'static str, TensorData)>;

impl<T: Task> Network for T {
    const NAME: &'static str = T::NAME;

    type Description = T::Description;
    type Settings = T::ModelSettings;
    type Assets = T::Assets;
    type Model = T::Model;

    fn from_description(
        description: T::Description,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(T::ModelSettings, T::Assets)> {
        <T as Task>::from_description(description, recurrent, folder)
    }

    fn num_params(settings: &T::ModelSettings) -> anyhow::Result<usize> {
        <T as Task>::num_params(settings)
    }

    fn init(settings: &T::ModelSettings, device: &Device) -> anyhow::Result<T::Model> {
        <T as Task>::init(settings, None, device)
    }

    fn imported(settings: &T::ModelSettings, weights: StateDict) -> anyhow::Result<StateDict> {
        <T as Task>::imported(settings, weights)
    }

    fn write_assets(
        settings: &T::ModelSettings,
        assets: &T::Assets,
        run: &RunDir,
    ) -> anyhow::Result<()> {
        if let Some(config) = T::library_config(settings)? {
            run.write_model_config(&config)?;
        }
        <T as Task>::write_assets(assets, run)
    }

    fn untold(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
        <T as Task>::untold(description)
    }

    fn outputs(
        model: &T::Model,
        settings: &T::ModelSettings,
        input: TensorData,
        device: &Device,
    ) -> anyhow::Result<Outputs> {
        <T as Task>::outputs(model, settings, input, device)
    }

    fn next_command(run: &RunDir) -> anyhow::Result<String> {
        <T as Task>::next_command(run)
    }
}
