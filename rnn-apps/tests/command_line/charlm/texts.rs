//! Texts of all kinds: each is learnt, or it is said what is wrong.

use std::fs;

use super::{SMALL, eval, number};
use crate::{fails, json, run, succeeds, text};

#[test]
fn texts_in_any_script_are_learnt() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    for (name, text, distinct) in [
        (
            "chinese",
            "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n".repeat(8),
            20,
        ),
        ("emoji", "👩‍👩‍👧 e\u{301}\u{323} नमस्ते 🏳️‍🌈\n".repeat(12), 17),
        ("one letter", "a".repeat(300), 1),
    ] {
        fs::write(path.join("text.txt"), &text).expect("written");
        let output = succeeds(path, &format!("{SMALL} --data text.txt --run run --json"));
        let says = format!("{distinct} characters and a symbol for others");
        assert!(output.contains(&says), "{name}: {output}");
        let results = json(&output);
        assert_eq!(results["unknown"], 0, "{name}");
        let train = number(&eval(path, "--run run --part train"), "chars");
        let all = text.chars().count();
        assert_eq!(train + number(&results, "chars"), all as f64, "{name}");
        let line = "charlm sample --run run --length 30 --json";
        let sample = json(&succeeds(path, line));
        let written = sample["text"].as_str().expect("a text");
        assert_eq!(written.chars().count(), 30, "{name}: {written}");
        assert!(
            written.chars().all(|c| text.contains(c)),
            "{name}: {written}"
        );
        fs::remove_dir_all(path.join("run")).expect("removed");
    }
}

#[test]
fn texts_that_are_too_short_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    for (text, says) in [
        (
            "0123456789",
            "text.txt: expected a validation part with at least 2 characters of one document, found 1 of \
             the 10 characters, as --split 0.9,0.1 says; a longer text, or another --split",
        ),
        (
            "ab",
            "text.txt: expected a training part with at least 2 characters",
        ),
        (
            "a",
            "text.txt: expected at least one character in each part",
        ),
        ("", "text.txt: expected a text, found no characters"),
    ] {
        fs::write(path.join("text.txt"), text).expect("written");
        let message = fails(path, &format!("{SMALL} --data text.txt --run run"), 1);
        assert!(message.contains(says), "{text:?}: {message}");
        assert!(!path.join("run").exists(), "{text:?}");
    }
    // Ten characters are enough for two halves.
    fs::write(path.join("text.txt"), "0123456789").expect("written");
    let line = format!("{SMALL} --data text.txt --split 0.5,0.5 --run run --json");
    let results = json(&succeeds(path, &line));
    assert_eq!(
        (&results["chars"], &results["unknown"]),
        (&5.into(), &5.into())
    );

    for (flags, code, says) in [
        ("--split 0.9,0.2", 2, "two shares above 0 that sum to 1"),
        ("--split 1,0", 2, "two shares above 0 that sum to 1"),
        ("--data nowhere", 1, "nowhere"),
        ("--data run", 1, "files whose names end in .txt"),
        ("--dataset tinyshakespeare --offline", 1, "tiny-shakespeare"),
        ("--dataset tinyshakespeare --data text.txt", 2, "--data"),
    ] {
        let message = fails(path, &format!("{SMALL} {flags} --run none"), code);
        assert!(message.contains(says), "{flags}: {message}");
        assert!(!path.join("none").exists(), "{flags}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_an_error_or_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let bytes = b"hello w\xff\xfeld, this is a text.\n".repeat(10);
    fs::write(path.join("bytes.txt"), bytes).expect("written");
    let train = format!("{SMALL} --data bytes.txt");
    let message = fails(path, &format!("{train} --run run"), 1);
    let says = "bytes.txt: line 1, column 8: expected UTF-8, found byte 0xff (byte offset 7)";
    assert!(message.contains(says), "{message}");
    assert!(!path.join("run").exists());

    succeeds(
        path,
        &format!("{train} --replace-invalid --quiet --run run"),
    );
    let vocab = fs::read_to_string(path.join("run/vocab.json")).expect("a vocabulary");
    assert!(vocab.contains('\u{fffd}'), "{vocab}");
    // The run remembers it; another text is asked about anew.
    assert_eq!(eval(path, "--run run --part train")["unknown"], 0);
    let message = fails(path, "charlm eval --run run --file bytes.txt", 1);
    assert!(message.contains("byte offset 7"), "{message}");
    let found = eval(path, "--run run --file bytes.txt --replace-invalid");
    assert_eq!(found["unknown"], 0);
}

#[test]
fn each_file_of_a_folder_is_a_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::create_dir(path.join("texts")).expect("a folder");
    for (name, text) in [
        ("b.txt", "the second document.\n".repeat(8)),
        ("a.txt", "the first document.\n".repeat(8)),
        ("c.txt", "the third document.\n".repeat(8)),
        ("notes.md", "not this one: ÄÖÜ".to_owned()),
    ] {
        fs::write(path.join("texts").join(name), text).expect("written");
    }
    // Two thirds and a half of the last one.
    let line = format!("{SMALL} --data texts --split 0.8,0.2 --run run --json");
    let output = succeeds(path, &line);
    let sizes = "texts: 390 characters to train on in 3 documents, 98 to validate on";
    assert!(output.contains(sizes), "{output}");
    let found = eval(path, "--run run --file texts");
    let counts = (&found["chars"], &found["predicted"], &found["unknown"]);
    assert_eq!(counts, (&488.into(), &485.into(), &0.into()));

    // A document is a text of its own: the loss of a folder is that of its files.
    let sum = ["a.txt", "b.txt", "c.txt"].map(|name| {
        let found = eval(path, &format!("--run run --file texts/{name}"));
        number(&found, "valid_nats_per_char") * number(&found, "predicted")
    });
    let mean = sum.iter().sum::<f64>() / 485.0;
    let nats = number(&found, "valid_nats_per_char");
    assert!((nats - mean).abs() < 1e-6, "{nats}, {mean}");
}

