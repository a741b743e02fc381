//! The command line, as types.

mod bench;
mod common;
mod config_file;
mod mnist;
mod tagger;
mod train_args;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use bench::{BenchArgs, Workload};
pub use common::Common;
pub use config_file::to_toml;
pub use mnist::{
    CellKind, Dataset, MnistCommand, MnistEvalArgs, MnistPredictArgs, MnistTrainArgs, NUM_CLASSES,
    Nonlinearity, Recipe, SourceArgs,
};
pub use tagger::{
    TaggerArgs, TaggerCommand, TaggerEvalArgs, TaggerTagArgs, TaggerTrainArgs, TwoSentencesArgs,
};
pub use train_args::RunArgs;
use train_args::refused_on_resume;
use values::{epochs, rate, renaming, safetensors, size};

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
        let not_in_a_file = [Common::NOT_IN_A_FILE, RunArgs::NOT_IN_A_FILE].concat();
        let matches = config_file::matches(&command, line, &not_in_a_file)?;
        let cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        if cli.resumed().is_some()
            && let Some(flag) = refused_on_resume(&command, &matches, &cli.beside_resume())
        {
            let message =
                format!("--{flag} is not for a run that goes on: its settings are its own");
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
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

    /// The flags that may stand beside `--resume`, by their ids.
    fn beside_resume(&self) -> Vec<&'static str> {
        let of_the_task = match &self.command {
            Some(Command::Mnist(_)) => SourceArgs::BESIDE_RESUME,
            Some(Command::Tagger(_)) => TaggerTrainArgs::BESIDE_RESUME,
            _ => &[],
        };
        [Common::BESIDE_RESUME, RunArgs::BESIDE_RESUME, of_the_task].concat()
    }
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
    #[arg(long, alias = "config", value_name = "FILE")]
    pub model: PathBuf,
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
    fn lists_of_flags_name_flags_that_there_are() {
        let mut root = Cli::command();
        root.build();
        for (task, beside_resume) in [
            ("mnist", SourceArgs::BESIDE_RESUME),
            ("tagger", TaggerTrainArgs::BESIDE_RESUME),
        ] {
            let task = root.find_subcommand(task).expect("a task");
            let train = task.find_subcommand("train").expect("a training");
            for id in [
                Common::NOT_IN_A_FILE,
                Common::BESIDE_RESUME,
                RunArgs::NOT_IN_A_FILE,
                RunArgs::BESIDE_RESUME,
                beside_resume,
            ]
            .concat()
            {
                let mut flags = train.get_arguments();
                assert!(flags.any(|arg| arg.get_id() == id), "{id}");
            }
        }
    }

    #[test]
    fn a_run_that_goes_on_takes_what_does_not_change_it() {
        for command in ["mnist train", "tagger train"] {
            for flags in [
                "--from best --checkpoint-every 5m --data d --device ndarray --threads 2 -q --json",
                "--tui",
            ] {
                let line = format!("rnn-apps {command} --resume r {flags}");
                let cli = Cli::try_read_from(line.split(' ')).expect(&line);
                assert_eq!(cli.resumed(), Some(Path::new("r")));
            }
        }
    }

    #[test]
    fn an_import_takes_the_old_name_of_its_description() {
        for flag in ["--model", "--config"] {
            let line = format!("rnn-apps import --weights w.pt {flag} none.json");
            let cli = Cli::try_read_from(line.split(' ')).expect(&line);
            let Some(Command::Import(args)) = cli.command else {
                panic!("{cli:?}");
            };
            assert_eq!(args.model, Path::new("none.json"));
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
