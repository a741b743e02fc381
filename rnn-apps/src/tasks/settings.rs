//! A run's `config.json`, and the folders that hold one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use burn::tensor::Device;
use rnn_train::RunDir;
use rnn_train::config::SaveInterval;
use rnn_train::device::instruction_set;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::task::{SettingsOf, Task};
use crate::context::Context;

/// A run's `config.json`: everything that its weights and numbers depend on. M is what the model is
/// made from, T what it was trained on and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<M, T> {
    /// The command that the run is of.
    pub command: String,
    pub versions: Versions,
    pub model: M,
    /// How the weights were made, if they were made here.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub training: Option<T>,
    /// Where they came from otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Origin>,
    pub device: String,
    pub threads: usize,
    /// The processor's; empty in runs of before it was recorded.
    #[serde(default)]
    pub instruction_set: String,
    pub seed: u64,
    #[serde(default)]
    pub checkpoint_every: SaveInterval,
}

fn none<T>() -> Option<T> {
    None
}

impl<M, T> Settings<M, T> {
    /// How it was trained.
    ///
    /// # Errors
    ///
    /// If it was not trained here.
    pub fn training(&self) -> anyhow::Result<&T> {
        let training = self.training.as_ref();
        training.context("the weights were imported, and not trained here")
    }

    /// What to evaluate the run's model on: what was given, or else what the training `recorded`.
    ///
    /// # Errors
    ///
    /// If neither says so, for weights that were imported; `flags` would.
    pub fn evaluated_on<S>(
        &self,
        given: Option<S>,
        recorded: impl FnOnce(&T) -> S,
        run: &RunDir,
        flags: &str,
    ) -> anyhow::Result<S> {
        let recorded = || self.training.as_ref().map(recorded);
        given.or_else(recorded).with_context(|| {
            format!(
                "{}: the weights were imported, so say on what to evaluate them: {flags}",
                run.path().display()
            )
        })
    }

    /// What is known of every run.
    pub fn new(context: &Context, command: &str, model: M) -> Self {
        Self {
            command: command.to_owned(),
            versions: Versions::of_this_program(),
            model,
            training: None,
            imported: None,
            device: context.device_name.clone(),
            threads: context.threads,
            instruction_set: instruction_set().to_owned(),
            seed: context.seed,
            checkpoint_every: SaveInterval::Epoch,
        }
    }
}

/// Who made a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// This program.
    pub rnn: String,
    pub burn: String,
}

impl Versions {
    pub fn of_this_program() -> Self {
        Self {
            rnn: env!("CARGO_PKG_VERSION").to_owned(),
            burn: "0.22".to_owned(),
        }
    }
}

/// Where weights came from that were not trained here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The file.
    pub weights: PathBuf,
    /// What all names began with that were taken, and were cut off.
    pub strip_prefix: String,
    /// What names began with, and what they begin with here.
    pub rename: BTreeMap<String, String>,
}

/// What every run's settings begin with.
#[derive(Deserialize)]
struct Head {
    command: String,
}

/// Makes the folder of a run of `command`, with its settings: `path`, or else the next free one.
pub fn create(
    path: Option<&Path>,
    command: &str,
    settings: &impl Serialize,
) -> anyhow::Result<RunDir> {
    let run = folder(path, command)?;
    run.write_config(settings)?;
    Ok(run)
}

/// The same without settings.
pub fn folder(path: Option<&Path>, command: &str) -> anyhow::Result<RunDir> {
    Ok(match path {
        Some(path) => RunDir::create(path)?,
        None => RunDir::create_next("runs", command)?,
    })
}

/// A run of `command` and its settings.
pub fn open<S: DeserializeOwned>(path: &Path, command: &str) -> anyhow::Result<(RunDir, S)> {
    let run = RunDir::open(path)?;
    let head: Head = run.read_config()?;
    ensure!(
        head.command == command,
        "{}: expected a run of {command}, found one of {}",
        path.display(),
        head.command
    );
    let settings = run.read_config()?;
    Ok((run, settings))
}

/// The model of a run, with its weights.
///
/// # Errors
///
/// If the settings are of no model, or the weights of another one.
pub fn load<T: Task>(
    run: &RunDir,
    settings: &SettingsOf<T>,
    device: &Device,
) -> anyhow::Result<T::Model> {
    let no_model = || format!("{}: no model", run.path().display());
    let parameters = T::num_params(&settings.model).with_context(no_model)?;
    run.check_size(parameters)?;
    let model = T::init(&settings.model, None, device).with_context(no_model)?;
    Ok(run.load_model(model)?)
}
