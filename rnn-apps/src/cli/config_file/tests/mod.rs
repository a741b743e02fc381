//! Tests of `--config` with a small command line that has flags of every kind.

mod faults;
mod lines;
mod printing;
mod values;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use tempfile::TempDir;

use super::{matches, to_toml};

const NOT_IN_A_FILE: &[&str] = &["config", "dry_run", "run", "quiet"];

#[derive(Debug, Parser)]
#[command(name = "app")]
struct Cli {
    #[command(subcommand)]
    command: Option<Sub>,
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    #[arg(long, global = true)]
    threads: Option<usize>,
    #[arg(long, short, global = true)]
    quiet: bool,
    #[arg(long, short, global = true)]
    name: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Sub {
    Mnist {
        /// A flag that has an effect only without a subcommand, as the tagger's have.
        #[arg(long)]
        outer: Option<usize>,
        #[command(subcommand)]
        command: Mnist,
    },
    Import {
        #[arg(long, alias = "config")]
        model: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum Mnist {
    Train(Box<Train>),
    Eval,
}

#[derive(Args, Clone, Debug, PartialEq, Serialize)]
struct Train {
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
    #[arg(long, value_enum, default_value_t = Cell::Lstm)]
    cell: Cell,
    #[arg(long, default_value_t = 128, value_parser = size)]
    hidden_size: usize,
    #[arg(long)]
    learning_rate: Option<f64>,
    #[arg(long, allow_hyphen_values = true, default_value_t = 0.0)]
    offset: f64,
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          action = ArgAction::Set, default_value_t = false)]
    bidirectional: bool,
    /// A switch with an optional value.
    #[arg(long, num_args = 0..=1, require_equals = true)]
    bias: bool,
    #[arg(long)]
    sample: bool,
    #[arg(long, value_delimiter = ',', default_value = "1", requires = "sample")]
    temperature: Vec<f64>,
    #[arg(long, num_args = 2)]
    pair: Vec<String>,
    #[arg(long, action = ArgAction::Count)]
    more: u8,
    #[arg(long, overrides_with = "cold")]
    warm: bool,
    #[arg(long, overrides_with = "warm")]
    cold: bool,
    #[arg(short)]
    x: Option<String>,
    #[arg(long)]
    dev: Option<PathBuf>,
    #[arg(long)]
    run: Option<PathBuf>,
    #[arg(long)]
    dry_run: bool,
    words: Vec<String>,
}

#[derive(Args, Clone, Debug, PartialEq, Serialize)]
struct Source {
    #[arg(long, conflicts_with = "data")]
    dataset: Option<String>,
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Cell {
    Rnn,
    Lstm,
}

fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=8192).contains(&n) => Ok(n),
        _ => Err("expected a whole number from 1 to 8192".to_owned()),
    }
}

/// A temporary folder with a file in it.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    fs::write(&path, content).expect("a file");
    (dir, path)
}

fn line_of(args: &[&str], path: &Path) -> Vec<OsString> {
    let mut line: Vec<OsString> = ["app", "mnist", "train", "--config"].map(Into::into).into();
    line.push(path.into());
    line.extend(args.iter().map(Into::into));
    line
}

fn parsed(line: Vec<OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&matches(&Cli::command(), line, NOT_IN_A_FILE)?.matches)
}

/// Parses a file with a command line; in messages, the path is without its folder.
fn read_named(name: &str, content: &[u8], args: &[&str]) -> Result<(Cli, Train), String> {
    let (dir, path) = file(name, content);
    let prefix = format!("{}/", dir.path().display());
    parsed(line_of(args, &path))
        .map(|mut cli| match cli.command.take() {
            Some(Sub::Mnist {
                command: Mnist::Train(mut train),
                ..
            }) => {
                assert_eq!(train.config.take(), Some(path));
                (cli, *train)
            }
            other => panic!("{other:?}"),
        })
        .map_err(|error| {
            assert_eq!(error.exit_code(), 2);
            error.to_string().replace(&prefix, "")
        })
}

fn read(content: &str, args: &[&str]) -> Train {
    match read_named("train.toml", content.as_bytes(), args) {
        Ok((_, train)) => train,
        Err(error) => panic!("{error}"),
    }
}

/// The first line of the error message.
fn error_named(name: &str, content: impl AsRef<[u8]>, args: &[&str]) -> String {
    let error = read_named(name, content.as_ref(), args).expect_err("an error");
    let line = error.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").expect("error: ").to_owned()
}

fn error(content: &str, args: &[&str]) -> String {
    error_named("train.toml", content, args)
}

const TOML: &str = "\
# A comment
hidden_size = 1_28
learning-rate = 4e-3
bidirectional = true
cell = 'rnn'
seed = 18446744073709551615
threads = 0x10
";
