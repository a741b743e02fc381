//! Writes descriptions for `import`.

use std::collections::BTreeSet;

use rnn_model::{RecurrentShape, belongs_to_no_model};
use serde_json::{Map, Value};

use super::parts::{Renaming, shared_path};

/// If more patterns than these would be ignored, those to keep are listed instead.
const FEW: usize = 4;

/// The description of a model of `command` with these settings, whose parts get their names by
/// `renamings`, and which names of the file it leaves out.
pub fn describe(
    command: &str,
    settings: Map<String, Value>,
    renamings: &[Renaming],
    names: &[&str],
) -> (Map<String, Value>, LeftOut) {
    let prefix = common_prefix(renamings);
    let used: BTreeSet<&str> = renamings
        .iter()
        .flat_map(|part| part.names.iter().map(String::as_str))
        .collect();
    // `import` leaves those out itself, unless all names are renamed.
    let all_renamed = (renamings.iter()).any(|part| part.from == prefix && !part.to.is_empty());
    let is_left_out = |rest: &str| !all_renamed && belongs_to_no_model(rest);
    let is_unused = |name: &&str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| !used.contains(name) && !is_left_out(rest))
    };
    let unused: Vec<&str> = names.iter().copied().filter(is_unused).collect();

    let mut description = Map::new();
    description.insert("command".to_owned(), command.into());
    if !prefix.is_empty() {
        description.insert("strip_prefix".to_owned(), prefix.into());
    }
    if !unused.is_empty() {
        let ignored = ignored(prefix, &unused, &used);
        let (key, patterns) = match ignored.len() {
            0..=FEW => ("ignore", ignored),
            _ => ("keep", kept(renamings, &unused)),
        };
        description.insert(key.to_owned(), patterns.into());
    }
    let renamed: Map<String, Value> = renamings
        .iter()
        .filter_map(|part| {
            let from = part.from.strip_prefix(prefix)?;
            (from != part.to).then(|| (from.to_owned(), part.to.clone().into()))
        })
        .collect();
    if !renamed.is_empty() {
        description.insert("rename".to_owned(), renamed.into());
    }
    description.extend(settings);

    let belongs = |name: &&&str| !belongs_to_no_model(name);
    let outside = |name: &&&str| !name.starts_with(prefix) && !used.contains(**name);
    let left_out = LeftOut {
        names: (unused.iter().filter(belongs))
            .map(|&name| name.to_owned())
            .collect(),
        outside: names.iter().filter(belongs).filter(outside).count(),
        prefix: prefix.to_owned(),
    };
    (description, left_out)
}

/// The names of a file that a description leaves out, but for those that belong to no model.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Of the module that all parts are in.
    pub names: Vec<String>,
    /// How many are not in that module.
    pub outside: usize,
    /// The module.
    pub prefix: String,
}

/// The settings of a recurrent layer, under the keys of a description.
pub fn recurrent_settings(layer: &RecurrentShape) -> Map<String, Value> {
    let mut settings = Map::new();
    let mut insert = |key: &str, value: Value| settings.insert(key.to_owned(), value);
    insert("hidden_size", layer.hidden_size.into());
    if let Some(size) = layer.proj_size {
        insert("proj_size", size.into());
    }
    insert("num_layers", layer.num_layers.into());
    insert("bidirectional", layer.bidirectional.into());
    insert("bias", layer.bias.into());
    if layer.layer_norm {
        insert("layer_norm", true.into());
    }
    settings
}

/// The module that all parts are in, with its dot; of a layer alone its own prefix.
fn common_prefix(renamings: &[Renaming]) -> &str {
    let Some((first, others)) = renamings.split_first() else {
        return "";
    };
    if let ([], "") = (others, &first.to[..]) {
        return &first.from;
    }
    let parent = |from: &str| {
        let name = from.strip_suffix('.').unwrap_or(from);
        name.rfind('.').map_or(0, |dot| dot + 1)
    };
    let shared = |part: &Renaming| shared_path(&first.from, &part.from).min(parent(&part.from));
    let length = others.iter().map(shared).min().unwrap_or(usize::MAX);
    let length = length.min(parent(&first.from));
    let prefix = first.from.get(..length).unwrap_or_default();
    // `enc_` is no module.
    prefix.rfind('.').map_or("", |dot| &prefix[..=dot])
}

/// Patterns for the names that are not used: modules where they have nothing that is used.
fn ignored(prefix: &str, unused: &[&str], used: &BTreeSet<&str>) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    for name in unused {
        if patterns.len() > FEW {
            break;
        }
        let module = name[prefix.len()..].find('.');
        let module = module.map(|dot| &name[..=prefix.len() + dot]);
        let pattern = match module.filter(|module| !used.iter().any(|n| n.starts_with(module))) {
            Some(module) => format!("{module}*"),
            None => (*name).to_owned(),
        };
        if patterns.last() != Some(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

/// Patterns for the names of the parts.
fn kept(renamings: &[Renaming], unused: &[&str]) -> Vec<String> {
    let mut patterns = Vec::new();
    for part in renamings {
        match &part.names[..] {
            [name] => patterns.push(name.clone()),
            _ if unused.iter().any(|name| name.starts_with(&part.from)) => {
                patterns.extend(part.names.iter().cloned());
            }
            _ => patterns.push(format!("{}*", part.from)),
        }
    }
    patterns
}
