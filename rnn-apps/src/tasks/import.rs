//! A run of weights that were trained elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::module::Module;
use rnn_model::{StateDict, StateDictError};
use rnn_train::RunDir;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::recurrent::RecurrentDescription;
use super::settings::{Origin, Settings, create};
use super::task::Task;
use crate::context::Context;
use crate::ui::Grouped;

/// A run that was made of weights.
pub struct Imported {
    pub run: RunDir,
    pub parameters: usize,
    /// A command to try with it.
    pub next: String,
}

/// Weights on their way into a run.
pub struct Weights {
    tensors: StateDict,
    /// As it was given.
    file: PathBuf,
    origin: Origin,
}

impl Weights {
    /// The tensors of a file that the model is made of, under the model's names: those that begin
    /// with `strip_prefix`, without it, and then renamed.
    pub fn read(
        file: &Path,
        strip_prefix: String,
        rename: BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let all = StateDict::read(file)?;
        let choose = || {
            let tensors = all.strip_prefix(&strip_prefix);
            if tensors.names().next().is_none() {
                return Err(StateDictError::NoSuchPrefix {
                    prefix: strip_prefix.clone(),
                    names: all.names().map(str::to_owned).collect(),
                });
            }
            tensors.rename(rename.iter().map(|(from, to)| (from.as_str(), to.as_str())))
        };
        Ok(Self {
            tensors: choose().with_context(|| file.display().to_string())?,
            file: file.to_owned(),
            origin: Origin {
                weights: std::path::absolute(file)?,
                strip_prefix,
                rename,
            },
        })
    }

    /// Refuses a model far larger than the weights, before there is one. Near misses are better told
    /// by the names and shapes that differ.
    fn check_size(&self, parameters: usize) -> anyhow::Result<()> {
        let tensors = self.tensors.names();
        let tensors = tensors.filter_map(|name| self.tensors.get(name));
        let found: usize = tensors.map(|data| data.num_elements()).sum();
        ensure!(
            parameters / 2 <= found + (1 << 20),
            "{}: expected {} numbers, as the sizes say, found {}",
            self.file.display(),
            Grouped(parameters),
            Grouped(found)
        );
        Ok(())
    }

    /// `model` with these weights.
    fn load_into<M: Module>(&self, model: M) -> anyhow::Result<M> {
        if let Some(name) = self.tensors.not_finite() {
            bail!(
                "{}: {name} holds a number that is not finite",
                self.file.display()
            );
        }
        let loaded = self.tensors.clone().load_into(model);
        loaded.with_context(|| self.file.display().to_string())
    }
}

/// Makes a run of a task: a new one in `run`, or else in the next free folder. The description stands
/// in `file`; files that it names lie beside it.
pub fn import<T: Task>(
    context: &Context,
    description: Map<String, Value>,
    file: &Path,
    weights: Weights,
    run: Option<&Path>,
) -> anyhow::Result<Imported> {
    let described = || {
        let is_recurrent = |key: &String| RecurrentDescription::KEYS.contains(&key.as_str());
        let (recurrent, own): (Map<_, _>, Map<_, _>) = description
            .into_iter()
            .partition(|(key, _)| is_recurrent(key));
        // First what the task asks for: it knows all other keys, and names one that is misspelt.
        let own = T::Description::deserialize(Value::Object(own))?;
        let recurrent = RecurrentDescription::deserialize(Value::Object(recurrent))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let (model, assets) = T::from_description(own, recurrent.into(), folder)?;
        let parameters = T::num_params(&model)?;
        anyhow::Ok((model, assets, parameters))
    };
    let (model, assets, parameters) = described().with_context(|| file.display().to_string())?;
    weights.check_size(parameters)?;
    let loaded = weights.load_into(T::init(&model, None, &context.device)?)?;
    let settings = Settings::<_, T::Training> {
        imported: Some(weights.origin),
        ..Settings::new(context, T::NAME, model)
    };
    let run = create(run, T::NAME, &settings)?;
    T::write_assets(&assets, &run)?;
    run.save_model(&loaded)?;
    Ok(Imported {
        next: T::next_command(&run.path().display().to_string()),
        parameters: loaded.num_params(),
        run,
    })
}

/// Symbols in the order of their ids.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Symbols {
    List(Vec<String>),
    /// A vocabulary's JSON file.
    File(PathBuf),
}

impl Symbols {
    /// The vocabulary; a file lies in `folder` unless its path is absolute.
    pub fn read(self, folder: &Path) -> anyhow::Result<rnn_data::Vocab> {
        match self {
            Self::File(path) => Ok(rnn_data::Vocab::read(folder.join(path))?),
            Self::List(list) => {
                let vocab = rnn_data::Vocab::in_order(&list);
                ensure!(
                    vocab.len() == list.len() && !list.is_empty(),
                    "expected symbols that all differ, at least one, found {} of which {} differ",
                    list.len(),
                    vocab.len()
                );
                Ok(vocab)
            }
        }
    }
}
