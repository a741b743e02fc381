//! Which of a file's tensors are imported, and under which names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::module::Module;
use glob::Pattern;
use rnn_model::{Listing, StateDict, StateDictError, belongs_to_no_model};
use serde::Deserialize;

use crate::tasks::settings::Origin;
use crate::ui::Grouped;

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
    /// The tensors of `all` under the model's names, of which `wanted` are the parameters'.
    fn choose(&mut self, all: &StateDict, wanted: &[String]) -> anyhow::Result<StateDict> {
        let patterns = |texts: &[String], key: &str| -> anyhow::Result<Vec<Pattern>> {
            let pattern = |text: &String| {
                Pattern::new(text).with_context(|| format!("the pattern {text:?} of {key}"))
            };
            texts.iter().map(pattern).collect()
        };
        let keep = patterns(&self.keep, "keep")?;
        let ignore = patterns(&self.ignore, "ignore")?;
        for (pattern, key) in pairs(&keep, "keep").chain(pairs(&ignore, "ignore")) {
            ensure!(
                all.names().any(|name| pattern.matches(name)),
                StateDictError::NoSuchName {
                    name: format!("name that fits {:?} of {key}", pattern.as_str()),
                    names: all.names().map(str::to_owned).collect(),
                }
            );
        }
        let is_chosen = |name: &str| {
            (keep.is_empty() || keep.iter().any(|pattern| pattern.matches(name)))
                && !ignore.iter().any(|pattern| pattern.matches(name))
        };
        let mut tensors = StateDict::default();
        for (name, data) in all.iter().filter(|(name, _)| is_chosen(name)) {
            tensors.insert(name, data.clone());
        }
        ensure!(
            tensors.names().next().is_some(),
            "keep and ignore leave none of the {} tensors",
            all.names().count()
        );
        if self.strip_prefix == AUTO {
            self.strip_prefix = self.find_prefix(&tensors, wanted)?;
        }
        let cut = tensors.strip_prefix(&self.strip_prefix);
        if cut.names().next().is_none() {
            bail!(StateDictError::NoSuchPrefix {
                prefix: self.strip_prefix.clone(),
                names: tensors.names().map(str::to_owned).collect(),
            });
        }
        let renames = self.rename.iter();
        let mut renamed = cut.rename(renames.map(|(from, to)| (from.as_str(), to.as_str())))?;
        // An optimiser's state and the like is no model's, unless this one has a parameter of that name.
        let others: Vec<String> = renamed
            .names()
            .filter(|name| belongs_to_no_model(name) && !wanted.iter().any(|other| other == name))
            .map(str::to_owned)
            .collect();
        for name in others {
            renamed.remove(&name);
        }
        Ok(renamed)
    }

    /// The prefix without which all `wanted` parameters are there.
    fn find_prefix(&self, tensors: &StateDict, wanted: &[String]) -> anyhow::Result<String> {
        // What the parameters are called before they are renamed.
        let before: Vec<String> = wanted.iter().map(|name| self.name_before(name)).collect();
        let modules = |name: &str| {
            let dots: Vec<String> = name
                .match_indices(['.', '_', '/'])
                .map(|(at, _)| name[..=at].to_owned())
                .collect();
            dots
        };
        let mut prefixes: BTreeSet<String> = tensors.names().flat_map(modules).collect();
        prefixes.insert(String::new());
        let fits = |prefix: &String| {
            let mut names = before.iter().map(|name| format!("{prefix}{name}"));
            names.all(|name| tensors.holds(&name))
        };
        let mut found: Vec<String> = prefixes.into_iter().filter(fits).collect();
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

fn pairs<'a>(
    patterns: &'a [Pattern],
    key: &'a str,
) -> impl Iterator<Item = (&'a Pattern, &'a str)> {
    patterns.iter().map(move |pattern| (pattern, key))
}

/// Weights to import.
pub struct Weights {
    tensors: StateDict,
    /// The path as given, for messages.
    file: PathBuf,
    pub origin: Origin,
}

impl Weights {
    /// Reads the tensors that `selection` chooses of a file, under the names of a model with the parameters
    /// `wanted`; `finish` makes of them what the model takes.
    pub fn read(
        file: &Path,
        mut selection: Selection,
        wanted: &[String],
        finish: impl FnOnce(StateDict) -> anyhow::Result<StateDict>,
    ) -> anyhow::Result<Self> {
        let all = StateDict::read(file)?;
        let chosen = selection.choose(&all, wanted).and_then(finish);
        let Selection {
            keep,
            ignore,
            strip_prefix,
            rename,
        } = selection;
        Ok(Self {
            tensors: chosen.with_context(|| file.display().to_string())?,
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
    pub fn check_size(file: &Path, parameters: usize) -> anyhow::Result<()> {
        let found = Listing::read(file)?.num_elements();
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
