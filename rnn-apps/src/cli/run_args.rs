//! Flags that all trainings share about the run: where it is, and what to do with it.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command};
use rnn_train::config::SaveInterval;
use serde::Serialize;

use super::values::save_interval;

/// What to do with the run.
#[derive(Args, Clone, Debug, Serialize)]
#[command(next_help_heading = "The run")]
pub struct RunArgs {
    /// The folder to make for the run; one that is not empty is refused
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Start from the weights of a run, an imported one too, whose model and vocabularies are taken over,
    /// or from a file of weights (.safetensors, .pt, a checkpoint) for the model that the flags describe
    #[arg(long, value_name = "RUN|FILE", conflicts_with = "resume")]
    pub init_from: Option<PathBuf>,
    /// Go on with a run that was stopped or killed, as if it had not been; its settings are its own,
    /// but --data says where its data are now
    #[arg(long, value_name = "DIR", conflicts_with_all = ["run", "config", "print_config"])]
    pub resume: Option<PathBuf>,
    /// With --resume: the checkpoint to go on from, by its name in the run's folder `checkpoints`, or
    /// `best`
    /// [default: the last one]
    #[arg(
        long,
        value_name = "NAME",
        requires = "resume",
        conflicts_with_all = ["epochs", "max_steps"]
    )]
    pub from: Option<String>,
    /// Write a checkpoint every so many steps (50), seconds (90s), minutes (5m) or hours (1h)
    /// [default: epoch, after each one; in any case after each validation and when it is stopped]
    #[arg(long, value_name = "STEPS|TIME", value_parser = save_interval)]
    pub checkpoint_every: Option<SaveInterval>,
    /// Take flags from a TOML or JSON file, under their names (hidden_size = 128); a flag on the
    /// command line wins
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the settings, as a file for --config, and do nothing else
    #[arg(long)]
    pub print_config: bool,
    /// Watch it on Burn's full-screen dashboard, which does not see Ctrl-C: q and then s stop the
    /// training, saved; q and then k end the program, unsaved. Needs a build with the feature tui
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    pub tui: bool,
    /// The ids of all flags that were given.
    #[arg(skip)]
    #[serde(skip)]
    pub given: Vec<String>,
}

impl RunArgs {
    /// Flags that a file for `--config` may not set: they concern one call (where it writes, what
    /// it resumes) and not what is trained.
    pub const NOT_IN_A_FILE: &[&str] = &["config", "print_config", "run", "resume", "from", "tui"];
    /// Flags that may be given with `--resume`: those that concern one call.
    pub const ALLOWED_WITH_RESUME: &[&str] = &["resume", "from", "checkpoint_every", "tui"];
}

/// The long name of the first given flag that may not be combined with `--resume`. Every flag but
/// those whose ids are in `allowed` would change the settings that the run was started with.
pub fn refused_on_resume<'a>(
    command: &'a Command,
    matches: &ArgMatches,
    allowed: &[&str],
) -> Option<&'a str> {
    let (mut leaf, mut matches) = (command, matches);
    while let Some((name, next)) = matches.subcommand() {
        (leaf, matches) = (leaf.find_subcommand(name)?, next);
    }
    // The common flags are defined on the root command.
    let flags = command.get_arguments().chain(leaf.get_arguments());
    let mut refused = flags.filter(|arg| {
        let id = arg.get_id().as_str();
        !allowed.contains(&id) && matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    refused.next()?.get_long()
}
