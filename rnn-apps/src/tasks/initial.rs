//! The weights that a new training starts from with `--init-from`, in place of newly drawn ones.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use burn::module::Module;
use rnn_model::StateDict;
use rnn_train::RunDir;
use rnn_train::checkpoint::Checkpoint;
use rnn_train::data::fingerprint_bytes;
use serde::Serialize;
use serde_json::Value;

use super::settings::{self, InitFrom};
use super::task::{SettingsOf, Task};
use crate::cli::WrongUsage;
use crate::ui::json::flatten;

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
        let asked = to_json(&asked)?;
        let of_training = |flag: &&String| T::NOISE_FLAGS.contains(&flag.as_str());
        let of_training: Vec<&String> = given.iter().filter(of_training).collect();
        if !of_training.is_empty() {
            let mut json = to_json(&model)?;
            for flag in of_training {
                json[flag.as_str()] = asked[flag.as_str()].clone();
            }
            // What is not written has its default.
            if let Some(entries) = json.as_object_mut() {
                entries.retain(|key, value| !(value.is_null() && asked.get(key).is_none()));
            }
            model = serde_json::from_value(json)?;
        }
        let there = to_json(&model)?;
        let (asked, there) = (flatten(&asked), flatten(&there));
        let value_of = |values: &[(String, &Value)], flag: &str| {
            let found = values.iter().find(|(name, _)| name == flag);
            found.map(|(_, value)| value.to_string())
        };
        for flag in given {
            if let (Some(asked), Some(there)) = (value_of(&asked, flag), value_of(&there, flag)) {
                ensure!(
                    asked == there,
                    WrongUsage(format!(
                        "--{} {asked}: the model of --init-from {} has {there}",
                        flag.replace('_', "-"),
                        self.path.display()
                    ))
                );
            }
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

fn to_json(settings: &impl Serialize) -> serde_json::Result<Value> {
    serde_json::to_value(settings)
}
