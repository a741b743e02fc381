//! Checkpoints: everything that a training needs to go on as if it had never stopped.
//!
//! A file per checkpoint, which is written whole, synced and then named, so that at any moment the
//! folder holds a whole one once it held one. It is a `.safetensors` file with
//!
//! | entry | holds |
//! |---|---|
//! | `model` | the weights, as `.safetensors` |
//! | `optimizer` | Burn's record of the optimiser's state, in its own format |
//! | `state` | the recurrent state that the next step begins with, if it is carried, as `.safetensors` |
//! | metadata `training` | the settings, the position in the data with all sums and the history, and whose state in `optimizer` is whose (JSON) |
//! | metadata `sha256` | of all of that |

pub(crate) mod identities;
mod position;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::tensor::{Bytes, TensorData};
use rnn_data::write_file;
use rnn_model::StateDict;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Every;
use crate::data::Loader;
pub use crate::error::CheckpointError;
use crate::fit::FitConfig;
pub(crate) use identities::identities;
use identities::with_identities;
pub(crate) use position::Position;

const LAST: &str = "step-";
const BEST: &str = "best-";
const EXTENSION: &str = "safetensors";
/// Of each kind: the newest one and the one before it.
const KEPT: usize = 2;

/// A folder of checkpoints: the last two, `step-N` after N steps, and those of the best epoch and of
/// the one that was the best before, `best-N`.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    pub(crate) every: Every,
    identity: String,
}

/// What a checkpoint says of the training that it is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub identity: String,
    pub config: FitConfig,
    pub train: Data,
    pub valid: Option<Data>,
}

/// What there is to know of data without looking at them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub items: usize,
    pub batch_size: usize,
    pub shuffle: Option<u64>,
}

impl Data {
    pub fn of<B: 'static>(loader: &Loader<B>) -> Self {
        Self {
            items: loader.num_items(),
            batch_size: loader.batch_size(),
            shuffle: loader.shuffle(),
        }
    }
}

/// The metadata, for writing and for reading.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<A, P, I> {
    about: A,
    position: P,
    identities: I,
}

/// A checkpoint that was read and found whole.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    path: PathBuf,
    about: About,
    pub(crate) position: Position,
    identities: BTreeMap<String, u64>,
    model: StateDict,
    optimizer: Bytes,
    pub(crate) state: Vec<TensorData>,
}

