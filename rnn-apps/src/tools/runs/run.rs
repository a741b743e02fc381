//! A run as it is listed, and how far it is.

use serde_json::Value;

use crate::cli::measure_of;
use crate::ui::progress::Measure;

pub const EPOCH: &str = "epoch";
pub const STEP: &str = "step";

/// The contents of a run's folder.
#[derive(Clone, Debug)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    pub settings: Value,
    /// An object per report.
    pub history: Vec<Value>,
    /// Whether a program is training it.
    pub is_running: bool,
    /// `None` until the training is finished.
    pub results: Option<Value>,
}

/// The state of the training, with its epoch or step.
pub fn state(run: &Run) -> String {
    if run.results.is_some() {
        return "finished".to_owned();
    }
    if is_imported(run) {
        return "imported".to_owned();
    }
    let fit = &run.settings["training"]["fit"];
    let last = last_place(run).unwrap_or(0);
    let (unit, all) = match counts_steps(run) {
        true => (STEP, &fit["max_steps"]),
        false => (EPOCH, &fit["epochs"]),
    };
    let all = all.as_u64();
    let state = match run.is_running {
        true => "running, at",
        false if all == Some(last) => return "trained, not evaluated".to_owned(),
        false => "stopped at",
    };
    match all {
        Some(all) => format!("{state} {unit} {last} of {all}"),
        None => format!("{state} {unit} {last}"),
    }
}

pub fn counts_steps(run: &Run) -> bool {
    matches!(measure_of(&run.settings, 0), Measure::Steps(_))
}

pub fn is_imported(run: &Run) -> bool {
    let imported = run.settings.get("imported");
    imported.is_some_and(|from| !from.is_null())
}

/// The last epoch in the history.
pub fn last_epoch(run: &Run) -> Option<u64> {
    let last = run.history.last()?;
    Some(last["epoch"].as_u64().unwrap_or(run.history.len() as u64))
}

/// The last epoch in the history, or the last step of a training that is measured in steps.
pub fn last_place(run: &Run) -> Option<u64> {
    match counts_steps(run) {
        true => run.history.last()?["steps"].as_u64(),
        false => last_epoch(run),
    }
}

pub fn seconds(run: &Run) -> Option<f64> {
    let of_all = run
        .results
        .as_ref()
        .and_then(|results| results["seconds"].as_f64());
    of_all.or_else(|| {
        let epochs = run.history.iter();
        let epochs = epochs.filter_map(|epoch| epoch["seconds"].as_f64());
        epochs.reduce(|a, b| a + b)
    })
}
