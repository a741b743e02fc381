//! A file combined with a command line.

use clap::error::ErrorKind;

use super::*;

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
    // Only `dataset` declares the conflict, not `data`.
    let train = read("data = 'x'", &["--dataset", "mnist"]);
    assert_eq!(train.source.data, None);
    assert_eq!(train.source.dataset.as_deref(), Some("mnist"));
    // With `overrides_with` the last one wins, which is the command line's.
    let train = read("warm = true", &["--cold"]);
    assert_eq!((train.warm, train.cold), (false, true));
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
fn a_value_may_equal_a_subcommands_name() {
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
    use std::ffi::OsStr;
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
fn without_a_file_a_line_is_parsed_as_usual() {
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
fn errors_in_the_line_are_not_attributed_to_the_file() {
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
    // Other errors in the line are still reported.
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
fn help_is_shown_even_with_a_file() {
    let line = ["app", "mnist", "train", "--config", "missing", "--help"];
    let error = parsed(line.map(Into::into).into()).expect_err("help");
    assert_eq!(error.kind(), ErrorKind::DisplayHelp);
}
