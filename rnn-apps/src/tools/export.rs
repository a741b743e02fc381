//! Writes a run's weights for PyTorch.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use rnn_data::fs::write_file;
use rnn_train::RunDir;

use crate::cli::values::{renaming, safetensors};
use crate::tasks::find;
use crate::tasks::session::named;
use crate::tasks::settings::{Origin, command_of};
use crate::ui::{Output, quoted};

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    /// Write the weights of this checkpoint of the run, not those it ended with: its name in the run's folder
    /// `checkpoints`, or `best`
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,
    /// The .safetensors file to write; one that is there is refused
    #[arg(long, value_name = "FILE", value_parser = safetensors)]
    pub out: PathBuf,
    /// Call what begins with FROM by TO instead, dots included: `rnn.=lstm.` (can be repeated)
    #[arg(long, value_name = "FROM=TO", value_parser = renaming)]
    pub rename: Vec<(String, String)>,
    /// Put this before all names, dot included: `encoder.`
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub prefix: String,
}

/// The flags that give the weights of an imported run the names that they had.
fn flags_of_origin(run: &RunDir) -> Option<String> {
    let settings: serde_json::Value = run.read_config().ok()?;
    let origin: Origin = serde_json::from_value(settings.get("imported")?.clone()).ok()?;
    let mut prefix = origin.strip_prefix;
    let mut flags = Vec::new();
    for (from, to) in &origin.rename {
        match to.is_empty() {
            true => prefix += from,
            false => flags.push(format!(
                "--rename {}",
                quoted(Path::new(&format!("{to}={from}")))
            )),
        }
    }
    if !prefix.is_empty() {
        flags.push(format!("--prefix {}", quoted(Path::new(&prefix))));
    }
    (!flags.is_empty()).then(|| flags.join(" "))
}

pub fn run(args: &ExportArgs, out: &mut Output) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let file = args.out.display();
    ensure!(!args.out.exists(), "{file}: there is such a file already");
    let renames = args.rename.iter();
    let weights = match &args.from {
        Some(name) => named(&run.checkpoints()?, name)?.weights().clone(),
        None => run.read_weights()?,
    };
    // A run of another program may hold weights alone.
    let task = command_of(&args.run)
        .ok()
        .and_then(|command| find(&command));
    let (weights, input) = match task {
        Some(task) => (task.exported(&run, weights)?, task.expected_input(&run)),
        None => (weights, None),
    };
    let weights = weights
        .rename(renames.map(|(from, to)| (from.as_str(), to.as_str())))
        .context("--rename")?;
    let weights = weights.with_prefix(&args.prefix);
    let names: Vec<&str> = weights.names().collect();
    write_file(&args.out, &weights.to_safetensors()?).with_context(|| file.to_string())?;

    out.line(format_args!("{file}, for PyTorch:\n"))?;
    out.line("   from safetensors.torch import load_file")?;
    out.line(format_args!(
        "   model.load_state_dict(load_file({:?}))\n",
        args.out
    ))?;
    if let Some(input) = &input {
        out.line(format_args!("It expects {input}.\n"))?;
    }
    if let Some(flags) =
        flags_of_origin(&run).filter(|_| args.rename.is_empty() && args.prefix.is_empty())
    {
        out.line(format_args!("With the names that were imported: {flags}\n"))?;
    }
    out.line("where the model has these parameters:\n")?;
    for name in &names {
        let shape = weights.get(name).map(|data| data.shape().to_vec());
        out.line(format_args!("   {name} {:?}", shape.unwrap_or_default()))?;
    }
    out.results(&serde_json::json!({
        "command": "export",
        "run": run.path().display().to_string(),
        "file": file.to_string(),
        "names": names,
        "input": input,
    }))
}
