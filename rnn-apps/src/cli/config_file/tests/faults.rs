//! Errors in a file, with their positions.

use super::*;

#[test]
fn unknown_keys_are_refused() {
    assert_eq!(
        error("\nhiden_size = 3", &[]),
        "train.toml: line 2: unknown key `hiden_size`, did you mean `hidden_size`?"
    );
    assert_eq!(
        error("Learning-Rate = 3", &[]),
        "train.toml: line 1: unknown key `Learning-Rate`, did you mean `learning_rate`?"
    );
    let all = "`dataset`, `data`, `cell`, `hidden_size`, `learning_rate`, `offset`, \
               `bidirectional`, `bias`, `sample`, `temperature`, `pair`, `more`, `warm`, \
               `cold`, `dev`, `seed`, `threads`, `name`";
    for key in ["größe", "Ω", "a b", ""] {
        assert_eq!(
            error(&format!("'{key}' = 3"), &[]),
            format!("train.toml: line 1: unknown key `{key}`, expected one of {all}")
        );
    }
    // Neither a flag's short name nor a positional argument is a key.
    for key in ["x", "words", "WORDS"] {
        assert!(error(&format!("{key} = 3"), &[]).contains("unknown key"));
    }
    assert_eq!(
        error_named("train.json", r#"{"hiden-size": 3}"#, &[]),
        "train.json: unknown key `hiden-size`, did you mean `hidden_size`?"
    );
    // The file is checked even if the flag is given.
    assert!(error("hiden_size = 3", &["--hidden-size=3"]).contains("unknown key"));
}

#[test]
fn some_flags_are_refused_in_a_file() {
    for key in NOT_IN_A_FILE.iter().chain(&["help"]) {
        for key in [(*key).to_owned(), key.replace('_', "-")] {
            assert_eq!(
                error(&format!("{key} = true"), &[]),
                format!("train.toml: line 1: `{key}` belongs on the command line, not in a file")
            );
        }
    }
}

#[test]
fn values_are_scalars() {
    for (value, found) in [
        (r#"["a"]"#, "an array"),
        ("{ a = 1 }", "a table"),
        ("2024-05-01", "a date or time"),
    ] {
        assert_eq!(
            error(&format!("hidden_size = {value}"), &[]),
            format!(
                "train.toml: line 1: hidden_size: \
                 expected a string, a number, true or false, found {found}"
            )
        );
    }
    assert_eq!(
        error("seed = 1\n\n[training]\nhidden_size = 3", &[]),
        "train.toml: line 3: training: \
         expected a string, a number, true or false, found a table"
    );
    for (value, found) in [
        ("null", "null"),
        ("[]", "an array"),
        (r#"{"a": {}}"#, "an object"),
    ] {
        assert_eq!(
            error_named("t.json", format!(r#"{{"cell": {value}}}"#), &[]),
            format!("t.json: cell: expected a string, a number, true or false, found {found}")
        );
    }
}

#[test]
fn values_that_a_flag_refuses_are_named_with_file_and_key() {
    for (content, message) in [
        (
            "hidden-size = 0",
            "hidden-size: invalid value '0': expected a whole number from 1 to 8192",
        ),
        (
            "hidden_size = '-1 for \"--value\"'",
            "hidden_size: invalid value '-1 for \"--value\"': \
             expected a whole number from 1 to 8192",
        ),
        (
            "hidden_size = \"a\\n\\nb\"",
            "hidden_size: invalid value 'a  b': expected a whole number from 1 to 8192",
        ),
        (
            "learning_rate = 'fast'",
            "learning_rate: invalid value 'fast': invalid float literal",
        ),
        (
            "seed = -1",
            "seed: invalid value '-1': invalid digit found in string",
        ),
        (
            "seed = 1.0",
            "seed: invalid value '1.0': invalid digit found in string",
        ),
        (
            "seed = 18446744073709551616",
            "seed: invalid value '18446744073709551616': \
             number too large to fit in target type",
        ),
        (
            "cell = 'gru'",
            "cell: invalid value 'gru' [possible values: rnn, lstm]",
        ),
        (
            "data = ''",
            "data: a value is required but none was supplied",
        ),
    ] {
        // Whether or not they are given on the command line.
        for args in [&[][..], &["--hidden-size=3", "--seed=1"]] {
            assert_eq!(
                error(content, args),
                format!("train.toml: line 1: {message}")
            );
        }
    }
    assert_eq!(
        error_named("t.json", r#"{"seed": 1, "cell": "gru"}"#, &[]),
        "t.json: cell: invalid value 'gru' [possible values: rnn, lstm]"
    );
}

#[test]
fn keys_that_do_not_go_together_are_named_with_the_file() {
    assert_eq!(
        error("data = 'x'\ndataset = 'y'", &[]),
        "train.toml: the argument '--data <DATA>' cannot be used with '--dataset <DATASET>'"
    );
    // Unless the command line has one of the two.
    let train = read("data = 'x'\ndataset = 'y'", &["--dataset", "z"]);
    assert_eq!(
        (train.source.data, train.source.dataset.as_deref()),
        (None, Some("z"))
    );
    let train = read("data = 'x'\ndataset = 'y'", &["--data", "z"]);
    assert_eq!(
        (train.source.data, train.source.dataset),
        (Some("z".into()), None)
    );
    assert_eq!(
        error("temperature = 2", &[]),
        "train.toml: the following required arguments were not provided: --sample"
    );
}

#[test]
fn duplicate_keys_are_refused() {
    assert_eq!(
        error("hidden_size = 3\nhidden-size = 3", &[]),
        "train.toml: line 2: `hidden_size` stands here for a second time"
    );
    assert_eq!(
        error("seed = 3\nseed = 3", &[]),
        "train.toml: line 2, column 1: duplicate key"
    );
    assert_eq!(
        error_named("t", r#"{"seed": 3, "seed": 3}"#, &[]),
        "t: `seed` stands here for a second time"
    );
}

#[test]
fn files_that_can_not_be_read_are_named() {
    for (name, content, message) in [
        (
            "t.json",
            &b"[1, 2]"[..],
            "line 1, column 0: invalid type: sequence, expected an object with flags",
        ),
        (
            "t.json",
            b"3",
            "line 1, column 1: invalid type: integer `3`, expected an object with flags",
        ),
        ("t.json", b"", "line 1, column 0: EOF while parsing a value"),
        (
            "t.json",
            b"{\"seed\": 1\n\"cell\": 2}",
            "line 2, column 1: expected `,` or `}`",
        ),
        ("t.json", b"{} {}", "line 1, column 4: trailing characters"),
        (
            "t.toml",
            b"seed = 1\n\xc3\xa4 = ",
            "line 2, column 1: invalid unquoted key, expected letters, numbers, `-`, `_`",
        ),
        (
            "t.toml",
            b"seed = 1\ncell = 'a",
            "line 2, column 10: invalid literal string, expected `'`",
        ),
        (
            "t.toml",
            b"seed\n",
            "line 1, column 5: key with no value, expected `=`",
        ),
        (
            "t.toml",
            b"'\xc3\xa4' = 1\n'\xc3\xa4' \xff",
            "line 2, column 5: expected UTF-8",
        ),
    ] {
        assert_eq!(
            error_named(name, content, &[]),
            format!("{name}: {message}")
        );
    }
    let (dir, path) = file("train.toml", "");
    for path in [
        dir.path().to_owned(),
        path.join("none"),
        dir.path().join("none"),
    ] {
        let error = parsed(line_of(&[], &path)).expect_err("an error");
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(
            error.starts_with(&format!("error: {}: ", path.display())),
            "{error}"
        );
        // The usage is that of the subcommand.
        assert!(
            error.contains("Usage: app mnist train [OPTIONS]"),
            "{error}"
        );
    }
}
