//! How the entries of a dictionary differ from a module's.

mod hints;

use std::collections::BTreeSet;
use std::fmt;

use super::bookkeeping::{belongs_to_no_model, telling_part};
use super::shown::{SHOWN, shown};

/// Every difference between a [`StateDict`](crate::StateDict) and a module.
///
/// Its text lists twenty of each kind, those that look like what is missing, leaves out what belongs to
/// no model (an optimiser's state, counters), and says which prefix or which renaming would make the
/// names fit, where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// Names that the module has and the dictionary lacks.
    pub missing: Vec<String>,
    /// Names that the dictionary has and the module lacks.
    pub unexpected: Vec<String>,
    /// Names whose shapes differ: name, expected, found.
    pub shapes: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Names whose values are of another kind, or out of range: name, expected, found.
    pub types: Vec<(String, String, String)>,
    /// How many names are in both.
    pub(super) shared: usize,
}

impl Mismatch {
    /// Whether nothing differs.
    pub(super) fn is_none(&self) -> bool {
        self.missing.is_empty()
            && self.unexpected.is_empty()
            && self.shapes.is_empty()
            && self.types.is_empty()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the weights do not fit the model:")?;
        f.write_str(&missing_lines(&self.missing))?;
        let names = self.unexpected.iter().map(String::as_str);
        let (others, unexpected): (Vec<&str>, Vec<&str>) =
            names.partition(|name| belongs_to_no_model(name));
        let missing = self.missing.iter().map(String::as_str);
        for name in shown(unexpected.iter().copied(), missing) {
            write!(f, "\n  unexpected: {name}")?;
        }
        f.write_str(&more(unexpected.len(), "unexpected"))?;
        if !others.is_empty() {
            let and = if unexpected.is_empty() {
                "unexpected:"
            } else {
                "and"
            };
            let (count, parts) = (others.len(), parts(&others));
            let belong = if count == 1 { "belongs" } else { "belong" };
            write!(f, "\n  {and} {count} that {belong} to no model ({parts})")?;
        }
        for (name, expected, found) in self.shapes.iter().take(SHOWN) {
            write!(
                f,
                "\n  shape of {name}: expected {expected:?}, found {found:?}"
            )?;
        }
        f.write_str(&more(self.shapes.len(), "of another shape"))?;
        for (name, expected, found) in self.types.iter().take(SHOWN) {
            write!(f, "\n  type of {name}: expected {expected}, found {found}")?;
        }
        f.write_str(&more(self.types.len(), "of another type"))?;
        match hints::hint(&self.missing, &unexpected, self.shared) {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

/// A line for each missing name.
pub(super) fn missing_lines(names: &[String]) -> String {
    let line = |name| format!("\n  missing: {name}");
    let lines: String = names.iter().take(SHOWN).map(line).collect();
    lines + &more(names.len(), "missing")
}

/// A line about those of `count` that are not listed.
fn more(count: usize, what: &str) -> String {
    match count.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\n  and {more} more {what}"),
    }
}

/// What says of names that they belong to no model, the first three that differ.
fn parts(names: &[&str]) -> String {
    let all: BTreeSet<&str> = names.iter().filter_map(|name| telling_part(name)).collect();
    let mut parts: Vec<&str> = all.iter().take(3).copied().collect();
    if all.len() > parts.len() {
        parts.push("…");
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests;
