//! The command line, as types.

mod bench;
mod config;
mod fit;
mod mnist;
mod tagger;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use serde::Serialize;

pub use bench::{BenchArgs, Workload};
pub use config::to_toml;
pub use fit::RunArgs;
pub use mnist::{
    CellKind, Dataset, MnistCommand, MnistEvalArgs, MnistPredictArgs, MnistTrainArgs, NUM_CLASSES,
    Nonlinearity, Recipe,
};
pub use tagger::{
    TaggerArgs, TaggerCommand, TaggerEvalArgs, TaggerTagArgs, TaggerTrainArgs, TwoSentencesArgs,
};
use values::{epochs, rate, renaming, safetensors, size, threads};

/// Recurrent networks in Rust: a tour of them, training, evaluation and prediction.
///
/// Without a command it gives the tour: offline, on data it draws itself, in seconds.
#[derive(Debug, Parser)]
#[command(name = "rnn-apps", version, arg_required_else_help = false)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub common: Common,
}

impl Cli {
    /// Reads the command line; leaves the program with an explanation if it can't be.
    pub fn read() -> Self {
        Self::try_read_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    pub fn try_read_from<T: Into<OsString> + Clone>(
        line: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let line = line.into_iter().map(Into::into).collect();
        let line = config::expanded(&command, line)?;
        let matches = command.clone().try_get_matches_from(line)?;
        if let Some(flag) = changed_on_resume(&command, &matches) {
            let message =
                format!("--{flag} is not for a run that goes on: its settings are its own");
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        let cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        if let Some(Command::Tagger(args)) = &cli.command
            && let Some(flag) = args.misplaced()
        {
            let message = format!("{flag} belongs after the subcommand of tagger");
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
        if let Some(message) = cli.misused() {
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
        Ok(cli)
    }

    /// What flags of a training do not go together.
    fn misused(&self) -> Option<String> {
        let fit = match &self.command {
            Some(Command::Mnist(MnistCommand::Train(args))) => {
                let is_new = args.run.resume.is_none();
                if is_new && args.fit.patience.is_some() && args.valid_split == 0.0 {
                    let needs =
                        "--patience needs images to judge by: give it some with --valid-split 0.1";
                    return Some(needs.to_owned());
                }
                &args.fit
            }
            Some(Command::Tagger(TaggerArgs {
                command: Some(TaggerCommand::Train(args)),
                ..
            })) => &args.fit,
            _ => return None,
        };
        let flag = fit.needless()?;
        Some(format!(
            "{flag} is not for --optimizer {}",
            fit.optimizer.name()
        ))
    }

    /// The run that is to go on, if one is.
    pub fn resumed(&self) -> Option<&Path> {
        match &self.command {
            Some(Command::Mnist(MnistCommand::Train(args))) => args.run.resume.as_deref(),
            Some(Command::Tagger(TaggerArgs {
                command: Some(TaggerCommand::Train(args)),
                ..
            })) => args.run.resume.as_deref(),
            _ => None,
        }
    }
}

/// The first flag beside --resume that would make another training of the run.
fn changed_on_resume<'a>(command: &'a clap::Command, matches: &ArgMatches) -> Option<&'a str> {
    /// About this call alone, about where the data are, which must be the same, or about where to
    /// compute, of which the run warns itself.
    const ALLOWED: [&str; 9] = [
        "data",
        "resume",
        "from",
        "checkpoint_every",
        "tui",
        "device",
        "threads",
        "json",
        "quiet",
    ];
    let (mut leaf, mut matches) = (command, matches);
    while let Some((name, next)) = matches.subcommand() {
        (leaf, matches) = (leaf.find_subcommand(name)?, next);
    }
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    // The common flags are the root's.
    let args = || command.get_arguments().chain(leaf.get_arguments());
    if !args().any(|arg| arg.get_id() == "resume" && given("resume")) {
        return None;
    }
    let mut args = args().filter(|arg| given(arg.get_id().as_str()));
    let changed = args.find(|arg| !ALLOWED.contains(&arg.get_id().as_str()))?;
    changed.get_long()
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The tour: shapes, sampling, hihell → ihello, tagged sentences, handwritten digits
    Tour,
    /// What goes into nn.RNN and nn.LSTM and what comes out, with numbers to see
    Shapes,
    /// Teach an RNN to turn `hihell` into `ihello`, character by character
    Hihello(HihelloArgs),
    /// Teach an LSTM to tag words; without a subcommand, those of two sentences
    Tagger(TaggerArgs),
    /// Read images row by row and name what they show
    #[command(subcommand)]
    Mnist(MnistCommand),
    /// What a run holds: settings, weights, history, results
    Info(InfoArgs),
    /// Runs side by side: what differs in their settings, how good they are, how long they took
    Runs(RunsArgs),
    /// Make a run of weights that PyTorch trained
    Import(ImportArgs),
    /// Write a run's weights for PyTorch
    Export(ExportArgs),
    /// Time a training step, a forward pass or a generated character, from given weights and data
    Bench(BenchArgs),
    /// Where this build can compute on this machine, and what the rest would need
    Devices,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Serialize)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Where to compute
    #[arg(
        long,
        help = "Where to compute: cuda[:N], libtorch:cuda[:N], wgpu, libtorch, flex or ndarray; \
                auto is the first of these that is compiled in and present [default: auto]",
        global = true,
        value_name = "NAME",
        value_parser = |name: &str| rnn_train::device::check_name(name)
    )]
    pub device: Option<String>,
    /// Threads of the CPU backends; of ndarray, its kernels [default: as many as processors]
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// What all randomness comes from: weights, order of the data, dropout, samples [default: 1]
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the results as one JSON object on the last line
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but errors (and the JSON line, if asked for)
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Args, Clone, Debug)]
pub struct HihelloArgs {
    /// Passes over the one word there is
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = epochs)]
    pub epochs: usize,
    /// Size of the hidden state
    #[arg(long, default_value_t = 3, value_name = "H", value_parser = size)]
    pub hidden_size: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = 0.1, value_name = "RATE", value_parser = rate)]
    pub learning_rate: f64,
    /// Afterwards, let it write words of its own, a character drawn at a time
    #[arg(long)]
    pub sample: bool,
    /// What the scores are divided by before a draw, one or several: below 1 the likely gets likelier
    #[arg(
        long,
        default_value = "0.85",
        value_name = "T,…",
        value_delimiter = ',',
        value_parser = rate,
        requires = "sample"
    )]
    pub temperature: Vec<f64>,
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// What torch.save wrote (.pt, .pth), or .safetensors
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// A JSON file that says what model they are of: see rnn-apps/docs/interchange.md
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The folder to make for the run; one that is not empty is refused
    /// [default: the next free runs/COMMAND-N]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
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

