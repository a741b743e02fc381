//! The values of a file as values of flags.

use super::*;

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
    // A list is written as on the command line.
    let train = read("sample = true\ntemperature = '0.5,2'\nmore = true", &[]);
    assert_eq!((train.temperature, train.more), (vec![0.5, 2.0], 1));
}
