//! Makes a run of weights that PyTorch trained.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use rnn_data::fs::read_text;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cli::values::renaming;
use crate::context::Context;
use crate::tasks::import::{Encoder, Expected, Import, Network, Selection};
use crate::tasks::{TASKS, find};
use crate::ui::{Grouped, Output};

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// What torch.save or torch.jit.save wrote (.pt, .pth), .safetensors, .npz or .npy
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// A JSON file that says what model they are of: see rnn-apps/docs/interchange.md
    #[arg(long, visible_alias = "config", value_name = "FILE")]
    pub model: PathBuf,
    /// Cut PREFIX off from the beginning of all names, and leave out the others; `auto` finds the one that
    /// fits [default: strip_prefix of the description]
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Leave out all tensors but those with names that fit PATTERN, in which * is any text (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    pub keep: Vec<String>,
    /// Leave out the tensors with names that fit PATTERN: 'similarity_*' (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    pub ignore: Vec<String>,
    /// Call what begins with FROM by TO instead, dots included: `lstm.=rnn.` (can be repeated)
    #[arg(long, value_name = "FROM=TO", value_parser = renaming)]
    pub rename: Vec<(String, String)>,
    /// Compare with what PyTorch's network gave: the arrays input and output of a .npz or .safetensors file.
    /// Makes the run only if it agrees, and finds the settings that the description does not say
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
    /// The folder to make for the run; one that is not empty is refused
    /// [default: the next free runs/COMMAND-N]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
}

/// The file for `--model`: the network, which of the weights are imported, and the network's own
/// description.
#[derive(Deserialize)]
struct Description {
    command: String,
    #[serde(flatten)]
    selection: Selection,
    #[serde(flatten)]
    model: Map<String, Value>,
}

pub fn run(context: &Context, args: &ImportArgs, out: &mut Output) -> anyhow::Result<()> {
    let named = || args.model.display().to_string();
    let text = read_text(&args.model)?;
    let description: Description = serde_json::from_str(&text).with_context(named)?;
    let Description {
        command,
        mut selection,
        model,
    } = description;
    selection.keep.extend(args.keep.iter().cloned());
    selection.ignore.extend(args.ignore.iter().cloned());
    selection.rename.extend(args.rename.iter().cloned());
    if let Some(prefix) = &args.prefix {
        selection.strip_prefix.clone_from(prefix);
    }
    let import = Import {
        description: model,
        file: &args.model,
        weights: &args.weights,
        selection,
        expected: args.check.as_deref().map(Expected::read).transpose()?,
        run: args.run.as_deref(),
    };
    let imported = match find(&command) {
        Some(task) => task.import(context, import)?,
        None if command == Encoder::NAME => import.run::<Encoder>(context)?,
        None => {
            let tasks = TASKS.iter().map(|task| task.name());
            let names = tasks.chain([Encoder::NAME]).map(|name| format!("`{name}`"));
            let mut names: Vec<String> = names.collect();
            names.sort();
            let names = names.join(" or ");
            bail!("{}: unknown variant `{command}`, expected {names}", named());
        }
    };
    let path = imported.run.path().display();
    out.line(format_args!(
        "{path}: {} weights from {}",
        Grouped(imported.parameters),
        args.weights.display()
    ))?;
    if let (Some(agreement), Some(file)) = (&imported.agreement, &args.check) {
        let (file, text) = (file.display(), agreement.describe());
        out.line(format_args!("{path}: agrees with {file}: {text}"))?;
    }
    if !imported.assumed.is_empty() {
        let assumed = imported.assumed.iter().map(|(key, value)| match value {
            Value::Null => format!("no {key}"),
            value => format!("{key} {value}"),
        });
        let assumed: Vec<String> = assumed.collect();
        out.line(format_args!(
            "{path}: taken for it, since names don't tell: {}; --check FILE compares",
            assumed.join(", ")
        ))?;
    }
    out.line(format_args!("\nNext: {}", imported.next))?;
    out.results(&serde_json::json!({
        "command": "import",
        "run": path.to_string(),
        "parameters": imported.parameters,
        "check": imported.agreement.map(|agreement| agreement.to_json()),
    }))
}
