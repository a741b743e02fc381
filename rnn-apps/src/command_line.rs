//! The root of the command line: the notebook's commands, the tasks and the tools.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::config_file::{self, Merged};
use crate::cli::{Common, FitArgs, RunArgs, refused_on_resume};
use crate::context::Context;
use crate::notebook::hihello::{self, HihelloArgs};
use crate::notebook::two_sentences::{self, TwoSentencesArgs};
use crate::notebook::{shapes, tour};
use crate::tasks::call::Call;
use crate::tasks::{self, TASKS, tagger::Tagger, task::Task};
use crate::tools::bench::{self, BenchArgs};
use crate::tools::devices;
use crate::tools::export::{self, ExportArgs};
use crate::tools::import::{self, ImportArgs};
use crate::tools::info::{self, InfoArgs};
use crate::tools::names::{self, NamesArgs};
use crate::tools::report::{self, ReportArgs};
use crate::tools::runs::{self, RunsArgs};
use crate::ui::Output;

/// Recurrent networks in Rust: a tour of them, training, evaluation and prediction.
///
/// Without a command it gives the tour: offline, on data it draws itself, in seconds.
#[derive(Debug, Parser)]
#[command(name = "rnn-apps", version)]
struct Root {
    #[command(flatten)]
    common: Common,
}

// The notebook's sections. (A doc comment would become the help of the whole program.)
#[derive(Debug, Subcommand)]
enum NotebookCommand {
    /// The tour: shapes, sampling, hihell → ihello, tagged sentences, handwritten digits
    Tour,
    /// What goes into nn.RNN and nn.LSTM and what comes out, with numbers to see
    Shapes,
    /// Teach an RNN to turn `hihell` into `ihello`, character by character
    Hihello(HihelloArgs),
}

// What can be done with runs and devices, whatever the task.
#[derive(Debug, Subcommand)]
enum ToolCommand {
    /// What a run holds: settings, weights, history, results
    Info(InfoArgs),
    /// Runs side by side: what differs in their settings, how good they are, how long they took
    Runs(RunsArgs),
    /// Make the report of a run anew, where it could not be written or was deleted
    Report(ReportArgs),
    /// What a file of weights holds: names, shapes, types, and which model it looks like
    Names(NamesArgs),
    /// Make a run of weights that PyTorch trained
    Import(ImportArgs),
    /// Write a run's weights for PyTorch
    Export(ExportArgs),
    /// Time a training step, a forward pass or a generated character, from given weights and data
    Bench(BenchArgs),
    /// Where this build can compute on this machine, and what the rest would need
    Devices,
}

/// The command that was given, with its flags.
#[derive(Debug)]
enum Request {
    Notebook(NotebookCommand),
    /// The tagger without a subcommand.
    TwoSentences(TwoSentencesArgs),
    Task(Box<dyn Call>),
    Tool(ToolCommand),
}

/// A parsed command line.
#[derive(Debug)]
pub struct CommandLine {
    pub common: Common,
    request: Request,
}

impl CommandLine {
    /// Parses the process's arguments; exits with clap's message if they are wrong or ask for help.
    pub fn read() -> Self {
        Self::try_read_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    pub fn try_read_from<T: Into<OsString> + Clone>(
        line: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let mut command = command();
        let line = line.into_iter().map(Into::into).collect();
        let of_tasks = TASKS.iter().flat_map(|task| task.not_in_a_file());
        let shared = [Common::NOT_IN_A_FILE, RunArgs::NOT_IN_A_FILE].concat();
        let not_in_a_file: Vec<&str> = of_tasks.copied().chain(shared).collect();
        let Merged { matches, from_file } = config_file::matches(&command, line, &not_in_a_file)?;
        let request = Request::from_matches(&matches, &from_file)
            .map_err(|error| error.format(called(&mut command, &matches)))?;
        if request.resumed().is_some()
            && let Some(flag) =
                refused_on_resume(&command, &matches, &allowed_with_resume(&matches))
        {
            let message =
                format!("--{flag} is not for a run that goes on: its settings are its own");
            let error = called(&mut command, &matches).error(ErrorKind::ArgumentConflict, message);
            return Err(error);
        }
        let Root { common } = Root::from_arg_matches(&matches)?;
        Ok(Self { common, request })
    }

    /// The folder of the run to resume, with `--resume`.
    pub fn resumed(&self) -> Option<&Path> {
        self.request.resumed()
    }

    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Self { common, request } = self;
        let mut out = Output::new(&common);
        let context = || Context::start(&common);
        match request {
            Request::Notebook(NotebookCommand::Tour) => tour::run(&context()?, &mut out),
            Request::Notebook(NotebookCommand::Shapes) => shapes::run(&context()?, &mut out),
            Request::Notebook(NotebookCommand::Hihello(args)) => {
                hihello::run(&context()?, &args, &mut out)
            }
            Request::TwoSentences(args) => two_sentences::run(&context()?, &args, &mut out),
            Request::Task(call) => call.run(&context()?, &mut out),
            Request::Tool(ToolCommand::Bench(args)) => {
                let context = context()?;
                // The requested number, not the effective one, so that the other program in a
                // comparison can be given the same.
                let threads = common.threads.unwrap_or(context.threads);
                bench::run(&context, threads, &args, &mut out)
            }
            Request::Tool(ToolCommand::Report(args)) => report::run(&context()?, &args, &mut out),
            Request::Tool(ToolCommand::Import(args)) => import::run(&context()?, &args, &mut out),
            // These compute nothing and need no device.
            Request::Tool(ToolCommand::Export(args)) => export::run(&args, &mut out),
            Request::Tool(ToolCommand::Names(args)) => names::run(&args, &mut out),
            Request::Tool(ToolCommand::Info(args)) => info::run(&args, &mut out),
            Request::Tool(ToolCommand::Runs(args)) => runs::run(&args, &mut out),
            Request::Tool(ToolCommand::Devices) => devices::run(&mut out),
        }
    }
}