impl Checkpoints {
    /// Those in `folder`, which is made when the first one is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            every: Every::Epoch,
            identity: String::new(),
        }
    }

    /// Writes them more often than after each epoch.
    pub fn every(mut self, every: Every) -> Self {
        self.every = every;
        self
    }

    /// Tells this training from others by a text of yours, such as a hash of all settings, the model's
    /// too, and the data: a checkpoint with another one is refused.
    pub fn with_identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = identity.into();
        self
    }

    /// The names of the checkpoints there are: the last ones, the newest first, then the best ones.
    ///
    /// # Errors
    ///
    /// If the folder is there and can't be read.
    pub fn names(&self) -> Result<Vec<String>, CheckpointError> {
        let mut names = Vec::new();
        for kind in [LAST, BEST] {
            let steps = self.steps(kind)?.into_iter().rev();
            names.extend(steps.map(|step| name_of(kind, step)));
        }
        Ok(names)
    }

    /// The last checkpoint; none if there is none yet.
    ///
    /// # Errors
    ///
    /// If it can't be read or is damaged.
    pub fn latest(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        let last = self.steps(LAST)?.pop();
        last.map(|step| Checkpoint::read(self.path(&name_of(LAST, step))))
            .transpose()
    }

    /// The checkpoint of a name of [`names`](Self::names).
    ///
    /// # Errors
    ///
    /// If there is none, it can't be read, or is damaged.
    pub fn named(&self, name: &str) -> Result<Checkpoint, CheckpointError> {
        let there = self.names()?;
        if there.iter().any(|found| found == name) {
            return Checkpoint::read(self.path(name));
        }
        Err(CheckpointError::Missing {
            folder: self.folder.clone(),
            name: name.to_owned(),
            there,
        })
    }

    /// The checkpoint of the best epoch, which ended after so many steps.
    pub(crate) fn best(&self, step: usize) -> Result<Checkpoint, CheckpointError> {
        self.named(&name_of(BEST, step))
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Writes a checkpoint, as the best one too if it is that, and then lets go of the oldest; and of
    /// those that are further on, which somebody chose not to go on from.
    pub(crate) fn save(
        &self,
        about: &About,
        position: &Position,
        (weights, identities): (&StateDict, &BTreeMap<String, u64>),
        optimizer: OptimizerRecord,
        state: &[TensorData],
    ) -> Result<PathBuf, CheckpointError> {
        let step = position.steps_done;
        let last = self.path(&name_of(LAST, step));
        let unwritable = |reason: String| CheckpointError::Io {
            path: last.clone(),
            error: std::io::Error::other(reason),
        };
        let header = Header {
            about,
            position,
            identities,
        };
        let weights = weights.to_safetensors();
        let weights = weights.map_err(|e| unwritable(e.to_string()))?;
        let optimizer = optimizer.into_bytes();
        let optimizer = optimizer.map_err(|e| unwritable(e.to_string()))?;
        let bytes = encode(&header, &weights, &optimizer, state).map_err(unwritable)?;
        fs::create_dir_all(&self.folder).map_err(io_error(&self.folder))?;
        // The best one first: what the last one says of it is true whenever the last one is there.
        if position.best.is_some_and(|best| best.step == step) && position.step == 0 {
            let best = self.path(&name_of(BEST, step));
            write_file(&best, &bytes).map_err(io_error(&best))?;
        }
        write_file(&last, &bytes).map_err(io_error(&last))?;
        for kind in [LAST, BEST] {
            let steps = self.steps(kind)?;
            let (behind, ahead): (Vec<_>, Vec<_>) = steps.into_iter().partition(|&s| s <= step);
            let old = &behind[..behind.len().saturating_sub(KEPT)];
            for &step in old.iter().chain(&ahead) {
                // One too many does no harm.
                let _ = fs::remove_file(self.path(&name_of(kind, step)));
            }
        }
        Ok(last)
    }

    /// The steps that there are checkpoints of a kind of, in order.
    fn steps(&self, kind: &str) -> Result<Vec<usize>, CheckpointError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error(&self.folder))?,
        };
        let mut steps = Vec::new();
        for entry in entries {
            let path = entry.map_err(io_error(&self.folder))?.path();
            let step = path.file_stem().and_then(|name| {
                let step: usize = name.to_str()?.strip_prefix(kind)?.parse().ok()?;
                (self.path(&name_of(kind, step)) == path).then_some(step)
            });
            steps.extend(step);
        }
        steps.sort_unstable();
        Ok(steps)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }
}

impl Checkpoint {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it can't be read, or is not a whole checkpoint.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, CheckpointError> {
        let path = path.into();
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        decode(&path, &bytes).map_err(|reason| CheckpointError::Damaged { path, reason })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Steps of the optimiser that it has behind it.
    pub fn steps_done(&self) -> usize {
        self.position.steps_done
    }

