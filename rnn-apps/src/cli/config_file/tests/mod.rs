mod faults;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
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
        /// Where it means something only without a subcommand, as the tagger's.
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
    /// As derived, but with an optional value.
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

/// A folder with a file in it.
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
    Cli::from_arg_matches(&matches(&Cli::command(), line, NOT_IN_A_FILE)?)
}

/// What the two make of each other; the path in messages without its folder.
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

/// The first line of the message.
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

#[test]
fn a_file_gives_flags() {
    let json = r#"{"hidden_size": 128, "learning-rate": 4e-3, "bidirectional": true,
        "cell": "rnn", "seed": 18446744073709551615, "threads": 16}"#;
    for (name, content) in [
        ("train.toml", TOML),
        ("train", TOML),
        ("train.txt", json),
        ("train.JSON", json),
        ("train.toml", &format!("\u{feff}\n {json}")),
        ("train.toml", &format!("\u{feff}{TOML}")),
        ("train.toml", &TOML.replace('\n', "\r\n")),
    ] {
        let (cli, train) = read_named(name, content.as_bytes(), &[]).expect(content);
        assert_eq!((cli.seed, cli.threads), (u64::MAX, Some(16)));
        assert_eq!((train.hidden_size, train.cell), (128, Cell::Rnn));
        assert_eq!(train.learning_rate, Some(0.004));
        assert!(train.bidirectional);
    }
}

#[test]
fn a_file_without_flags_changes_nothing() {
    for (name, content) in [
        ("train.toml", ""),
        ("train.toml", "# nothing\n\n"),
        ("a", "{}"),
    ] {
        let (cli, train) =
            read_named(name, content.as_bytes(), &["--hidden-size", "7"]).expect(content);
        assert_eq!((cli.seed, train.hidden_size), (1, 7));
        assert_eq!(train.cell, Cell::Lstm);
    }
}

#[test]
fn the_command_line_overrides_the_file() {
    let args = ["--hidden-size", "7", "--seed=5", "--bidirectional=false"];
    let (cli, train) = read_named("t", TOML.as_bytes(), &args).expect("fine");
    assert_eq!((cli.seed, cli.threads), (5, Some(16)));
    assert_eq!((train.hidden_size, train.cell), (7, Cell::Rnn));
    assert!(!train.bidirectional);
}

#[test]
fn global_flags_count_wherever_they_stand() {
    let (_dir, path) = file("train.toml", TOML);
    for before in [0, 1, 2] {
        let mut line = line_of(&[], &path);
        line.insert(before + 1, "--seed=5".into());
        line.insert(before + 1, "-q".into());
        let cli = parsed(line).expect("fine");
        assert_eq!((cli.seed, cli.threads, cli.quiet), (5, Some(16), true));
    }
}

#[test]
fn a_flag_that_excludes_a_key_wins() {
    let train = read("dataset = 'mnist'", &["--data", "x"]);
    assert_eq!(train.source.dataset, None);
    assert_eq!(train.source.data, Some("x".into()));
    // `data` itself doesn't say that it excludes `dataset`.
    let train = read("data = 'x'", &["--dataset", "mnist"]);
    assert_eq!(train.source.data, None);
    assert_eq!(train.source.dataset.as_deref(), Some("mnist"));
    // With `overrides_with` the last one counts, which is the command line's.
    let train = read("warm = true", &["--cold"]);
    assert_eq!((train.warm, train.cold), (false, true));
}

#[test]
fn switches_are_true_or_false() {
    let train = read("bidirectional = true\nbias = true\nsample = true", &[]);
    assert_eq!(
        (train.bidirectional, train.bias, train.sample),
        (true, true, true)
    );
    let train = read("bidirectional = false\nbias = false\nsample = false", &[]);
    assert_eq!(
        (train.bidirectional, train.bias, train.sample),
        (false, false, false)
    );
    let train = read("sample = false", &["--sample", "--bias=false"]);
    assert_eq!((train.sample, train.bias), (true, false));
    assert_eq!(
        error("sample = 1", &[]),
        "train.toml: line 1: sample: expected true or false, found `1`"
    );
    assert_eq!(
        error("bidirectional = 'on'", &[]),
        "train.toml: line 1: bidirectional: invalid value 'on' [possible values: true, false]"
    );
    assert_eq!(
        error("hidden_size = true", &[]),
        "train.toml: line 1: hidden_size: invalid value 'true': \
         expected a whole number from 1 to 8192"
    );
}

