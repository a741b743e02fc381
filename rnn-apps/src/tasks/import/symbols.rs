//! Vocabularies as the descriptions of imported networks have them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use rnn_data::Vocab;
use rnn_data::fs::read_text;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Words or tags with their ids.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected symbols: a list in the order of their ids, an object of each with its id, or the \
                 path of a JSON file with either"
)]
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
    let has_no_first = !ids.values().any(|id| id.as_u64() == Some(0));
    for (symbol, id) in ids {
        let last = symbols.len() - 1;
        let place = id
            .as_u64()
            .and_then(|id| symbols.get_mut(usize::try_from(id).ok()?));
        let Some(place) = place else {
            if has_no_first && id.is_u64() {
                bail!(
                    "{symbol:?}: expected ids from 0 to {last}, found {id}, and no symbol with id 0: give each \
                     row of the embedding a symbol, such as \"<pad>\": 0 for padding"
                );
            }
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