#[derive(Args, Debug)]
pub struct InfoArgs {
    /// The folder of a run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}

#[derive(Args, Debug)]
pub struct RunsArgs {
    /// The folder with the runs' folders
    #[arg(value_name = "DIR", default_value = "runs")]
    pub folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_flags_stand_before_or_after_the_command() {
        for line in [
            "rnn-apps --seed 7 hihello",
            "rnn-apps hihello --seed 7",
            "rnn-apps tagger --seed 7",
            "rnn-apps --seed 7 tagger eval --run r",
            "rnn-apps tagger --seed 7 eval --run r",
            "rnn-apps tagger eval --run r --seed 7",
            "rnn-apps mnist --seed 7 eval --run r",
        ] {
            let cli = Cli::try_read_from(line.split(' ')).expect(line);
            assert_eq!(cli.common.seed, Some(7));
        }
    }

    #[test]
    fn numbers_out_of_range_are_wrong_usage() {
        for line in [
            "rnn-apps mnist train --epochs 0",
            "rnn-apps mnist train --dropout 1",
            "rnn-apps mnist train --learning-rate -1",
            "rnn-apps mnist train --dataset strokes --data x",
            "rnn-apps --device abacus",
            "rnn-apps --threads 0",
            "rnn-apps --threads 99999999999999",
            "rnn-apps mnist train --batch-size 18446744073709551615",
            "rnn-apps mnist train --hidden-size 18446744073709551615",
            "rnn-apps mnist train --epochs 18446744073709551615",
            "rnn-apps tagger --epochs 3 train",
            "rnn-apps hihello --sample --temperature 1,0",
            "rnn-apps mnist train --resume r --epochs 4",
            "rnn-apps mnist train --resume r --run r",
            "rnn-apps --seed 3 tagger train --resume r",
            "rnn-apps mnist train --from step-00000001",
            "rnn-apps mnist train --checkpoint-every 0",
        ] {
            let error = Cli::try_read_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
