//! Tests of the program as a whole: output, exit codes, JSON and files.

mod bench;
mod charlm;
mod imports;
mod init_from;
mod interchange;
mod mnist;
mod names;
mod notebook;
mod resume;
mod steering;
mod steps;
mod tagger;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnn-apps"));
    command.current_dir(folder).args(line.split_whitespace());
    command.env_remove("RNN_DATA");
    command.env("RNN_CACHE", folder.join("cache"));
    // Tests run in parallel, so more threads would only compete for the processors.
    command.env("RAYON_NUM_THREADS", "1");
    command
}

fn run(folder: &Path, line: &str) -> Output {
    command(folder, line).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Runs the program, which must succeed; gives its standard output.
fn succeeds(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs the program, which must fail with `code`; gives its error message.
fn fails(folder: &Path, line: &str, code: i32) -> String {
    let output = run(folder, line);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}: {message}");
    assert!(!message.contains("panicked"), "{line}: {message}");
    // No part of the message is repeated.
    let parts: Vec<&str> = message.trim_end().split(": ").collect();
    assert!(
        parts.windows(2).all(|pair| pair[0] != pair[1]),
        "{line}: {message}"
    );
    message
}

fn json(output: &str) -> Value {
    let last = output.lines().last().expect("a line");
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
}

/// Checks that the results have these keys, separated by spaces, on which scripts rely.
fn has_keys(results: &Value, keys: &str) {
    for key in keys.split(' ') {
        assert!(!results[key].is_null(), "no {key} in {results}");
    }
}

const SMALL: &str = "--hidden-size 16 --num-layers 1 --epochs 1 --limit 500 --batch-size 20";

#[test]
fn a_training_whose_output_pipe_is_closed_is_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path(), &format!("mnist train {SMALL} --run run"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for file in ["model.safetensors", "metrics.json", "history.jsonl"] {
        assert!(folder.path().join("run").join(file).exists(), "no {file}");
    }
}

#[test]
fn a_folder_that_is_not_empty_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("thesis")).expect("a folder");
    let mut file = std::fs::File::create(folder.path().join("thesis/draft.txt")).expect("a file");
    file.write_all(b"precious").expect("written");
    let message = fails(
        folder.path(),
        &format!("mnist train {SMALL} --run thesis"),
        1,
    );
    assert!(
        message.contains("thesis") && message.contains("not empty"),
        "{message}"
    );
    let left = std::fs::read_dir(folder.path().join("thesis"))
        .expect("a folder")
        .count();
    assert_eq!(left, 1);

    let message = fails(folder.path(), "mnist eval --run thesis", 1);
    assert!(
        message.contains("thesis") && message.contains("config.json"),
        "{message}"
    );
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    for (line, says) in [
        ("mnist train --cell transformer", "gru"),
        ("--device abacus", "ndarray"),
        ("mnist train --epochs none", "whole number"),
        ("--threads 99999999999999", "1024"),
        ("mnist train --hidden-size 18446744073709551615", "8192"),
        ("hihelo", "hihello"),
    ] {
        let message = fails(folder.path(), line, 2);
        assert!(message.contains(says), "{line}: {message}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path(), "shapes")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}
