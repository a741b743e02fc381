//! The bytes of a checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use burn::optim::OptimizerRecord;
use burn::tensor::{Bytes, TensorData};
use rnn_model::StateDict;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::about::About;
use super::position::Position;
use crate::data::hex;

/// The metadata `training`: with references for writing, with values for reading.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<A, P, I> {
    about: A,
    position: P,
    identities: I,
}

/// All that is in a checkpoint.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    pub about: About,
    pub position: Position,
    /// The ids by which the optimiser's state refers to the parameters, by the parameters' names.
    pub identities: BTreeMap<String, u64>,
    pub model: StateDict,
    pub optimizer: Bytes,
    pub state: Vec<TensorData>,
}

/// The same of a training under way, to be written.
pub(crate) struct Snapshot<'a> {
    pub about: &'a About,
    pub position: &'a Position,
    pub identities: &'a BTreeMap<String, u64>,
    pub model: &'a StateDict,
    pub optimizer: OptimizerRecord,
    pub state: &'a [TensorData],
}

/// Why there are no bytes, or no contents.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// The bytes of a file; an error says why there can be none.
pub(super) fn encode(snapshot: Snapshot) -> Result<Vec<u8>, Cause> {
    let header = Header {
        about: snapshot.about,
        position: snapshot.position,
        identities: snapshot.identities,
    };
    let training = serde_json::to_string(&header)?;
    let model = snapshot.model.to_safetensors()?;
    let optimizer = snapshot.optimizer.into_bytes()?;
    let mut entries = StateDict::default();
    for (index, data) in snapshot.state.iter().enumerate() {
        entries.insert(&index.to_string(), data.clone());
    }
    let state = entries.to_safetensors()?;
    let views: [(&str, &[u8]); 3] = [
        ("model", &model),
        ("optimizer", &optimizer),
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
    Ok(safetensors::serialize(views?, Some(metadata))?)
}

/// The contents of a file; an error says what is damaged.
pub(super) fn decode(bytes: &[u8]) -> Result<Contents, Cause> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let text = |name: &str| {
        let found = metadata.get(name);
        found.ok_or_else(|| format!("no {name} in its metadata"))
    };
    let training = text("training")?;
    let file = SafeTensors::deserialize(bytes)?;
    let part = |name: &'static str| file.tensor(name).map(|view| (name, view.data()));
    let parts = [part("model")?, part("optimizer")?, part("state")?];
    let (expected, found) = (text("sha256")?, digest(training, parts));
    if *expected != found {
        return Err(format!("expected SHA-256 {expected}, found {found}").into());
    }
    let [(_, model), (_, optimizer), (_, state)] = parts;
    let mut state = StateDict::from_safetensors(state)?;
    let state = (0..).map_while(|index: usize| state.remove(&index.to_string()));
    let header: Header<About, Position, BTreeMap<String, u64>> = serde_json::from_str(training)?;
    Ok(Contents {
        about: header.about,
        position: header.position,
        identities: header.identities,
        model: StateDict::from_safetensors(model)?,
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
        // With its length, so that bytes can't move from one part to the next.
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hex(hash)
}
