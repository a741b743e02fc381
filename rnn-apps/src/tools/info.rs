//! Prints the contents of a run.

use std::path::PathBuf;

use clap::Args;
use rnn_model::StateDict;
use rnn_train::RunDir;
use rnn_train::run::RunError;
use serde::Serialize;
use serde_json::Value;

use crate::cli::{for_display, measure_of};
use crate::ui::json::display_values;
use crate::ui::progress::report_line;
use crate::ui::{Grouped, Output, quoted};

#[derive(Args, Debug)]
pub struct InfoArgs {
    /// The folder of a run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}

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
    let measure = measure_of(&settings, history.len());

    out.line(format_args!("{}\n\nSettings\n", run.path().display()))?;
    fields(out, &for_display(settings.clone()))?;
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
        for report in &history {
            out.line(format_args!("   {}", report_line(report, measure)))?;
        }
    }
    match &results {
        Some(results) => {
            out.line("\nResults\n")?;
            fields(out, results)?;
        }
        None if settings["training"].is_null() => out.line("\nNo results: not trained here.")?,
        None => {
            let which = if weights.is_empty() {
                "No weights and no"
            } else {
                "No"
            };
            let command = settings["command"].as_str().unwrap_or_default();
            let run = quoted(run.path());
            out.line(format_args!(
                "\n{which} results: the training has not ended, or was cut short;"
            ))?;
            out.line(format_args!(
                "`{command} train --resume {run}` goes on with it."
            ))?;
        }
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

/// Prints one line per value.
fn fields(out: &mut Output, value: &Value) -> std::io::Result<()> {
    for (name, value) in display_values(value) {
        out.line(format_args!("   {name:<22} {value}"))?;
    }
    Ok(())
}
