//! A run's `config.json`, and creating and opening runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use rnn_train::RunDir;
use rnn_train::checkpoint::Checkpoints;
use rnn_train::config::SaveInterval;
use rnn_train::device::instruction_set;
use rnn_train::run::{RunError, RunLock};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cli::RunArgs;
use crate::context::Context;

/// A run's `config.json`: all settings on which its weights and results depend. `M` holds those of
/// the model, `T` those of the training.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<M, T> {
    /// The name of the run's task.
    pub command: String,
    pub versions: Versions,
    pub model: M,
    /// The training; `None` for imported weights.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub training: Option<T>,
    /// The origin of imported weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Origin>,
    pub device: String,
    pub threads: usize,
    /// Of the processor; empty in runs of older versions.
    #[serde(default)]
    pub instruction_set: String,
    pub seed: u64,
    #[serde(default)]
    pub checkpoint_every: SaveInterval,
    /// The weights that the training started from, in place of newly drawn ones. The run holds a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_from: Option<InitFrom>,
    /// What the run was before its length was changed, each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extended>,
}

/// Weights that a training started from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitFrom {
    /// The file, or the folder of a run.
    pub path: PathBuf,
    /// SHA-256 of the weights.
    pub fingerprint: String,
}

/// A run before its length was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extended {
    /// The number of epochs then.
    pub epochs: usize,
    /// The number of steps then, if it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// The identity of the checkpoints then.
    pub identity: String,
}

fn none<T>() -> Option<T> {
    None
}

impl<M, T> Settings<M, T> {
    /// The checkpoints of the run with these settings.
    pub fn checkpoints(&self, run: &RunDir, args: &RunArgs) -> Result<Checkpoints, RunError> {
        let earlier = self.extended.iter().map(|earlier| &earlier.identity);
        let every = args.checkpoint_every.unwrap_or(self.checkpoint_every);
        let checkpoints = run.checkpoints()?.every(every);
        Ok(checkpoints.with_earlier_identities(earlier))
    }

    /// The settings of the training.
    ///
    /// # Errors
    ///
    /// If the weights were imported.
    pub fn training(&self) -> anyhow::Result<&T> {
        let training = self.training.as_ref();
        training.context("the weights were imported, and not trained here")
    }

    /// The source of the evaluation data: `given`, or else the one that the training `recorded`.
    ///
    /// # Errors
    ///
    /// If nothing is given and the weights were imported. The message names `flags`, which give a
    /// source.
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

    /// Records on what the training runs.
    pub fn set_machine(&mut self, context: &Context) {
        self.versions = Versions::of_this_program();
        self.device.clone_from(&context.device_name);
        self.threads = context.threads;
        self.instruction_set = instruction_set().to_owned();
    }

    /// Settings of a new run, with neither training nor origin.
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
            init_from: None,
            extended: Vec::new(),
        }
    }
}

/// The versions of the program that created a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// Of this program.
    pub rnn: String,
    pub burn: String,
}

impl Versions {
    pub fn of_this_program() -> Self {
        Self {
            rnn: env!("CARGO_PKG_VERSION").to_owned(),
            burn: env!("BURN_VERSION").to_owned(),
        }
    }
}

/// The origin of imported weights.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The path of the file.
    pub weights: PathBuf,
    /// The prefix that selected the tensors and was removed from their names.
    pub strip_prefix: String,
    /// Prefixes of names, each with its replacement.
    pub rename: BTreeMap<String, String>,
    /// Patterns of the names that were kept, and of those that were not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// The field that all runs' settings have.
#[derive(Deserialize)]
struct Head {
    command: String,
}

/// Creates a run of `command` with its settings in `path`, or else in the next free folder, and locks
/// it. `write_files` writes what the run needs beside them.
///
/// The settings are written last, since they make a folder a run: killed before, the program leaves
/// files that the same command begins anew with.
pub fn create(
    path: Option<&Path>,
    command: &str,
    settings: &impl Serialize,
    write_files: impl FnOnce(&RunDir) -> anyhow::Result<()>,
) -> anyhow::Result<(RunDir, RunLock)> {
    let run = match path {
        Some(path) => RunDir::create(path)?,
        None => RunDir::create_next("runs", command)?,
    };
    let lock = run.lock_new()?;
    write_files(&run)?;
    run.write_config(settings)?;
    Ok((run, lock))
}

/// The name of the task whose run is in a folder.
pub fn command_of(path: &Path) -> Result<String, RunError> {
    let head: Head = RunDir::open(path)?.read_config()?;
    Ok(head.command)
}

/// Opens a run of `command`, and reads its settings.
pub fn open<S: DeserializeOwned>(path: &Path, command: &str) -> anyhow::Result<(RunDir, S)> {
    let run = RunDir::open(path)?;
    let found = command_of(path)?;
    ensure!(
        found == command,
        "{}: expected a run of {command}, found one of {found}",
        path.display(),
    );
    let settings = run.read_config()?;
    Ok((run, settings))
}
