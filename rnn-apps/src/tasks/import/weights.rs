//! Which of a file's tensors are imported, and under which names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::module::Module;
use glob::Pattern;
use rnn_model::{Listing, StateDict, StateDictError, TensorInfo, belongs_to_no_model};
use serde::Deserialize;

use crate::tasks::settings::Origin;
use crate::ui::Grouped;

/// A parameter's name and shape.
pub type Parameter = (String, Vec<usize>);

/// The prefix for which the names themselves are asked.
const AUTO: &str = "auto";

/// The parts of a description that choose tensors and give them the model's names, in the order in which
/// they are applied.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Selection {
    /// Patterns of the file's names: what fits none is left out.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Patterns of the file's names: what fits one is left out.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// What is cut off from the beginning of names; other names are left out. `auto` finds it.
    #[serde(default)]
    pub strip_prefix: String,
    /// Beginnings of the names that are left, each with its replacement.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
}

impl Selection {
    /// The keys of these settings.
    pub const KEYS: &[&str] = &["strip_prefix", "keep", "ignore", "rename"];

    /// The names of the file that are imported, of a model whose parameters are `wanted`.
    fn choose(&mut self, all: &Listing, wanted: &[Parameter]) -> anyhow::Result<BTreeSet<String>> {
        let names = || all.tensors.iter().map(|tensor| tensor.name.as_str());
        let owned = || names().map(str::to_owned).collect();
        for (key, patterns) in [("keep", &self.keep), ("ignore", &self.ignore)] {
            for pattern in patterns {
                let matches = matcher(pattern);
                ensure!(
                    names().any(|name| matches.matches(name)),
                    StateDictError::NoSuchName {
                        name: format!("name that fits {pattern:?} of {key}"),
                        names: owned(),
                    }
                );
            }
        }
        let matchers = |patterns: &[String]| -> Vec<Pattern> {
            patterns.iter().map(|pattern| matcher(pattern)).collect()
        };
        let (keep, ignore) = (matchers(&self.keep), matchers(&self.ignore));
        let is_chosen = |tensor: &&TensorInfo| {
            let fits = |pattern: &Pattern| pattern.matches(&tensor.name);
            (keep.is_empty() || keep.iter().any(fits)) && !ignore.iter().any(fits)
        };
        let mut chosen = all.clone();
        chosen.tensors = all.tensors.iter().filter(is_chosen).cloned().collect();
        ensure!(
            !chosen.tensors.is_empty(),
            "keep and ignore leave none of the {} tensors",
            all.tensors.len()
        );
        if self.strip_prefix == AUTO {
            self.strip_prefix = self.find_prefix(&chosen, wanted)?;
        }
        let begins = |name: &&str| name.starts_with(&self.strip_prefix);
        let chosen = chosen.tensors.iter().map(|tensor| tensor.name.as_str());
        let found: BTreeSet<String> = chosen.clone().filter(begins).map(str::to_owned).collect();
        if found.is_empty() {
            bail!(StateDictError::NoSuchPrefix {
                prefix: self.strip_prefix.clone(),
                names: chosen.map(str::to_owned).collect(),
            });
        }
        Ok(found)
    }

    /// The tensors of `chosen` under the model's names, of which `wanted` are the parameters'.
    fn rename(&self, chosen: &StateDict, wanted: &[Parameter]) -> anyhow::Result<StateDict> {
        let cut = chosen.strip_prefix(&self.strip_prefix);
        let renames = self.rename.iter();
        let mut renamed = cut.rename(renames.map(|(from, to)| (from.as_str(), to.as_str())))?;
        // An optimiser's state and the like is no model's, unless this one has a parameter of that name.
        let others: Vec<String> = renamed
            .names()
            .filter(|name| {
                belongs_to_no_model(name) && !wanted.iter().any(|(other, _)| other == name)
            })
            .map(str::to_owned)
            .collect();
        ensure!(
            others.len() < renamed.names().count(),
            "expected weights of a model, found {} that belong to none (an optimiser's, counters, \
             TorchScript's constants): {}",
            others.len(),
            others.first().map_or("", String::as_str)
        );
        for name in others {
            renamed.remove(&name);
        }
        Ok(renamed)
    }

    /// The prefix without which all `wanted` parameters are there.
    fn find_prefix(&self, chosen: &Listing, wanted: &[Parameter]) -> anyhow::Result<String> {
        // What the parameters are called before they are renamed.
        let before = wanted.iter();
        let before = before.map(|(name, shape)| (self.name_before(name), shape.clone()));
        let before: Vec<Parameter> = before.collect();
        let mut found = chosen.prefixes(&before);
        match found.len() {
            1 => Ok(found.remove(0)),
            // What is missing is said of the names as they are.
            0 => Ok(String::new()),
            _ => {
                let found: Vec<String> = found.iter().map(|prefix| format!("{prefix:?}")).collect();
                bail!(
                    "with --prefix auto: the model fits without any of the prefixes {}: give one",
                    found.join(", ")
                )
            }
        }
    }

    /// What the file calls a parameter that is called `name` in the end.
    fn name_before(&self, name: &str) -> String {
        let renames = self.rename.iter().filter_map(|(from, to)| {
            let rest = name.strip_prefix(to.as_str())?;
            Some((to.len(), format!("{from}{rest}")))
        });
        let longest = renames.max_by_key(|(length, _)| *length);
        longest.map_or_else(|| name.to_owned(), |(_, name)| name)
    }
}

/// What a pattern fits: `*` is any text, and everything else itself.
fn matcher(pattern: &str) -> Pattern {
    let parts: Vec<String> = pattern.split('*').map(Pattern::escape).collect();
    let mut text = parts.join("*");
    while text.contains("**") {
        text = text.replace("**", "*");
    }
    Pattern::new(&text).unwrap_or_default()
}

/// Weights to import.
pub struct Weights {
    tensors: StateDict,
    /// The path as given, for messages.
    file: PathBuf,
    pub origin: Origin,
}

impl Weights {
    /// Reads the tensors that `selection` chooses of a file, which holds what `listing` says, under the names
    /// of a model with the parameters `wanted`; `finish` makes of them what the model takes.
    pub fn read(
        file: &Path,
        listing: &Listing,
        mut selection: Selection,
        wanted: &[Parameter],
        finish: impl FnOnce(StateDict) -> anyhow::Result<StateDict>,
    ) -> anyhow::Result<Self> {
        let named = || file.display().to_string();
        let names = selection.choose(listing, wanted).with_context(named)?;
        let all = StateDict::read_where(file, |name| names.contains(name))?;
        let chosen = selection.rename(&all, wanted).and_then(finish);
        let Selection {
            keep,
            ignore,
            strip_prefix,
            rename,
        } = selection;
        Ok(Self {
            tensors: chosen.with_context(named)?,
            file: file.to_owned(),
            origin: Origin {
                weights: std::path::absolute(file)?,
                strip_prefix,
                rename,
                keep,
                ignore,
            },
        })
    }

    /// Refuses a model far larger than the weights in a file before it is allocated. For smaller
    /// differences, `load_into` gives a better message, with the names and shapes that differ.
    pub fn check_size(file: &Path, listing: &Listing, parameters: usize) -> anyhow::Result<()> {
        let found = listing.num_elements();
        ensure!(
            parameters as u64 / 2 <= found.saturating_add(1 << 20),
            "{}: expected {} numbers, as the sizes say, found {}",
            file.display(),
            Grouped(parameters),
            Grouped(found as usize)
        );
        Ok(())
    }

    /// Loads these weights into `model`.
    pub fn load_into<M: Module>(&self, model: M) -> anyhow::Result<M> {
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
