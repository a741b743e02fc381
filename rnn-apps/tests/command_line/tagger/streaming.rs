//! Sentences are tagged as they come.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::super::{command, json, run, succeeds};
use super::{CHARACTERS, corpus};

#[test]
fn a_line_in_is_a_line_out() {
    let folder = tempfile::tempdir().expect("a folder");
    corpus(folder.path());
    succeeds(
        folder.path(),
        &format!("tagger train --data corpus {CHARACTERS} --run run"),
    );
    let mut child = command(folder.path(), "tagger tag --run run --file -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while output.read_line(&mut line).is_ok_and(|read| read > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                break;
            }
        }
    });
    // The next line is written only once the tags of the one before are there.
    for (line, expected) in [
        ("The dog ate\n", "The/DET dog/NN ate/V\n"),
        ("\n", "\n"),
        ("that book\n", "that/DET book/NN\n"),
    ] {
        input.write_all(line.as_bytes()).expect("read");
        input.flush().expect("read");
        let found = lines
            .recv_timeout(Duration::from_secs(120))
            .expect("a line");
        assert_eq!(found, expected);
    }
    drop(input);
    assert!(child.wait().expect("the program ends").success());
}

#[test]
fn a_file_is_counted_and_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    corpus(folder.path());
    succeeds(
        folder.path(),
        &format!("tagger train --data corpus {CHARACTERS} --run run"),
    );
    let text = "The dog ate the zebra.\n\n".repeat(300);
    std::fs::write(folder.path().join("text"), &text).expect("written");
    for batch_size in [1, 7, 64] {
        let line = format!("tagger tag --run run --file text --json --batch-size {batch_size}");
        let output = succeeds(folder.path(), &line);
        assert_eq!(output.lines().count(), 601);
        let found = json(&output);
        assert!(found.get("sentences").is_none());
        assert_eq!(
            (
                &found["num_sentences"],
                &found["num_words"],
                &found["num_unknown"]
            ),
            (&300.into(), &1_800.into(), &300.into())
        );
    }
}

#[test]
fn what_comes_before_an_error_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    corpus(folder.path());
    succeeds(
        folder.path(),
        &format!("tagger train --data corpus {CHARACTERS} --run run"),
    );
    let long = "a ".repeat(10_001);
    for (text, says) in [
        (
            format!("The dog\n\n{long}\nthe dog\n").into_bytes(),
            "sentence 3: expected at most 10000 words",
        ),
        (
            b"The dog\n\n\xff\n".to_vec(),
            "line 3, column 1: expected UTF-8",
        ),
    ] {
        std::fs::write(folder.path().join("text"), text).expect("written");
        let output = run(folder.path(), "tagger tag --run run --file text");
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(super::super::text(&output.stdout), "The/DET dog/NN\n\n");
        let message = super::super::text(&output.stderr);
        assert!(message.contains(says), "{message}");
    }
}
