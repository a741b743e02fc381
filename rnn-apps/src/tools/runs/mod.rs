//! Compares runs in a table.

mod run;
mod table;

use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use console::Term;
use rnn_train::RunDir;
use rnn_train::run::RunError;
use serde_json::Value;

use crate::cli::name_as_flags;
use crate::ui::Output;
use run::{Run, last_epoch};
use table::tables;

#[derive(Args, Debug)]
pub struct RunsArgs {
    /// The folder with the runs' folders
    #[arg(value_name = "DIR", default_value = "runs")]
    pub folder: PathBuf,
}

pub fn run(args: &RunsArgs, out: &mut Output) -> anyhow::Result<()> {
    let folder = &args.folder;
    let named = || folder.display().to_string();
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder).with_context(named)? {
        let path = entry.with_context(named)?.path();
        match RunDir::open(&path) {
            Ok(run) => match read(&run) {
                Ok(run) => runs.push(run),
                // Weights that another program has saved.
                Err(error) if is_without_settings(&error) => {}
                // A damaged run is a warning, so that the others are still listed.
                Err(error) => out.warn_of(error),
            },
            Err(RunError::NotARun(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let hint = match RunDir::open(folder) {
        Ok(_) => "; it is itself one, which `info` shows",
        Err(_) => "",
    };
    anyhow::ensure!(!runs.is_empty(), "{}: no runs in it{hint}", named());
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    let width = Term::stdout()
        .size_checked()
        .map(|(_, columns)| columns.into());
    for (index, table) in tables(&runs).iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        out.line(format_args!("{gap}{}", table.task))?;
        for line in table.lines(width) {
            out.line(line)?;
        }
    }
    out.results(&serde_json::json!({
        "command": "runs",
        "runs": runs.iter().map(as_json).collect::<Vec<_>>(),
    }))
}

fn is_without_settings(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<RunError>() {
        Some(RunError::Io { source, .. }) => source.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

fn read(run: &RunDir) -> anyhow::Result<Run> {
    let history = run.read_history()?;
    let name = run.path().file_name().unwrap_or_default();
    Ok(Run {
        name: name.to_string_lossy().into_owned(),
        settings: with_flag_names(run.read_config()?),
        is_running: run.is_in_use(),
        history: history
            .iter()
            .filter_map(|r| serde_json::to_value(r).ok())
            .collect(),
        results: run.read_metrics()?,
    })
}

/// Renames settings to the flags' names, and removes fingerprints.
fn with_flag_names(mut settings: Value) -> Value {
    if let Some(path) = settings.pointer("/init_from/path").cloned() {
        settings["init_from"] = path;
    }
    let Some(training) = settings["training"].as_object_mut() else {
        return settings;
    };
    // Different data also differ in name or size.
    training.retain(|name, _| !name.ends_with("_fingerprint"));
    let Some(fit) = training.get_mut("fit").and_then(Value::as_object_mut) else {
        return settings;
    };
    name_as_flags(fit);
    settings
}

fn as_json(run: &Run) -> Value {
    serde_json::json!({
        "run": run.name,
        "settings": run.settings,
        "epochs": last_epoch(run).unwrap_or(0),
        "results": run.results,
    })
}
