//! Tasks without their associated types, as trait objects for the command line.

use std::fmt;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use rnn_model::StateDict;
use rnn_train::RunDir;

use super::import::{Import, Imported};
use super::report;
use super::task::{SettingsOf, Task};
use super::train::{self, TrainArgs};
use crate::context::Context;
use crate::ui::Output;

/// A [`Task`] as a trait object.
pub trait Registered: Sync {
    /// The subcommand's name, which is also the prefix of the runs' folders.
    fn name(&self) -> &'static str;

    /// The subcommand, with its own subcommands.
    fn command(&self) -> Command;

    /// The ids of the task's own flags that may be given with `--resume`.
    fn allowed_with_resume(&self) -> &'static [&'static str];

    /// The ids of the task's own flags that a file for `--config` can't hold.
    fn not_in_a_file(&self) -> &'static [&'static str];

    /// Parses `matches` of the subcommand into a call; `from_file` are the ids of the flags whose value
    /// is that of a file.
    ///
    /// # Errors
    ///
    /// If flags can't be combined.
    fn parse(
        &self,
        matches: &ArgMatches,
        from_file: &[String],
    ) -> Result<Box<dyn Call>, clap::Error>;

    /// Makes a run of weights from elsewhere.
    fn import(&self, context: &Context, import: Import) -> anyhow::Result<Imported>;

    /// The weights of a run as PyTorch's state dict has them.
    fn exported(&self, run: &RunDir, weights: StateDict) -> anyhow::Result<StateDict>;

    /// What the weights of a run expect of their input.
    fn expected_input(&self, run: &RunDir) -> Option<String>;

    /// Makes the report of a finished run in `folder` anew, with its data at `data` if it is given.
    fn report(
        &self,
        context: &Context,
        folder: &Path,
        data: Option<&Path>,
        out: &mut Output,
    ) -> anyhow::Result<()>;
}

/// A task's subcommand with its flags, ready to run.
pub trait Call: fmt::Debug {
    /// The folder of the run to resume, with `--resume`.
    fn resumed(&self) -> Option<&Path>;

    fn run(self: Box<Self>, context: &Context, out: &mut Output) -> anyhow::Result<()>;
}

/// A parsed subcommand of a task.
#[derive(Debug)]
enum Action<T: Task> {
    Train(Box<TrainArgs<T::Args>>),
    Other(T::Action),
}

impl<T: Task> Registered for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn command(&self) -> Command {
        let train = train_command::<T>();
        let command = Command::new(T::NAME).about(T::ABOUT).subcommand(train);
        T::Action::augment_subcommands(command)
            .subcommand_required(true)
            .arg_required_else_help(true)
    }

    fn allowed_with_resume(&self) -> &'static [&'static str] {
        T::ALLOWED_WITH_RESUME
    }

    fn not_in_a_file(&self) -> &'static [&'static str] {
        T::NOT_IN_A_FILE
    }

    fn parse(
        &self,
        matches: &ArgMatches,
        from_file: &[String],
    ) -> Result<Box<dyn Call>, clap::Error> {
        let action = match matches.subcommand() {
            Some(("train", matches)) => {
                let mut args = TrainArgs::<T::Args>::from_arg_matches(matches)?;
                let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
                let ids = matches.ids().map(|id| id.as_str().to_owned());
                args.run.given = ids.filter(|id| given(id)).collect();
                check::<T>(&mut args, from_file)?;
                Action::<T>::Train(Box::new(args))
            }
            _ => Action::Other(T::Action::from_arg_matches(matches)?),
        };
        Ok(Box::new(action))
    }

    fn import(&self, context: &Context, import: Import) -> anyhow::Result<Imported> {
        import.run::<Self>(context)
    }

    fn exported(&self, run: &RunDir, weights: StateDict) -> anyhow::Result<StateDict> {
        T::exported(run, weights)
    }

    fn expected_input(&self, run: &RunDir) -> Option<String> {
        // Weights can be exported whatever else is wrong with a run.
        let settings: SettingsOf<T> = run.read_config().ok()?;
        T::expected_input(&settings.model)
    }

    fn report(
        &self,
        context: &Context,
        folder: &Path,
        data: Option<&Path>,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        report::again::<T>(context, folder, data, out)
    }
}

/// `train` with all its flags. The help of those that all tasks share gives this task's defaults.
fn train_command<T: Task>() -> Command {
    let mut command =
        TrainArgs::<T::Args>::augment_args(Command::new("train")).about(T::TRAIN_ABOUT);
    let run = format!("the next free one in runs/, {}-N", T::NAME);
    let defaults = T::DEFAULTS.iter().copied().chain([("run", run.as_str())]);
    for (id, default) in defaults {
        command = command.mut_arg(id, |arg| {
            let help = arg.get_help().map_or_else(String::new, ToString::to_string);
            arg.help(format!("{help} [default: {default}]"))
        });
    }
    command
}

/// Refuses combinations of training flags that can't work. What the optimiser and the schedule have no
/// use for is refused on the command line, and left out where a file has it: its schedule, for example,
/// may have been overridden.
fn check<T: Task>(args: &mut TrainArgs<T::Args>, from_file: &[String]) -> Result<(), clap::Error> {
    let refused = |message: String| clap::Error::raw(ErrorKind::ArgumentConflict, message);
    if args.run.resume.is_none() {
        // Clap lets this pass if there is something that excludes --resume.
        if args.run.from.is_some() {
            return Err(refused(
                "--from is for a run that goes on: --resume".to_owned(),
            ));
        }
        T::check(&args.task, args.fit.patience).map_err(refused)?;
    }
    for unused in args.fit.unused_flags(&T::default_fit(&args.task)) {
        match from_file.iter().any(|id| id == unused.id) {
            true => args.fit.remove(&unused),
            false => return Err(refused(unused.message)),
        }
    }
    Ok(())
}

impl<T: Task> Call for Action<T> {
    fn resumed(&self) -> Option<&Path> {
        match self {
            Self::Train(args) => args.run.resume.as_deref(),
            Self::Other(_) => None,
        }
    }

    fn run(self: Box<Self>, context: &Context, out: &mut Output) -> anyhow::Result<()> {
        match *self {
            Self::Train(args) => train::run::<T>(context, *args, out),
            Self::Other(action) => T::run_action(context, action, out),
        }
    }
}
