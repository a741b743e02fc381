//! What would make names fit.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::layers::loaded_as;

/// Prefixes of which a message lists no more.
const SHOWN: usize = 5;

/// A line that says which prefix to remove, or what to rename, if that makes names fit; `shared` is how
/// many names fit already, which without their prefix would not.
pub(super) fn hint(missing: &[String], unexpected: &[&str], shared: usize) -> Option<String> {
    let unexpected: Vec<Cow<'_, str>> = unexpected.iter().map(|name| loaded_as(name)).collect();
    let unexpected: BTreeSet<&str> = unexpected.iter().map(AsRef::as_ref).collect();
    let unexpected = &unexpected;
    let prefixes = prefixes(missing, unexpected);
    match &prefixes[..] {
        [] => lacks(missing, unexpected, shared).or_else(|| renames(missing, unexpected)),
        _ if shared > 0 => {
            let (prefix, more) = (prefixes.first()?, prefixes.len() > 1);
            let one = if more { "for instance " } else { "" };
            Some(format!(
                "with {one}{prefix:?} replaced by \"\" the missing names are there (rename)"
            ))
        }
        [prefix] if unexpected.iter().all(|name| name.starts_with(prefix)) => Some(format!(
            "all of these names begin with {prefix:?}: without that prefix they fit (strip_prefix, --prefix)"
        )),
        [prefix] => Some(format!(
            "those of these names that begin with {prefix:?} fit without that prefix, and the others are \
             left out then (strip_prefix, --prefix)"
        )),
        several => {
            let listed: Vec<String> = (several.iter().take(SHOWN))
                .map(|prefix| format!("{prefix:?}"))
                .collect();
            let more = if several.len() > SHOWN {
                " and others"
            } else {
                ""
            };
            Some(format!(
                "names fit without any of these prefixes, choose one (strip_prefix, --prefix): {}{more}",
                listed.join(", ")
            ))
        }
    }
}

/// The prefixes with which all of `missing` are among `unexpected`, sorted.
fn prefixes<'a>(missing: &[String], unexpected: &BTreeSet<&'a str>) -> Vec<&'a str> {
    // The longest name has the fewest that end like it.
    let Some(longest) = missing.iter().max_by_key(|name| name.len()) else {
        return Vec::new();
    };
    let fits = |prefix: &str| {
        let mut names = missing.iter().map(|name| format!("{prefix}{name}"));
        prefix.ends_with(['.', '_', '/']) && names.all(|name| unexpected.contains(&name[..]))
    };
    unexpected
        .iter()
        .filter_map(|name| name.strip_suffix(longest.as_str()))
        .filter(|prefix| fits(prefix))
        .collect()
}

/// A line that says what all names lack at their beginning, if it makes all missing ones of them.
fn lacks(missing: &[String], unexpected: &BTreeSet<&str>, shared: usize) -> Option<String> {
    if shared > 0 || missing.len() != unexpected.len() {
        return None;
    }
    let names: Vec<String> = unexpected.iter().map(|&name| name.to_owned()).collect();
    let missing: BTreeSet<&str> = missing.iter().map(String::as_str).collect();
    let prefix = *prefixes(&names, &missing).first()?;
    Some(format!(
        "the names fit with {prefix:?} before them (rename): \"\" → {prefix:?}"
    ))
}

/// The missing groups that are unexpected under exactly one other name, each as a renaming: `lstm.` for
/// `rnn.`, if both have the same last parts and no other group has them.
fn renames(missing: &[String], unexpected: &BTreeSet<&str>) -> Option<String> {
    let wanted = groups(missing.iter().map(String::as_str));
    let found = groups(unexpected.iter().copied());
    let pairs: Vec<String> = (wanted.iter())
        .filter_map(|(parts, to)| match (&to[..], &found.get(parts)?[..]) {
            ([to], [from]) => Some(format!("{from:?} → {to:?}")),
            _ => None,
        })
        .take(SHOWN)
        .collect();
    (!pairs.is_empty()).then(|| {
        let pairs = pairs.join(", ");
        format!("these hold the same under other names (rename): {pairs}")
    })
}

/// The modules that names are in, `rnn.`, by what they have in each.
fn groups<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<BTreeSet<&'a str>, Vec<&'a str>> {
    let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        // A name in no module is left alone: what begins with nothing is every name.
        if let Some(dot) = name.rfind('.') {
            let (module, part) = name.split_at(dot + 1);
            modules.entry(module).or_default().insert(part);
        }
    }
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (module, parts) in modules {
        groups.entry(parts).or_default().push(module);
    }
    groups
}