#[test]
fn values_may_look_like_flags() {
    let train = read("data = '--cell=ünï=💡 x'\noffset = -2.5", &[]);
    assert_eq!(train.source.data, Some("--cell=ünï=💡 x".into()));
    assert_eq!(train.offset, -2.5);
    let train = read(
        "dev = '='\ndataset = '-1'\noffset = -2.5",
        &[
            "--data==a=b",
            "--offset",
            "-1",
            "--run=-r",
            "-x=-y",
            "--",
            "--seed",
            "-",
        ],
    );
    assert_eq!(train.dev, Some("=".into()));
    assert_eq!(train.source.data, Some("=a=b".into()));
    assert_eq!((train.offset, train.source.dataset), (-1.0, None));
    assert_eq!((train.run, train.x), (Some("-r".into()), Some("-y".into())));
    assert_eq!(train.words, ["--seed", "-"]);
}

#[test]
fn flags_of_every_shape_are_carried_over() {
    let args = "--sample --temperature 0.5,2 --temperature 3 --pair a b --pair c d \
                --more --more --bidirectional w";
    let args: Vec<&str> = args.split_whitespace().collect();
    let train = read("hidden_size = 3", &args);
    assert_eq!(train.temperature, [0.5, 2.0, 3.0]);
    assert_eq!(train.pair, ["a", "b", "c", "d"]);
    assert_eq!((train.more, train.hidden_size), (2, 3));
    assert!(train.sample && train.bidirectional);
    assert_eq!(train.words, ["w"]);
    // A list in a file is what it is on the command line.
    let train = read("sample = true\ntemperature = '0.5,2'\nmore = true", &[]);
    assert_eq!((train.temperature, train.more), (vec![0.5, 2.0], 1));
}

#[test]
fn lists_and_counts_of_the_command_line_replace_those_of_the_file() {
    let content = "sample = true\ntemperature = '0.5,2'\nmore = true";
    let train = read(content, &["--temperature=3", "--temperature=4", "--more"]);
    assert_eq!((train.temperature, train.more), (vec![3.0, 4.0], 1));
}

#[test]
fn flags_before_the_subcommand_stay_there() {
    let (_dir, path) = file("train.toml", "hidden_size = 3");
    for before in [&["--outer=4"][..], &["--outer", "4", "-q"]] {
        let mut line = line_of(&["train"], &path);
        line.splice(2..2, before.iter().map(Into::into));
        let cli = parsed(line).expect("fine");
        let Some(Sub::Mnist {
            outer: Some(4),
            command: Mnist::Train(train),
        }) = cli.command
        else {
            panic!("{cli:?}");
        };
        assert_eq!((train.hidden_size, train.words), (3, vec!["train".into()]));
    }
}

#[test]
fn a_value_may_be_called_as_a_subcommand_is() {
    let (_dir, path) = file("train.toml", "hidden_size = 3");
    for before in [&["--name", "train"][..], &["-qn", "mnist"]] {
        let mut line = line_of(&["--dev", "train", "mnist"], &path);
        line.splice(1..1, before.iter().map(Into::into));
        let cli = parsed(line).expect("fine");
        assert_eq!(cli.name.as_deref(), before.last().copied());
        let Some(Sub::Mnist {
            command: Mnist::Train(train),
            ..
        }) = cli.command
        else {
            panic!("{cli:?}");
        };
        assert_eq!((train.hidden_size, train.dev), (3, Some("train".into())));
    }
}

#[cfg(unix)]
#[test]
fn paths_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;

    let (dir, _) = file("train.toml", "");
    let path = dir.path().join(OsStr::from_bytes(b"\xff.toml"));
    fs::write(&path, "hidden_size = 3").expect("a file");
    let data = PathBuf::from(OsStr::from_bytes(b"-\xfe=x"));
    let mut line = line_of(&[], &path);
    line.push("--data".into());
    line.push(OsStr::from_bytes(b"./\xfe").into());
    parsed(line).expect("fine");
    let mut line = line_of(&[], &path);
    let mut flag = OsString::from("--data=");
    flag.push(&data);
    line.push(flag);
    let cli = parsed(line).expect("fine");
    let Some(Sub::Mnist {
        command: Mnist::Train(train),
        ..
    }) = cli.command
    else {
        panic!("{cli:?}");
    };
    assert_eq!(train.source.data, Some(data));
    assert!(to_toml(&train, NOT_IN_A_FILE).is_err());
}

#[test]
fn without_a_file_a_line_means_what_it_says() {
    for line in [
        "app",
        "app mnist eval",
        "app mnist train --hidden-size 3",
        "app import --config model.json",
        "app import --model model.json",
        "app mnist train -- --config none.toml",
        "app --name --config",
    ] {
        let line: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let found = parsed(line.clone()).map_err(|error| error.to_string());
        let expected = Cli::try_parse_from(line).map_err(|error| error.to_string());
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }
}

