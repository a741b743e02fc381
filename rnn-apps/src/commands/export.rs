//! A run's weights for PyTorch.

use anyhow::{Context as _, ensure};
use rnn_data::fs::write_file;
use rnn_train::RunDir;

use crate::cli::ExportArgs;
use crate::output::Output;

pub fn run(args: &ExportArgs, out: &mut Output) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let file = args.out.display();
    ensure!(!args.out.exists(), "{file}: there is such a file already");
    let renames = args.rename.iter();
    let weights = run
        .read_weights()?
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
    }))
}
