//! Character language models.

mod models;
mod texts;
mod training;
mod writing;

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{json, succeeds};

/// A model and a training that take a moment.
const SMALL: &str = "charlm train --device ndarray --hidden-size 16 --num-layers 1 --max-steps 6 \
                     --valid-every 3 --batch-size 4 --window 16";

fn settings(folder: &Path, run: &str) -> Value {
    let text = fs::read_to_string(folder.join(run).join("config.json")).expect("settings");
    serde_json::from_str(&text).expect("JSON")
}

/// The results of `charlm eval` with these flags, on the device of [`SMALL`], so that figures can be equal.
fn eval(folder: &Path, flags: &str) -> Value {
    let line = format!("charlm eval {flags} --device ndarray --json");
    json(&succeeds(folder, &line))
}

fn number(results: &Value, key: &str) -> f64 {
    results[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} of {results}"))
}

/// Whether two figures are the same but for rounding.
fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * b.abs().max(1.0)
}