/// The subcommand that was called, whose usage an error about its flags shows.
fn called<'a>(command: &'a mut Command, matches: &ArgMatches) -> &'a mut Command {
    // Only after this do the subcommands know the names of those above them.
    command.build();
    let (mut called, mut matches) = (command, matches);
    while let Some((name, below)) = matches.subcommand() {
        called = called
            .find_subcommand_mut(name)
            .expect("clap found it by this name");
        matches = below;
    }
    called
}

/// The command whose flags, and those of its subcommands, take a negative number as their value, and
/// not as a flag: so that the flag's own parser can say what it expects.
fn with_negative_values(command: Command) -> Command {
    command
        .mut_args(
            |arg| match arg.get_long().is_some() && arg.get_action().takes_values() {
                true => arg.allow_negative_numbers(true),
                false => arg,
            },
        )
        .mut_subcommands(with_negative_values)
}

/// All commands with all their flags.
pub fn command() -> Command {
    let mut command = NotebookCommand::augment_subcommands(Root::command());
    for task in TASKS {
        command = command.subcommand(task.command());
    }
    let command = ToolCommand::augment_subcommands(command)
        .mut_subcommand(Tagger::NAME, |tagger| {
            // Without a subcommand it trains on the notebook's two sentences.
            TwoSentencesArgs::augment_args(tagger)
                .about(Tagger::ABOUT)
                .subcommand_required(false)
                .arg_required_else_help(false)
        })
        .arg_required_else_help(false);
    with_negative_values(command)
}

impl Request {
    fn from_matches(matches: &ArgMatches, from_file: &[String]) -> Result<Self, clap::Error> {
        let Some((name, of_command)) = matches.subcommand() else {
            return Ok(Self::Notebook(NotebookCommand::Tour));
        };
        if name == Tagger::NAME {
            if of_command.subcommand().is_none() {
                return TwoSentencesArgs::from_arg_matches(of_command).map(Self::TwoSentences);
            }
            if let Some(flag) = misplaced(of_command) {
                // Clap's `args_conflicts_with_subcommands` would refuse the common flags there too.
                let message = format!("--{flag} belongs after the subcommand of tagger");
                return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message));
            }
        }
        if let Some(task) = tasks::find(name) {
            return task.parse(of_command, from_file).map(Self::Task);
        }
        match NotebookCommand::has_subcommand(name) {
            true => NotebookCommand::from_arg_matches(matches).map(Self::Notebook),
            false => ToolCommand::from_arg_matches(matches).map(Self::Tool),
        }
    }

    fn resumed(&self) -> Option<&Path> {
        match self {
            Self::Task(call) => call.resumed(),
            _ => None,
        }
    }
}

/// The first flag of the plain `tagger` command that was given before a subcommand, where it has no
/// effect.
fn misplaced(matches: &ArgMatches) -> Option<String> {
    let command = TwoSentencesArgs::augment_args(Command::new("tagger"));
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut flags = command.get_arguments();
    let flag = flags.find(|flag| given(flag.get_id().as_str()))?;
    flag.get_long().map(str::to_owned)
}

/// The ids of the flags that may be given with `--resume`.
fn allowed_with_resume(matches: &ArgMatches) -> Vec<&'static str> {
    let task = matches.subcommand().and_then(|(name, _)| tasks::find(name));
    let of_the_task = task.map_or(&[][..], |task| task.allowed_with_resume());
    [
        Common::ALLOWED_WITH_RESUME,
        FitArgs::ALLOWED_WITH_RESUME,
        RunArgs::ALLOWED_WITH_RESUME,
        of_the_task,
    ]
    .concat()
}

#[cfg(test)]
mod tests;
