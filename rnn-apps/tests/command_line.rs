//! The program as a user meets it: output, exit codes, JSON, files.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rnn_data::Strokes;
use serde_json::Value;

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnn-apps"));
    command.current_dir(folder).args(line.split_whitespace());
    command.env_remove("RNN_DATA");
    // Tests run side by side: more threads than processors would only wait for each other.
    command.env("RAYON_NUM_THREADS", "1");
    command
}

fn run(folder: &Path, line: &str) -> Output {
    command(folder, line).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What the program says on success.
fn succeeds(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What it says when it fails with `code`.
fn fails(folder: &Path, line: &str, code: i32) -> String {
    let output = run(folder, line);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}: {message}");
    assert!(!message.contains("panicked"), "{line}: {message}");
    // Nothing is said twice: a cause is in the message or after it, not both.
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

const SMALL: &str = "--hidden-size 16 --num-layers 1 --epochs 1 --limit 500 --batch-size 20";

#[test]
fn hihello_ends_with_ihello() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "hihello");
    let last = output.lines().last().expect("a line");
    assert!(last.ends_with("ihello"), "{last}");
    assert_eq!(
        output
            .lines()
            .filter(|line| line.starts_with("epoch "))
            .count(),
        100
    );

    let output = succeeds(folder.path(), "hihello --json --quiet --epochs 60");
    assert_eq!(output.lines().count(), 1, "{output}");
    assert_eq!(json(&output)["text"], "ihello");
}

#[test]
fn shapes_shows_what_goes_in_and_comes_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "shapes --json");
    for shape in ["[1, 6, 5]", "[1, 6, 3]", "[18]", "[6, 1, 6]", "[4, 1, 3]"] {
        assert!(output.contains(shape), "no {shape} in {output}");
    }
    assert_eq!(json(&output)["output"], serde_json::json!([1, 6, 3]));
}

#[test]
fn a_trained_run_evaluates_to_the_accuracy_it_was_trained_to() {
    let folder = tempfile::tempdir().expect("a folder");
    for cell in ["rnn", "lstm", "gru"] {
        let line =
            format!("mnist train --cell {cell} {SMALL} --valid-split 0.1 --json --run {cell}");
        let trained = json(&succeeds(folder.path(), &line));
        for key in [
            "command",
            "run",
            "seed",
            "device",
            "threads",
            "parameters",
            "epochs",
            "seconds",
            "step_seconds",
            "train_loss",
            "valid_accuracy",
            "test_accuracy",
        ] {
            assert!(!trained[key].is_null(), "no {key} in {trained}");
        }
        let evaluated = succeeds(folder.path(), &format!("mnist eval --json --run {cell}"));
        assert_eq!(json(&evaluated)["test_accuracy"], trained["test_accuracy"]);
        assert_eq!(json(&evaluated)["test_loss"], trained["test_loss"]);
        let verdict = format!(
            "Out of 2000 images {} were correctly classified",
            trained["correct"]
        );
        let lines: Vec<&str> = evaluated.lines().collect();
        assert_eq!(lines[lines.len() - 2], verdict, "{evaluated}");

        for file in [
            "config.json",
            "model.safetensors",
            "history.jsonl",
            "metrics.json",
            "checkpoints/model-1.bpk",
        ] {
            assert!(folder.path().join(cell).join(file).exists(), "no {file}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = |seed: u32, run: &str| {
        let line = format!(
            "mnist train --cell gru {SMALL} --dropout 0.1 --seed {seed} --json --run {run}"
        );
        let result = json(&succeeds(folder.path(), &line));
        let weights = std::fs::read(folder.path().join(run).join("model.safetensors"));
        (
            result["train_loss"].clone(),
            result["test_loss"].clone(),
            weights.expect("weights"),
        )
    };
    let (first, second) = (train(3, "a"), train(3, "b"));
    assert!(first == second);
    assert!(train(4, "c").2 != first.2);
}

#[test]
fn a_folder_of_files_is_read_and_its_faults_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = Strokes::new(8).mnist(300, 100).expect("digits");
    images
        .write(folder.path().join("digits"), true)
        .expect("written");
    let train = format!("mnist train --data digits {SMALL} --json --run run");
    assert_eq!(json(&succeeds(folder.path(), &train))["total"], 100);

    // The run remembers where its images were.
    assert_eq!(
        json(&succeeds(folder.path(), "mnist eval --json --run run"))["total"],
        100
    );

    let labels = folder.path().join("digits/t10k-labels-idx1-ubyte.gz");
    let whole = std::fs::read(&labels).expect("labels");
    std::fs::write(&labels, &whole[..whole.len() / 2]).expect("cut");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(message.contains("t10k-labels-idx1-ubyte.gz"), "{message}");

    std::fs::remove_file(&labels).expect("removed");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(message.contains("no t10k-labels-idx1-ubyte"), "{message}");

    let message = fails(folder.path(), "mnist train --data nowhere", 1);
    assert!(message.contains("nowhere"), "{message}");
    assert!(
        !folder.path().join("runs").exists(),
        "a run folder without a run"
    );
    let message = fails(folder.path(), "mnist train --dataset mnist", 1);
    assert!(message.contains("RNN_DATA"), "{message}");
}

#[test]
fn a_dataset_is_found_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["mnist", "fashion-mnist"] {
        let images = Strokes::new(8).mnist(200, 70).expect("digits");
        let files = folder.path().join("datasets").join(name);
        images.write(files, name == "mnist").expect("written");
        let line = format!("mnist train --dataset {name} {SMALL} --json --run {name}-run");
        let output = command(folder.path(), &line)
            .env("RNN_DATA", folder.path().join("datasets"))
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(json(&text(&output.stdout))["total"], 70);
    }
    // Under `data` in the working directory it needs no variable.
    let from = folder.path().join("datasets");
    std::fs::rename(from, folder.path().join("data")).expect("renamed");
    assert_eq!(
        json(&succeeds(
            folder.path(),
            "mnist eval --json --run mnist-run"
        ))["total"],
        70
    );
}

#[test]
fn settings_that_were_changed_by_hand_are_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    succeeds(folder.path(), &format!("mnist train {SMALL} --run run"));
    let path = folder.path().join("run/config.json");
    let whole = std::fs::read_to_string(&path).expect("settings");
    for (from, to, says) in [
        (
            "\"hidden_size\": 16",
            "\"hidden_size\": 0",
            "hidden_size must be from 1",
        ),
        (
            "\"hidden_size\": 16",
            "\"hidden_size\": 17",
            "shape of rnn.weight_hh_l0",
        ),
        (
            "\"dropout\": 0.0",
            "\"dropout\": 2.0",
            "dropout must be from 0 to below 1",
        ),
        ("\"num_classes\": 10", "\"num_classes\": 0", "num_classes"),
        ("\"cell\": \"lstm\"", "\"cell\": \"lsmt\"", "lsmt"),
        ("\"dropout\"", "\"dropuot\"", "dropuot"),
    ] {
        assert!(whole.contains(from), "{from} in {whole}");
        std::fs::write(&path, whole.replacen(from, to, 1)).expect("written");
        let message = fails(folder.path(), "mnist eval --run run", 1);
        assert!(
            message.contains("run") && message.contains(says),
            "{to}: {message}"
        );
    }
}

#[test]
fn a_training_that_nobody_watches_is_saved() {
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
fn a_reader_that_leaves_is_no_error() {
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