#[test]
fn characters_that_only_validation_has_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let all = "abcdefgh ".repeat(30) + &"xyz xyz abc ".repeat(2) + "Q";
    fs::write(path.join("text.txt"), all).expect("written");
    let output = succeeds(path, &format!("{SMALL} --data text.txt --run run --json"));
    let says = "30 to validate on (13 of them unknown: ['x', 'y', 'z', 'Q'])";
    assert!(output.contains(says), "{output}");
    let says =
        "30 characters, 13 of them not known from training: ['x', 'y', 'z', 'Q'], 29 predicted";
    assert!(output.contains(says), "{output}");
    assert_eq!(json(&output)["unknown"], 13);

    // A part of the validation text, and its rest.
    let line = format!("{SMALL} --data text.txt --valid-limit 12 --run part --json");
    let output = succeeds(path, &line);
    let says =
        "12 to validate on (6 of them unknown: ['x', 'y', 'z']), and 18 more that --valid-limit";
    assert!(output.contains(says), "{output}");
    assert_eq!(json(&output)["chars"], 12);
    assert_eq!(eval(path, "--run part")["chars"], 30);

    // The text may have moved.
    fs::rename(path.join("text.txt"), path.join("moved.txt")).expect("renamed");
    let message = fails(path, "charlm eval --run run", 1);
    assert!(message.contains("text.txt"), "{message}");
    let moved = eval(path, "--run run --data moved.txt");
    assert_eq!(
        (&moved["chars"], &moved["data_as_trained"]),
        (&30.into(), &true.into())
    );
    // Another text is none to go on with.
    fs::write(path.join("text.txt"), "something else ".repeat(20)).expect("written");
    let message = fails(path, "charlm train --resume run --max-steps 9", 1);
    assert!(message.contains("text to train"), "{message}");
    let output = run(path, "charlm eval --run run --json");
    let warning = text(&output.stderr);
    assert!(
        warning.contains("text.txt: not the text that the run was trained on"),
        "{warning}"
    );
    assert_eq!(json(&text(&output.stdout))["data_as_trained"], false);
}
