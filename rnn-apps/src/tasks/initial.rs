//! The weights that a new training starts from with `--init-from`, in place of newly drawn ones.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use burn::module::Module;
use rnn_model::StateDict;
use rnn_train::RunDir;
use rnn_train::checkpoint::Checkpoint;
use rnn_train::data::fingerprint_bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::settings::{self, InitFrom};
use super::task::{SettingsOf, Task};
use crate::cli::WrongUsage;

/// Weights to start from.
pub struct Initial {
    weights: StateDict,
    /// The path as given, for messages.
    path: PathBuf,
    pub origin: InitFrom,
    /// The run whose weights they are; `None` for a file.
    pub run: Option<RunDir>,
}

impl Initial {
    /// Reads a file of weights, or those of the run in a folder.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let run = match path.is_dir() {
            true => Some(RunDir::open(path)?),
            false => None,
        };
        let weights = match &run {
            Some(run) => run.read_weights()?,
            None => read_file(path)?,
        };
        let fingerprint = fingerprint_bytes(&weights.to_safetensors()?);
        Ok(Self {
            weights,
            path: path.to_owned(),
            origin: InitFrom {
                // Absolute, since the training may be resumed from elsewhere.
                path: std::path::absolute(path)?,
                fingerprint,
            },
            run,
        })
    }

    /// The weights that a training started from, of which its run has kept a copy: for one that was
    /// stopped before its first checkpoint.
    pub fn kept(run: &RunDir, origin: &InitFrom) -> anyhow::Result<Self> {
        Ok(Self {
            weights: run.read_initial_weights()?,
            path: origin.path.clone(),
            origin: origin.clone(),
            run: None,
        })
    }

    /// The weights as a `.safetensors` file.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.weights.to_safetensors()?)
    }

    /// The settings of the model that has these weights: those of their run, or, for a file, `asked`.
    ///
    /// # Errors
    ///
    /// If one of the flags with the ids `given` says something else.
    pub fn model<T: Task>(
        &self,
        asked: T::ModelSettings,
        given: &[String],
    ) -> anyhow::Result<T::ModelSettings> {
        if let Some(flag) = given
            .iter()
            .find(|flag| T::WEIGHT_FLAGS.contains(&flag.as_str()))
        {
            return Err(anyhow::Error::new(WrongUsage(format!(
                "--{} has no effect with --init-from {}, which has all weights",
                flag.replace('_', "-"),
                self.path.display()
            ))));
        }
        let Some(run) = &self.run else {
            return Ok(asked);
        };
        let (_, settings) = settings::open::<SettingsOf<T>>(run.path(), T::NAME)?;
        if let Some(flag) = given
            .iter()
            .find(|flag| T::VOCABULARY_FLAGS.contains(&flag.as_str()))
        {
            return Err(anyhow::Error::new(WrongUsage(format!(
                "--{} has no effect with --init-from {}, whose run has its vocabularies",
                flag.replace('_', "-"),
                self.path.display()
            ))));
        }
        let mut model = settings.model;
        let asked = to_object(&asked)?;
        let of_training = |flag: &&String| T::NOISE_FLAGS.contains(&flag.as_str());
        let of_training: Vec<&String> = given.iter().filter(of_training).collect();
        if !of_training.is_empty() {
            let mut json = to_object(&model)?;
            for flag in of_training {
                match asked.get(flag) {
                    Some(value) => drop(json.insert(flag.clone(), value.clone())),
                    // What is not written has its default.
                    None => drop(json.remove(flag)),
                }
            }
            model = serde_json::from_value(Value::Object(json))?;
        }
        let there = to_object(&model)?;
        for flag in given {
            let (asked, there) = (asked.get(flag), there.get(flag));
            // Of a flag that is not the model's there is neither.
            let text = |value: Option<&Value>| match value {
                None | Some(Value::Null) => "none".to_owned(),
                Some(value) => value.to_string(),
            };
            // What is not written is not set.
            let is_set = |value: Option<&Value>| {
                value.is_some_and(|value| !value.is_null() && *value != Value::Bool(false))
            };
            ensure!(
                asked == there || !is_set(asked) && !is_set(there),
                WrongUsage(format!(
                    "--{} {}: the model of --init-from {} has {}",
                    flag.replace('_', "-"),
                    text(asked),
                    self.path.display(),
                    text(there)
                ))
            );
        }
        Ok(model)
    }

    /// Loads the weights into `model`.
    pub fn load_into<M: Module>(self, model: M) -> anyhow::Result<M> {
        let named = || format!("--init-from {}", self.path.display());
        if let Some(name) = self.weights.not_finite() {
            anyhow::bail!("{}: {name} holds a number that is not finite", named());
        }
        self.weights.load_into(model).with_context(named)
    }
}

/// The ids of flags for which the run at `path` decides whose weights a training starts from; none if it
/// is a file.
pub fn flags_of_run<T: Task>(path: &Path) -> anyhow::Result<Vec<String>> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let settings: Value = RunDir::open(path)?.read_config()?;
    let of_model = settings["model"].as_object().into_iter().flatten();
    let of_model = of_model.map(|(key, _)| key.clone());
    let of_vocabulary = T::VOCABULARY_FLAGS.iter().map(|&flag| flag.to_owned());
    Ok(of_model.chain(of_vocabulary).collect())
}

/// The weights in a file: of weights alone, or a checkpoint's.
fn read_file(path: &Path) -> anyhow::Result<StateDict> {
    let weights = StateDict::read(path)?;
    // What a checkpoint holds, each as one array of bytes.
    match weights.names().eq(["model", "optimizer", "state"]) {
        true => Ok(Checkpoint::read(path)?.weights().clone()),
        false => Ok(weights),
    }
}

fn to_object(settings: &impl Serialize) -> anyhow::Result<Map<String, Value>> {
    match serde_json::to_value(settings)? {
        Value::Object(entries) => Ok(entries),
        other => anyhow::bail!("expected settings as an object, found {other}"),
    }
}
