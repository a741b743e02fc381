//! Makes the report of a run anew.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::context::Context;
use crate::tasks::find;
use crate::tasks::settings::command_of;
use crate::ui::Output;

#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The folder of a finished run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Where the run's data are now [default: where they were]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
}

pub fn run(context: &Context, args: &ReportArgs, out: &mut Output) -> anyhow::Result<()> {
    let command = command_of(&args.run)?;
    let task = find(&command)
        .with_context(|| format!("{}: there is no task {command}", args.run.display()))?;
    task.report(context, &args.run, args.data.as_deref(), out)
}
