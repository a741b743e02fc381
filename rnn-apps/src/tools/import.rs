//! Makes a run of weights that PyTorch trained.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use rnn_data::fs::read_text;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::tasks::import::Import;
use crate::tasks::{TASKS, find};
use crate::ui::{Grouped, Output};

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// What torch.save wrote (.pt, .pth), or .safetensors
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// A JSON file that says what model they are of: see rnn-apps/docs/interchange.md
    #[arg(long, visible_alias = "config", value_name = "FILE")]
    pub model: PathBuf,
    /// The folder to make for the run; one that is not empty is refused
    /// [default: the next free runs/COMMAND-N]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
}

/// The file for `--model`: the task, how to rename the weights, and the task's description of the
/// model.
#[derive(Deserialize)]
struct Description {
    command: String,
    #[serde(default)]
    strip_prefix: String,
    #[serde(default)]
    rename: BTreeMap<String, String>,
    #[serde(flatten)]
    model: Map<String, Value>,
}

pub fn run(context: &Context, args: &ImportArgs, out: &mut Output) -> anyhow::Result<()> {
    let named = || args.model.display().to_string();
    let text = read_text(&args.model)?;
    let description: Description = serde_json::from_str(&text).with_context(named)?;
    let Some(task) = find(&description.command) else {
        let tasks = TASKS.iter().map(|task| format!("`{}`", task.name()));
        let mut tasks: Vec<String> = tasks.collect();
        tasks.sort();
        let tasks = tasks.join(" or ");
        bail!(
            "{}: unknown variant `{}`, expected {tasks}",
            args.model.display(),
            description.command
        );
    };
    let import = Import {
        description: description.model,
        file: &args.model,
        weights: &args.weights,
        strip_prefix: description.strip_prefix,
        rename: description.rename,
        run: args.run.as_deref(),
    };
    let imported = task.import(context, import)?;
    let path = imported.run.path().display();
    out.line(format_args!(
        "{path}: {} weights from {}",
        Grouped(imported.parameters),
        args.weights.display()
    ))?;
    out.line(format_args!("\nNext: {}", imported.next))?;
    out.results(&serde_json::json!({
        "command": "import",
        "run": path.to_string(),
        "parameters": imported.parameters,
    }))
}
