//! What a run holds.

use rnn_model::StateDict;
use rnn_train::RunDir;
use rnn_train::run::RunError;
use serde::Serialize;
use serde_json::Value;

use crate::cli::InfoArgs;
use crate::output::{Grouped, Output, SixDigits};
use crate::progress::epoch_line;

#[derive(Serialize)]
struct Weight {
    name: String,
    shape: Vec<usize>,
}

pub fn run(args: &InfoArgs, out: &mut Output) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let settings: Value = run.read_config()?;
    let history = run.read_history()?;
    let results: Option<Value> = run.read_metrics()?;
    let weights = match run.read_weights() {
        Ok(weights) => named(&weights),
        Err(RunError::NoModel(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let epochs = settings["training"]["fit"]["epochs"].as_u64();
    let epochs = epochs.map_or(history.len(), |epochs| epochs as usize);

    out.line(format_args!("{}\n\nSettings\n", run.path().display()))?;
    fields(out, &settings)?;
    if !weights.is_empty() {
        let parameters: usize = weights
            .iter()
            .map(|w| w.shape.iter().product::<usize>())
            .sum();
        out.line(format_args!(
            "\nWeights ({} numbers)\n",
            Grouped(parameters)
        ))?;
        let width = weights.iter().map(|w| w.name.len()).max().unwrap_or(0);
        for Weight { name, shape } in &weights {
            out.line(format_args!("   {name:<width$}  {shape:?}"))?;
        }
    }
    if !history.is_empty() {
        out.line("\nHistory\n")?;
        for epoch in &history {
            out.line(format_args!("   {}", epoch_line(epoch, epochs)))?;
        }
    }
    match &results {
        Some(results) => {
            out.line("\nResults\n")?;
            fields(out, results)?;
        }
        None if weights.is_empty() => {
            out.line("\nNo weights and no results: the training has not ended, or was cut short;")?;
            out.line(format_args!(
                "`train --resume {}` goes on with it.",
                run.path().display()
            ))?;
        }
        None => out.line("\nNo results.")?,
    }
    out.results(&serde_json::json!({
        "command": "info",
        "run": run.path().display().to_string(),
        "settings": settings,
        "weights": weights,
        "history": history,
        "results": results,
    }))
}

fn named(weights: &StateDict) -> Vec<Weight> {
    let named = weights.names().filter_map(|name| {
        weights.get(name).map(|tensor| Weight {
            name: name.to_owned(),
            shape: tensor.shape().to_vec(),
        })
    });
    named.collect()
}

/// One line per value.
fn fields(out: &mut Output, value: &Value) -> std::io::Result<()> {
    for (name, value) in flat(value) {
        out.line(format_args!("   {name:<22} {value}"))?;
    }
    Ok(())
}

/// All values as text, each with the names of what it lies in before its own.
pub fn flat(value: &Value) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    add_flat(&mut flat, "", value);
    flat
}

fn add_flat(flat: &mut Vec<(String, String)>, prefix: &str, value: &Value) {
    let Value::Object(map) = value else {
        let shown = match value {
            // A fingerprint in full is in the JSON line.
            Value::String(text) if text.len() == 64 && !text.contains(' ') => {
                format!("{}…", &text[..text.floor_char_boundary(12)])
            }
            Value::String(text) => text.escape_debug().to_string(),
            Value::Number(number) if number.is_f64() => number
                .as_f64()
                .map_or_else(String::new, |x| SixDigits(x).to_string()),
            other => other.to_string(),
        };
        flat.push((prefix.to_owned(), shown));
        return;
    };
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        add_flat(flat, &path, value);
    }
}
