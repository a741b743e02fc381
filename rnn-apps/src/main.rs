//! `rnn-apps`: recurrent networks from the command line.

#![warn(clippy::unwrap_used)]
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod interrupt;
#[cfg(test)]
mod notebook_table;
mod output;
mod preview;
mod progress;
mod report;
mod runs;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::interrupt::Interrupted;
use crate::output::Output;

// A training step frees what the next one will want again. The system's allocator may give it back
// in between, page by page, which takes longer than a small step; LibTorch's memory is meant too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::read();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            let _ = writeln!(std::io::stderr(), "{error}");
            let code = error.downcast_ref::<Interrupted>().map(|error| error.code);
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
        // Who closes the pipe (`| head`) has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics when there is no standard error.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut cli: Cli) -> anyhow::Result<()> {
    if let Some(folder) = cli.resumed().map(Path::to_owned) {
        commands::as_recorded(&folder, &mut cli.common)?;
    }
    let mut out = Output::new(&cli.common);
    let context = || commands::Context::start(&cli.common);
    match cli.command.unwrap_or(Command::Tour) {
        Command::Tour => commands::tour::run(&context()?, &mut out),
        Command::Shapes => commands::shapes::run(&context()?, &mut out),
        Command::Hihello(args) => commands::hihello::run(&context()?, &args, &mut out),
        Command::Tagger(args) => commands::tagger::run(&context()?, args, &mut out),
        Command::Mnist(command) => commands::mnist::run(&context()?, command, &mut out),
        Command::Bench(args) => {
            let context = context()?;
            // What was asked for: so that the other side of a race can do the same.
            let threads = cli.common.threads.unwrap_or(context.threads);
            commands::bench::run(&context, threads, &args, &mut out)
        }
        Command::Import(args) => commands::import::run(&context()?, &args, &mut out),
        // These compute nothing, and so need no device.
        Command::Export(args) => commands::export::run(&args, &mut out),
        Command::Info(args) => commands::info::run(&args, &mut out),
        Command::Runs(args) => commands::runs::run(&args, &mut out),
        Command::Devices => commands::devices::run(&mut out),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
