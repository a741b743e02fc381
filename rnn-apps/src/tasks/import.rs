//! Makes runs of weights that were trained elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::module::Module;
use rnn_data::Vocab;
use rnn_data::fs::read_text;
use rnn_model::{StateDict, StateDictError};
use rnn_train::RunDir;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::recurrent::{RecurrentDescription, split};
use super::settings::{Origin, Settings, create};
use super::task::Task;
use crate::context::Context;
use crate::ui::Grouped;

/// A run of imported weights.
pub struct Imported {
    pub run: RunDir,
    pub parameters: usize,
    /// A command to suggest.
    pub next: String,
}

/// Weights to import.
struct Weights {
    tensors: StateDict,
    /// The path as given, for messages.
    file: PathBuf,
    origin: Origin,
}

impl Weights {
    /// Reads the tensors of a file whose names begin with `strip_prefix`, removes this prefix, and
    /// renames them to the model's names.
    fn read(
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

    /// Refuses a model far larger than the weights before it is allocated. For smaller differences,
    /// `load_into` gives a better message, with the names and shapes that differ.
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

    /// Loads these weights into `model`.
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

/// What a run is made from.
pub struct Import<'a> {
    /// What the description says of the model, as JSON.
    pub description: Map<String, Value>,
    /// The file of the description; paths in it are relative to its folder.
    pub file: &'a Path,
    /// The file of the weights, what is cut off from the beginning of their names, and what those are
    /// replaced by.
    pub weights: &'a Path,
    pub strip_prefix: String,
    pub rename: BTreeMap<String, String>,
    /// The folder for the run; the next free one if there is none.
    pub run: Option<&'a Path>,
}

impl Import<'_> {
    /// Makes a run of task `T`.
    pub fn run<T: Task>(self, context: &Context) -> anyhow::Result<Imported> {
        let Self {
            description,
            file,
            weights,
            strip_prefix,
            rename,
            run,
        } = self;
        let folder = file.parent().unwrap_or(Path::new(""));
        let described = || {
            let (own, recurrent) = split(description, RecurrentDescription::KEYS)?;
            let (model, assets) =
                T::from_description(own, RecurrentDescription::into(recurrent), folder)?;
            let parameters = T::num_params(&model)?;
            anyhow::Ok((model, assets, parameters))
        };
        let (model, assets, parameters) =
            described().with_context(|| file.display().to_string())?;
        let mut weights = Weights::read(weights, strip_prefix, rename)?;
        let tensors = T::imported(&model, weights.tensors);
        weights.tensors = tensors.with_context(|| weights.file.display().to_string())?;
        weights.check_size(parameters)?;
        let loaded = weights.load_into(T::init(&model, None, &context.device)?)?;
        let settings = Settings::<_, T::Training> {
            imported: Some(weights.origin),
            ..Settings::new(context, T::NAME, model)
        };
        let (run, _lock) = create(run, T::NAME, &settings, |run| {
            if let Some(config) = T::library_config(&settings.model)? {
                run.write_model_config(&config)?;
            }
            T::write_assets(&assets, run)?;
            Ok(run.save_model(&loaded)?)
        })?;
        Ok(Imported {
            next: T::next_command(&run.path().display().to_string()),
            parameters: loaded.num_params(),
            run,
        })
    }
}

/// Words or tags with their ids.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Symbols {
    /// In the order of their ids.
    List(Vec<String>),
    /// Each with its id.
    Ids(Map<String, Value>),
    /// The path of a JSON file that holds either, or a run's vocabulary.
    File(PathBuf),
}

impl Symbols {
    /// The vocabulary, in which `unk`, if there is one, stands for unknown symbols; `key` is what the
    /// description calls it.
    pub fn read_with_unk(
        self,
        folder: &Path,
        unk: Option<&str>,
        key: &str,
    ) -> anyhow::Result<Vocab> {
        let vocab = self.read(folder)?;
        match unk {
            None => Ok(vocab),
            Some(unk) => vocab
                .with_unk(unk)
                .map_err(|_| anyhow::anyhow!("unk: {unk:?} is not among {key}")),
        }
    }

    /// The vocabulary; a relative path is relative to `folder`.
    pub fn read(self, folder: &Path) -> anyhow::Result<Vocab> {
        match self {
            Self::File(path) => read_file(&folder.join(path)),
            Self::List(list) => of_list(&list),
            Self::Ids(ids) => of_ids(ids),
        }
    }
}

/// Reads a list of symbols, symbols with their ids, or a run's vocabulary.
fn read_file(path: &Path) -> anyhow::Result<Vocab> {
    let text = read_text(path)?;
    let vocab = match serde_json::from_str(&text) {
        // A run's vocabulary, or no JSON, of which its reader tells the place.
        Ok(Value::Object(object)) if !object.get("symbols").is_some_and(Value::is_array) => {
            of_ids(object)
        }
        Ok(Value::Array(list)) => serde_json::from_value::<Vec<String>>(list.into())
            .map_err(anyhow::Error::from)
            .and_then(|list| of_list(&list)),
        _ => return Ok(Vocab::read(path)?),
    };
    vocab.with_context(|| path.display().to_string())
}

fn of_list(list: &[String]) -> anyhow::Result<Vocab> {
    let vocab = Vocab::in_order(list);
    ensure!(
        vocab.len() == list.len() && !list.is_empty(),
        "expected symbols that all differ, at least one, found {} of which {} differ",
        list.len(),
        vocab.len()
    );
    Ok(vocab)
}

/// Symbols whose ids are 0, 1, 2 and so on, in any order.
fn of_ids(ids: Map<String, Value>) -> anyhow::Result<Vocab> {
    let mut symbols: Vec<Option<String>> = vec![None; ids.len()];
    for (symbol, id) in ids {
        let last = symbols.len() - 1;
        let place = id
            .as_u64()
            .and_then(|id| symbols.get_mut(usize::try_from(id).ok()?));
        let Some(place) = place else {
            bail!(
                "{symbol:?}: expected an id from 0 to {last}, a different one for each symbol, found {id}"
            );
        };
        if let Some(other) = place {
            bail!(
                "{symbol:?}: expected an id of its own, found {id}, which is the id of {other:?}"
            );
        }
        *place = Some(symbol);
    }
    let symbols: Vec<String> = symbols.into_iter().flatten().collect();
    of_list(&symbols)
}
