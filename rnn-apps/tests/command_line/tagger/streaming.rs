//! Sentences are tagged as they come.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::super::{command, json, run, succeeds};
use super::{CHARACTERS, trained};

/// The program with a pipe to it and one from it.
fn start(folder: &Path) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = command(folder, "tagger tag --run run --file -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, input, output)
}

#[test]
fn a_line_in_is_a_line_out() {
    let folder = trained(CHARACTERS);
    let (mut child, mut input, mut output) = start(folder.path());
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
    let folder = trained(CHARACTERS);
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
    let folder = trained(CHARACTERS);
    let long = "a ".repeat(10_001);
    for (text, says) in [
        (
            format!("The dog\n\n{long}\nthe dog\n").into_bytes(),
            "text: line 3: expected at most 10000 words",
        ),
        (
            b"The dog\n\n\xff\n".to_vec(),
            "line 3, column 1: expected UTF-8",
        ),
        (
            b"The dog\n\n1\tThe\tthe\t_\t_\t_\t_\t_\t_\t_\n".to_vec(),
            "text: line 3: expected a sentence, found a line of CoNLL-U: give --input conllu",
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

/// Most memory that a process has had, in kilobytes.
#[cfg(all(target_os = "linux", not(feature = "tch")))]
fn peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("a number").parse().expect("a number")
}

// LibTorch keeps what it prepares for each shape of tensors, which grows to some 30 MB and no further.
#[cfg(all(target_os = "linux", not(feature = "tch")))]
#[test]
fn a_long_text_needs_no_more_memory_than_a_short_one() {
    let folder = trained(CHARACTERS);
    let (mut child, mut input, mut output) = start(folder.path());
    let mut tag = |numbers: std::ops::Range<usize>| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in numbers.clone() {
                    // Words that did not come before.
                    let line = format!("the dog{number} ate that book {number}\n");
                    input.write_all(line.as_bytes()).expect("read");
                }
            });
            let mut line = String::new();
            for _ in numbers.clone() {
                line.clear();
                output.read_line(&mut line).expect("a line");
            }
        });
    };
    tag(0..2_000);
    let before = peak(child.id());
    tag(2_000..42_000);
    let after = peak(child.id());
    // Sentences of which words and tags were kept would be 25 MB or more.
    assert!(after < before + 5_000, "from {before} to {after} kB");
    drop(input);
    assert!(child.wait().expect("the program ends").success());
}
