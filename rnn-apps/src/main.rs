//! `rnn-apps`: recurrent networks from the command line.

#![warn(clippy::unwrap_used)]
#![forbid(unsafe_code)]

mod cli;
mod command_line;
mod context;
mod notebook;
#[cfg(test)]
mod notebook_table;
mod report;
mod tasks;
mod tools;
mod ui;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::WrongUsage;
use crate::command_line::CommandLine;
use crate::ui::interrupt::Interrupted;
use crate::ui::plain;

// Each training step frees memory that the next one allocates again. The system's allocator may
// return it to the kernel in between, which takes longer than a small step. This applies to
// LibTorch's memory as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(CommandLine::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            let _ = writeln!(std::io::stderr(), "{error}");
            let code = error.downcast_ref::<Interrupted>().map(|error| error.code);
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
        // The reader has closed the pipe, as `| head` does: not a failure.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics when there is no standard error.
            let _ = writeln!(std::io::stderr(), "error: {}", plain(&format!("{error:#}")));
            match error.is::<WrongUsage>() {
                true => ExitCode::from(2),
                false => ExitCode::FAILURE,
            }
        }
    }
}

fn run(mut line: CommandLine) -> anyhow::Result<()> {
    if let Some(folder) = line.resumed().map(Path::to_owned) {
        tasks::resumed::fill_in_recorded(&folder, &mut line.common)?;
    }
    line.run()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
