//! What an evaluation prints, writes and refuses.

use std::path::Path;

use rnn_data::Strokes;

use super::super::{SMALL, command, fails, json, succeeds, text};

/// A run in `run`, trained on the folder `digits`.
fn trained(folder: &Path) {
    let digits = Strokes::new(8).mnist(300, 40).expect("digits");
    digits.write(folder.join("digits"), true).expect("written");
    succeeds(
        folder,
        &format!("mnist train --data digits {SMALL} --run run"),
    );
}

#[test]
fn an_evaluation_needs_the_test_images_alone_and_writes_files() {
    let folder = tempfile::tempdir().expect("a folder");
    trained(folder.path());
    for kind in ["images-idx3", "labels-idx1"] {
        let file = folder.path().join(format!("digits/train-{kind}-ubyte.gz"));
        std::fs::remove_file(file).expect("removed");
    }
    let line = "mnist eval --run run --out found --predictions found.csv --json";
    let results = json(&succeeds(folder.path(), line));
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).expect(file);
    let confusion = read("found/confusion.csv");
    let cells = confusion
        .lines()
        .skip(1)
        .flat_map(|row| row.split(',').skip(1));
    let cells: Vec<usize> = cells.map(|cell| cell.parse().expect("a count")).collect();
    assert_eq!((cells.len(), cells.iter().sum::<usize>()), (100, 40));
    let right: usize = cells.iter().step_by(11).sum();
    assert_eq!(results["correct"], right);
    let classes = read("found/classes.csv");
    assert!(
        classes.starts_with("class,name,images,precision,recall,f1\n0,0,4,"),
        "{classes}"
    );
    let png = std::fs::read(folder.path().join("found/mistakes.png")).expect("a picture");
    assert!(png.starts_with(b"\x89PNG"));
    assert!(read("found/confusion.svg").starts_with("<svg"));

    let table = read("found.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(
        rows[0][..6],
        ["file", "image", "label", "name", "expected", "confidence"]
    );
    assert_eq!(rows.len(), 41);
    assert_eq!(
        rows[1..].iter().filter(|row| row[2] == row[4]).count(),
        right
    );
    succeeds(
        folder.path(),
        "mnist eval --run run --predictions found.jsonl",
    );
    let lines = read("found.jsonl");
    let first: serde_json::Value =
        serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["image"], 0);
    assert_eq!(first["label"].to_string(), rows[1][2]);
    // Into the run's folder, if nothing else is said.
    assert!(folder.path().join("run/evaluation/classes.csv").exists());
    let message = fails(
        folder.path(),
        "mnist eval --run run --predictions found.txt",
        2,
    );
    assert!(message.contains("ends in .csv or .jsonl"), "{message}");
}

#[test]
fn a_script_can_ask_for_an_accuracy() {
    let folder = tempfile::tempdir().expect("a folder");
    trained(folder.path());
    succeeds(
        folder.path(),
        "mnist eval --run run --min-accuracy 0.000001",
    );
    let output = command(
        folder.path(),
        "mnist eval --run run --min-accuracy 1 --json",
    )
    .output()
    .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(
        message.contains("expected an accuracy of at least 1"),
        "{message}"
    );
    // The results are there all the same.
    assert_eq!(json(&text(&output.stdout))["total"], 40);
    fails(folder.path(), "mnist eval --run run --min-accuracy 97", 2);
}

#[test]
fn an_import_near_chance_level_is_told_what_to_look_at() {
    let folder = tempfile::tempdir().expect("a folder");
    trained(folder.path());
    succeeds(folder.path(), "export --run run --out weights.safetensors");
    std::fs::write(
        folder.path().join("model.json"),
        r#"{"command": "mnist", "cell": "lstm", "input_size": 28, "hidden_size": 16, "num_classes": 10,
            "normalize": [9.0, 0.01]}"#,
    )
    .expect("written");
    succeeds(
        folder.path(),
        "import --weights weights.safetensors --model model.json --run wrong",
    );
    let output = command(folder.path(), "mnist eval --run wrong --data digits")
        .output()
        .expect("the program starts");
    let message = text(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert!(
        message.contains("chance level is 1 of 10") && message.contains("normalize"),
        "{message}"
    );
}