    /// Whether it is of the training that `ours` is about.
    pub(crate) fn check(&self, ours: &About) -> Result<(), CheckpointError> {
        let theirs = &self.about;
        let text = |about: &About| {
            let json = |value: serde_json::Result<String>| value.unwrap_or_default();
            [
                ("identity", about.identity.clone()),
                ("training data", json(serde_json::to_string(&about.train))),
                ("validation data", json(serde_json::to_string(&about.valid))),
                ("settings", json(serde_json::to_string(&about.config))),
            ]
        };
        for ((what, expected), (_, found)) in text(ours).into_iter().zip(text(theirs)) {
            if expected != found {
                let (path, what) = (self.path.clone(), what.to_owned());
                return Err(CheckpointError::Foreign {
                    path,
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Whose training it is of.
    pub(crate) fn identity(&self) -> &str {
        &self.about.identity
    }

    /// `model` with its weights, each known to the optimiser by its old identity.
    pub(crate) fn load_into<M: Module>(&self, model: M) -> Result<M, CheckpointError> {
        let model = self.model.clone().load_into(model);
        let model = model.map_err(|error| CheckpointError::Foreign {
            path: self.path.clone(),
            what: "the parameters of".to_owned(),
            expected: "this model".to_owned(),
            found: error.to_string(),
        })?;
        Ok(with_identities(model, &self.identities))
    }

    pub(crate) fn optimizer(&self) -> Result<OptimizerRecord, CheckpointError> {
        OptimizerRecord::from_bytes(self.optimizer.clone()).map_err(|error| self.damaged(error))
    }

    pub(crate) fn damaged(&self, reason: impl core::fmt::Display) -> CheckpointError {
        CheckpointError::Damaged {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

/// Eight digits keep the names in order in a listing.
fn name_of(kind: &str, step: usize) -> String {
    format!("{kind}{step:08}")
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> CheckpointError + use<> {
    let path = path.to_owned();
    move |error| CheckpointError::Io { path, error }
}

fn encode(
    header: &Header<&About, &Position, &BTreeMap<String, u64>>,
    model: &[u8],
    optimizer: &[u8],
    state: &[TensorData],
) -> Result<Vec<u8>, String> {
    let training = serde_json::to_string(header).map_err(|e| e.to_string())?;
    let mut entries = StateDict::default();
    for (index, data) in state.iter().enumerate() {
        entries.insert(&index.to_string(), data.clone());
    }
    let state = entries.to_safetensors().map_err(|e| e.to_string())?;
    let views = [
        ("model", model),
        ("optimizer", optimizer),
        ("state", &state),
    ];
    let hash = digest(&training, views);
    let views = views.map(|(name, bytes)| {
        TensorView::new(Dtype::U8, vec![bytes.len()], bytes).map(|view| (name, view))
    });
    let views = views.into_iter().collect::<Result<Vec<_>, _>>();
    let metadata = HashMap::from([
        ("training".to_owned(), training),
        ("sha256".to_owned(), hash),
    ]);
    safetensors::serialize(views.map_err(|e| e.to_string())?, Some(metadata))
        .map_err(|e| e.to_string())
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Checkpoint, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let text = |name: &str| {
        metadata
            .get(name)
            .ok_or(format!("no {name} in its metadata"))
    };
    let training = text("training")?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let part = |name: &'static str| match file.tensor(name) {
        Ok(view) => Ok((name, view.data())),
        Err(error) => Err(error.to_string()),
    };
    let parts = [part("model")?, part("optimizer")?, part("state")?];
    let (expected, found) = (text("sha256")?, digest(training, parts));
    if *expected != found {
        return Err(format!("expected SHA-256 {expected}, found {found}"));
    }
    let [(_, model), (_, optimizer), (_, state)] = parts;
    let mut state = StateDict::from_safetensors(state).map_err(|e| e.to_string())?;
    let state = (0..).map_while(|index: usize| state.remove(&index.to_string()));
    let header: Header<About, Position, BTreeMap<String, u64>> =
        serde_json::from_str(training).map_err(|e| e.to_string())?;
    Ok(Checkpoint {
        path: path.to_owned(),
        about: header.about,
        position: header.position,
        identities: header.identities,
        model: StateDict::from_safetensors(model).map_err(|e| e.to_string())?,
        optimizer: Bytes::from_bytes_vec(optimizer.to_vec()),
        state: state.collect(),
    })
}

fn digest<'a>(training: &str, parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    hash.update((training.len() as u64).to_be_bytes());
    hash.update(training);
    for (name, bytes) in parts {
        hash.update(name);
        // With its length, no part runs into the next.
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    crate::data::hex(hash)
}
