//! What can be predicted, and how predictions come.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use rnn_data::Strokes;

use super::super::{SMALL, command, fails, json, succeeds, text};

const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pictures");

fn trained(folder: &Path) {
    succeeds(folder, &format!("mnist train {SMALL} --run run"));
}

#[test]
fn a_folder_an_idx_file_and_standard_input_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    trained(folder.path());
    let of_folder = json(&succeeds(
        folder.path(),
        &format!("mnist predict --run run {PICTURES} --json"),
    ));
    let predictions = of_folder["predictions"].as_array().expect("a list");
    let names: Vec<&str> = predictions
        .iter()
        .map(|found| found["file"].as_str().expect("a name"))
        .collect();
    assert_eq!(names.len(), 3);
    assert!(
        names[0].ends_with("four.png") && names[2].ends_with("two.png"),
        "{names:?}"
    );

    // The same picture on standard input.
    let mut child = command(folder.path(), "mnist predict --run run - --json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let bytes = std::fs::read(Path::new(PICTURES).join("two.png")).expect("a picture");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(&bytes).expect("written");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    let found = json(&text(&output.stdout));
    assert_eq!(found["predictions"][0]["file"], "-");
    // In a batch of another size a backend may add up in another order.
    let same = |key: &str| {
        let pair = [&found["predictions"][0], &predictions[2]].map(|found| found[key].as_f64());
        pair[0]
            .zip(pair[1])
            .is_some_and(|(a, b)| (a - b).abs() < 1e-5)
    };
    assert!(same("label") && same("confidence"), "{found}");

    // All images of a file, plain or in gzip, as an evaluation predicts them.
    let digits = Strokes::new(8).mnist(10, 30).expect("digits");
    digits
        .write(folder.path().join("digits"), true)
        .expect("written");
    let line = "mnist predict --run run digits/t10k-images-idx3-ubyte.gz --predictions a.csv --top 2 --json";
    let found = json(&succeeds(folder.path(), line));
    let found = found["predictions"].as_array().expect("a list");
    assert_eq!((found.len(), &found[29]["image"]), (30, &29.into()));
    succeeds(
        folder.path(),
        "mnist eval --run run --data digits --predictions b.jsonl",
    );
    let evaluated = std::fs::read_to_string(folder.path().join("b.jsonl")).expect("predictions");
    for (line, found) in evaluated.lines().zip(found) {
        let evaluated: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(evaluated["label"], found["label"]);
    }
    let table = std::fs::read_to_string(folder.path().join("a.csv")).expect("a table");
    assert!(
        table.starts_with("file,image,label,name,expected,confidence,warning,p0,p1,"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 31);

    // Labels are no images; a folder without pictures is an error.
    let message = fails(
        folder.path(),
        "mnist predict --run run digits/t10k-labels-idx1-ubyte.gz",
        1,
    );
    assert!(
        message.contains("t10k-labels") && message.contains("three dimensions"),
        "{message}"
    );
    let message = fails(folder.path(), "mnist predict --run run digits", 1);
    assert!(message.contains("digits: expected pictures"), "{message}");
}

#[test]
fn a_picture_shows_what_a_network_knows_after_each_row() {
    let folder = tempfile::tempdir().expect("a folder");
    trained(folder.path());
    let line = format!("mnist predict --run run {PICTURES}/two.png --explain two.svg");
    let output = succeeds(folder.path(), &line);
    assert!(output.contains("Row by row: two.svg"), "{output}");
    let svg = std::fs::read_to_string(folder.path().join("two.svg")).expect("a picture");
    assert!(svg.contains("probability of each class"));
    let message = fails(
        folder.path(),
        &format!("mnist predict --run run {PICTURES} --explain two.svg"),
        1,
    );
    assert!(message.contains("expected one image"), "{message}");
}