#[test]
fn what_is_wrong_with_the_line_is_not_put_down_to_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("train.toml");
    fs::write(&path, "seed = 4\ndata = 'x'\ndev = 'y'").expect("a file");
    for args in [
        &["--seed=1", "--seed=2"][..],
        &["--data=a", "--data=b"],
        &["--data=a", "--dataset=b"],
        &["--hidden-size"],
        &["--hidden-size=0"],
        &["--hiden-size=3"],
        &["--run=r", "--run=r"],
    ] {
        let error = parsed(line_of(args, &path)).expect_err("an error");
        assert_eq!(error.exit_code(), 2);
        let mut line = line_of(args, &path);
        line.drain(3..5);
        let expected = Cli::try_parse_from(line).expect_err("an error");
        assert_eq!(error.kind(), expected.kind());
        let (error, expected) = (error.to_string(), expected.to_string());
        assert_eq!(error.lines().next(), expected.lines().next());
    }
}

#[test]
fn what_a_flag_needs_may_be_in_the_file() {
    let train = read("sample = true", &["--temperature", "2"]);
    assert!(train.sample);
    assert_eq!(train.temperature, [2.0]);
    assert_eq!(
        error("sample = false", &["--temperature", "2"]),
        "train.toml: the following required arguments were not provided: --sample"
    );
    // What else is wrong with the line stays wrong.
    assert_eq!(
        error("sample = true", &["--temperature", "2", "--hidden-size=0"]),
        "invalid value '0' for '--hidden-size <HIDDEN_SIZE>': \
         expected a whole number from 1 to 8192"
    );
    let line = "app mnist train --temperature 2".split(' ');
    let error = parsed(line.map(Into::into).collect()).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
}

#[test]
fn help_stays_help() {
    let line = ["app", "mnist", "train", "--config", "missing", "--help"];
    let error = parsed(line.map(Into::into).into()).expect_err("help");
    assert_eq!(error.kind(), ErrorKind::DisplayHelp);
}

#[test]
fn what_is_printed_can_be_read_again() {
    #[derive(Serialize)]
    struct Printed<'a> {
        #[serde(flatten)]
        args: &'a Train,
        seed: u64,
        quiet: bool,
        tiny: Option<f64>,
    }

    for data in ["x", "ü \"'\n\t\\ =💡\u{7f}\u{1b}", "'''", "# true", "-1"] {
        let (_, args) = read_named("t", b"", &["--cell", "rnn"]).expect("fine");
        let args = Train {
            config: Some("c".into()),
            source: Source {
                dataset: None,
                data: Some(data.into()),
            },
            learning_rate: Some(1e-7),
            bias: true,
            run: Some("r".into()),
            dry_run: true,
            temperature: Vec::new(),
            pair: Vec::new(),
            ..args
        };
        let printed = Printed {
            args: &args,
            seed: u64::MAX,
            quiet: true,
            tiny: None,
        };
        let text = to_toml(&printed, NOT_IN_A_FILE).expect("text");
        // Lists are no scalars, and no training command has one; `more` counts.
        let text: String = text
            .split_inclusive('\n')
            .filter(|line| {
                let other = ["temperature", "pair", "words", "more"];
                !other.iter().any(|key| line.starts_with(key))
            })
            .collect();
        let (cli, again) = read_named("t", text.as_bytes(), &[]).expect(&text);
        assert_eq!(cli.seed, u64::MAX);
        let expected = Train {
            config: None,
            run: None,
            dry_run: false,
            temperature: vec![1.0],
            ..args
        };
        assert_eq!(again, expected, "{text}");
    }
}

#[test]
fn printed_are_the_values_that_there_are() {
    #[derive(Serialize)]
    struct Some_ {
        source: Source,
        rate: Option<f64>,
        whole: f64,
        cell: Cell,
        on: bool,
        run: &'static str,
    }

    let some = Some_ {
        source: Source {
            dataset: Some("mnist".to_owned()),
            data: None,
        },
        rate: Some(1e-7),
        whole: 1.0,
        cell: Cell::Lstm,
        on: false,
        run: "r",
    };
    assert_eq!(
        to_toml(&some, NOT_IN_A_FILE).expect("text"),
        "dataset = \"mnist\"\nrate = 1e-7\nwhole = 1.0\ncell = \"lstm\"\non = false\n"
    );
}
