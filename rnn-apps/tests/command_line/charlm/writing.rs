//! What a trained model writes.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::SMALL;
use crate::{command, fails, has_keys, json, run, succeeds, text};

fn trained() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    succeeds(folder.path(), &format!("{SMALL} --run run --quiet"));
    folder
}

/// The results of writing 40 characters after `Tom`.
fn sample(folder: &Path, flags: &str) -> Value {
    let line = format!("charlm sample --run run --length 40 --prompt Tom {flags} --json");
    json(&succeeds(folder, &line))
}

#[test]
fn draws_follow_from_seed_and_settings() {
    let folder = trained();
    let path = folder.path();
    let first = sample(path, "");
    has_keys(
        &first,
        "command run seed device threads parameters prompt text samples chars_per_second",
    );
    assert_eq!(
        first["text"].as_str().map(|text| text.chars().count()),
        Some(40)
    );
    assert_eq!(sample(path, "")["text"], first["text"]);
    assert_eq!(sample(path, "--seed 1")["text"], first["text"]);
    let second = sample(path, "--seed 2");
    assert_ne!(second["text"], first["text"]);
    // Several texts have one seed after the other.
    let both = sample(path, "--num-samples 2");
    assert_eq!(both["text"], first["text"]);
    assert_eq!(both["samples"][0]["text"], first["text"]);
    assert_eq!(both["samples"][1]["text"], second["text"]);
    assert_eq!(both["samples"][1]["seed"], 2);

    let greedy = sample(path, "--temperature 0");
    assert_ne!(greedy["text"], first["text"]);
    for flags in [
        "--temperature 0 --seed 5",
        "--top-k 1 --seed 6",
        "--top-p 0.000001 --temperature 1.5 --seed 7",
    ] {
        assert_eq!(sample(path, flags)["text"], greedy["text"], "{flags}");
    }
    for flags in ["--top-k 3", "--top-p 0.2", "--temperature 0.2"] {
        let found = sample(path, flags);
        assert_ne!(found["text"], first["text"], "{flags}");
        assert_ne!(found["text"], greedy["text"], "{flags}");
    }

    for flags in [
        "--temperature -1",
        "--top-k 0",
        "--top-p 0",
        "--top-p 1.1",
        "--length 0",
        "--num-samples 0",
        "--prompt a --prompt-file b",
    ] {
        fails(path, &format!("charlm sample --run run {flags}"), 2);
    }
}

#[test]
fn a_text_ends_before_another() {
    let folder = trained();
    let path = folder.path();
    let whole = sample(path, "");
    let whole = whole["text"].as_str().expect("a text");
    let stop: String = whole.chars().skip(5).take(2).collect();
    let line = |stop: &str| {
        let mut command = command(
            path,
            "charlm sample --run run --length 40 --prompt Tom --json",
        );
        let output = command.args(["--stop", stop]).output().expect("it starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let output = text(&output.stdout);
        (json(&output), output)
    };
    let (found, output) = line(&stop);
    let place = whole.find(&stop).expect("it is there");
    assert_eq!(found["text"], whole[..place]);
    assert_eq!(found["samples"][0]["stopped"], true);
    assert!(
        output.starts_with(&format!("Tom{}\n", &whole[..place])),
        "{output}"
    );
    // What only begins as it does is written to its last character.
    let last: String = whole.chars().skip(39).chain("€".chars()).collect();
    let (found, _) = line(&last);
    assert_eq!(found["text"], whole);
    assert_eq!(found["samples"][0]["stopped"], false);
}

#[test]
fn prompts_come_from_files_and_standard_input() {
    let folder = trained();
    let path = folder.path();
    let expected = succeeds(path, "charlm sample --run run --length 40 --prompt Tom");
    assert!(
        expected.starts_with("Tom") && expected.ends_with('\n'),
        "{expected}"
    );
    fs::write(path.join("prompt"), "Tom").expect("written");
    let line = "charlm sample --run run --length 40 --prompt-file";
    assert_eq!(succeeds(path, &format!("{line} prompt")), expected);
    let piped = |bytes: &[u8]| {
        let mut child = command(path, &format!("{line} -"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(bytes).expect("written");
        drop(input);
        child.wait_with_output().expect("the program ends")
    };
    assert_eq!(text(&piped(b"Tom").stdout), expected);
    let message = text(&piped(b"To\xff").stderr);
    assert!(
        message.contains("standard input: line 1, column 3: expected UTF-8"),
        "{message}"
    );
    let message = fails(path, &format!("{line} nowhere"), 1);
    assert!(message.contains("nowhere"), "{message}");

    // Without one it begins after an empty line, which is not printed.
    let bare = succeeds(path, "charlm sample --run run --length 40");
    assert_eq!(bare.trim_end_matches('\n').chars().count(), 40, "{bare}");

    // A prompt that is read in several pieces.
    fs::write(path.join("long"), "Tom and the sea. ".repeat(200)).expect("written");
    let long = succeeds(path, &format!("{line} long"));
    assert_eq!(long.trim_end_matches('\n').chars().count(), 200 * 17 + 40);
}

#[test]
fn unknown_characters_of_a_prompt_are_named() {
    let folder = trained();
    let line = "charlm sample --run run --length 40 --prompt";
    let output = run(folder.path(), &format!("{line} To中m€中"));
    assert!(output.status.success());
    let warning = text(&output.stderr);
    assert!(
        warning.contains("does not know these characters of the prompt"),
        "{warning}"
    );
    assert!(warning.contains("['中', '€']"), "{warning}");
    let written = text(&output.stdout);
    let written = written.strip_prefix("To中m€中").expect("the prompt");
    assert!(!written.contains(['中', '€', '\u{fffd}', '<']), "{written}");
    let output = run(folder.path(), &format!("{line} Tom"));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn characters_are_printed_as_they_are_made() {
    let folder = trained();
    // It would take hours to the end.
    let mut child = command(folder.path(), "charlm sample --run run --length 100000000")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut output = child.stdout.take().expect("a pipe");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut first = [0; 10];
        sender.send(output.read_exact(&mut first).is_ok())
    });
    let read = receiver.recv_timeout(Duration::from_secs(60));
    child.kill().expect("it is at work");
    child.wait().expect("the program ends");
    assert_eq!(read, Ok(true));
}
