mod formats;
mod models;
mod streaming;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use super::{command, fails, has_keys, json, succeeds, text};

const TRAIN: &str = "The/DET dog/NN ate/V the/DET apple/NN ./.
Everybody/NN read/V that/DET book/NN ./.
The/DET apple/NN read/V the/DET book/NN ./.
Everybody/NN ate/V the/DET apple/NN ./.
";
const DEV: &str = "The/DET dog/NN read/V that/DET book/NN ./.
the/DET zebra/NN ate/V !/SYM
";
/// A small model of words alone, trained without noise.
const SMALL: &str = "--no-chars --bidirectional=false --num-layers 1 --embedding-size 8 --hidden-size 8 --input-dropout 0 --output-dropout 0 --word-dropout 0 --epochs 40 --batch-size 2 --learning-rate 0.1 --min-count 1";
/// A small model that reads characters, trained without noise.
const CHARACTERS: &str = "--num-layers 1 --embedding-size 8 --hidden-size 8 --char-embedding-size 4 --char-hidden-size 6 --input-dropout 0 --output-dropout 0 --word-dropout 0 --epochs 40 --batch-size 2 --learning-rate 0.05 --min-count 1";

fn corpus(folder: &Path) {
    std::fs::create_dir(folder.join("corpus")).expect("a folder");
    std::fs::write(folder.join("corpus/en-train.txt"), TRAIN).expect("written");
    std::fs::write(folder.join("corpus/en-dev.txt"), DEV).expect("written");
}

/// A folder with the corpus, and in `run` a network that was trained on it.
fn trained(flags: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    corpus(folder.path());
    let line = format!("tagger train --data corpus {flags} --run run");
    succeeds(folder.path(), &line);
    folder
}

#[test]
fn the_notebook_s_two_sentences_are_tagged_right() {
    let folder = tempfile::tempdir().expect("a folder");
    for seed in [1, 2, 3] {
        let output = succeeds(folder.path(), &format!("tagger --seed {seed} --json"));
        let found = json(&output);
        assert_eq!(found["accuracy"], 1.0, "{output}");
        assert_eq!(
            found["sentences"],
            serde_json::json!([
                {
                    "tokens": ["The", "dog", "ate", "the", "apple"],
                    "tags": ["DET", "NN", "V", "DET", "NN"],
                },
                {
                    "tokens": ["Everybody", "read", "that", "book"],
                    "tags": ["NN", "V", "DET", "NN"],
                },
            ])
        );
        assert!(
            output.contains("The 0  dog 1  ate 2  the 3  apple 4"),
            "{output}"
        );
    }
    assert!(!folder.path().join("runs").exists(), "nothing to keep");
}

#[test]
fn a_trained_tagger_evaluates_as_it_was_trained_and_tags() {
    let folder = tempfile::tempdir().expect("a folder");
    corpus(folder.path());
    let both = SMALL.replace("--bidirectional=false ", "");
    let line = format!("tagger train --data corpus {both} --json --run run");
    let trained = json(&succeeds(folder.path(), &line));
    has_keys(
        &trained,
        "command run seed device threads parameters epochs seconds step_seconds train_loss accuracy accuracy_unknown sentence_accuracy",
    );
    assert_eq!(trained["total"], 10);
    for file in [
        "config.json",
        "vocab.json",
        "tags.json",
        "model.safetensors",
        "history.jsonl",
        "metrics.json",
    ] {
        assert!(folder.path().join("run").join(file).exists(), "no {file}");
    }
    // The run records where its sentences are.
    let evaluated = json(&succeeds(folder.path(), "tagger eval --json --run run"));
    for key in [
        "accuracy",
        "accuracy_unknown",
        "sentence_accuracy",
        "correct",
        "total",
    ] {
        assert_eq!(evaluated[key], trained[key], "{key}");
    }
    assert_eq!(evaluated["data_as_trained"], true);
    has_keys(
        &evaluated,
        "run seed device threads parameters epochs seconds",
    );
    // A tag that did not occur in training counts as a wrong prediction and is not an error.
    let line = "tagger eval --json --run run --data corpus/en-train.txt";
    let evaluated = json(&succeeds(folder.path(), line));
    assert_eq!(
        (&evaluated["accuracy"], &evaluated["total"]),
        (&1.0.into(), &22.into())
    );
    std::fs::write(folder.path().join("new.txt"), "Go/VERB now/NN").expect("written");
    let evaluated = succeeds(folder.path(), "tagger eval --json --run run --data new.txt");
    assert_eq!(json(&evaluated)["total"], 2);
    assert_eq!(json(&evaluated)["confusion"]["classes"][5], "VERB");
    assert!(evaluated.contains("not those that the training was evaluated on"));
    assert!(evaluated.contains("1 words have a tag that this run does not know: VERB"));
    // A folder's dev file is used even without a training file.
    std::fs::remove_file(folder.path().join("corpus/en-train.txt")).expect("removed");
    let evaluated = json(&succeeds(
        folder.path(),
        "tagger eval --json --run run --data corpus",
    ));
    assert_eq!(evaluated["accuracy"], trained["accuracy"]);

    // Sentences as arguments; `succeeds` would split them at spaces.
    let output = command(folder.path(), "tagger tag --run run --json")
        .args(["The dog ate the apple.", "", "Everybody saw that book"])
        .output()
        .expect("the program starts");
    let output = text(&output.stdout);
    assert_eq!(
        output.lines().next(),
        Some("The/DET dog/NN ate/V the/DET apple/NN ./.")
    );
    let found = json(&output);
    assert_eq!(found["sentences"][0]["tokens"][5], ".");
    assert_eq!(found["sentences"][1]["tokens"], serde_json::json!([]));
    assert_eq!(
        found["sentences"][2]["unknown"],
        serde_json::json!([false, true, false, false])
    );
    assert!(
        output.contains(" saw/") && output.contains("? that/"),
        "{output}"
    );
    has_keys(&found, "run seed device threads parameters");

    // From a file with a byte order mark, and from standard input: one output line per input line.
    std::fs::write(folder.path().join("text"), "\u{feff}The dog\n\nread that\n").expect("written");
    let from_file = succeeds(folder.path(), "tagger tag --run run --file text");
    assert_eq!(from_file.lines().count(), 3, "{from_file}");
    assert!(from_file.starts_with("The/DET dog/NN\n\n"), "{from_file}");
    std::fs::write(folder.path().join("bytes"), b"The\n\xff").expect("written");
    let message = fails(folder.path(), "tagger tag --run run --file bytes", 1);
    assert!(
        message.contains("bytes: line 2, column 1: expected UTF-8"),
        "{message}"
    );
    std::fs::write(folder.path().join("long"), "a ".repeat(10_001)).expect("written");
    let message = fails(folder.path(), "tagger tag --run run --file long", 1);
    assert!(
        message.contains("long: line 1: expected at most 10000 words"),
        "{message}"
    );
    let mut child = command(folder.path(), "tagger tag --run run --file -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"The dog\n\nread that\n").expect("read");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(text(&output.stdout), from_file);
}

#[test]
fn a_tagger_learns_from_one_file_and_from_the_two_sentences() {
    let folder = tempfile::tempdir().expect("a folder");
    corpus(folder.path());
    let one = "tagger train --data corpus/en-train.txt --valid-split 0.25";
    let found = json(&succeeds(
        folder.path(),
        &format!("{one} {SMALL} --json --run one"),
    ));
    assert_eq!(found["total"], 5); // the words of the last sentence
    let line = "tagger train --data corpus/en-train.txt --dev corpus/en-dev.txt";
    let found = json(&succeeds(
        folder.path(),
        &format!("{line} {SMALL} --json --run two"),
    ));
    assert_eq!(found["total"], 10);
    let line = "tagger train --epochs 30 --learning-rate 0.05 --dropout 0 --input-dropout 0 --output-dropout 0 --json";
    let found = json(&succeeds(folder.path(), line));
    assert_eq!(found["run"], "runs/tagger-1");
    assert_eq!(
        (&found["accuracy"], &found["total"]),
        (&1.0.into(), &9.into())
    );
}

#[test]
fn malformed_files_are_errors_that_name_the_place() {
    let folder = trained(SMALL);
    succeeds(
        folder.path(),
        "mnist train --hidden-size 4 --num-layers 1 --epochs 1 --limit 20 --run digits",
    );
    for (line, says) in [
        ("tagger train --data nowhere", "nowhere"),
        ("tagger train --data run", "a file with train in its name"),
        (
            "tagger train --data corpus/en-train.txt --valid-split 0",
            "--dev",
        ),
        (
            "tagger eval --run digits",
            "digits: expected a run of tagger, found one of mnist",
        ),
        (
            "mnist eval --run run",
            "run: expected a run of mnist, found one of tagger",
        ),
        ("tagger eval --run run --data nowhere", "nowhere"),
        ("tagger tag --run run --file nowhere", "nowhere"),
        ("tagger tag --run nowhere word", "nowhere: not a run folder"),
    ] {
        let message = fails(folder.path(), line, 1);
        assert!(message.contains(says), "{line}: {message}");
    }
    fails(folder.path(), "tagger tag --run run", 2);
    fails(folder.path(), "tagger --epochs 5 eval --run run", 2);

    // A line that is not in the form word/TAG, as others are.
    let dev = folder.path().join("corpus/en-dev.txt");
    std::fs::write(&dev, "A/DET cow/NN\nThe/DET dog\n").expect("written");
    let message = fails(folder.path(), "tagger eval --run run", 1);
    assert!(
        message.contains("en-dev.txt: line 2, column 9"),
        "{message}"
    );
    // Words with tags of another kind, which could not be learnt either.
    std::fs::write(folder.path().join("other.txt"), "A/DT cow/NNS\n").expect("written");
    let line = "tagger train --data corpus/en-train.txt --dev other.txt --run none";
    let message = fails(folder.path(), line, 1);
    assert!(
        message.contains("none of the tags to evaluate on (DT, NNS)"),
        "{message}"
    );
    assert!(!folder.path().join("none").exists());
    std::fs::write(&dev, "A\tDT\ncow\tNNS\n").expect("written");
    let message = fails(folder.path(), "tagger eval --run run", 1);
    assert!(
        message.contains("none of its tags (DT, NNS) is one of the run's (., DET, NN, SYM, V)"),
        "{message}"
    );
    // A damaged vocabulary.
    let vocab = folder.path().join("run/vocab.json");
    let whole = std::fs::read_to_string(&vocab).expect("a vocabulary");
    std::fs::write(&vocab, whole.replacen("dog", "the", 1)).expect("written");
    let message = fails(folder.path(), "tagger tag --run run word", 1);
    assert!(
        message.contains("vocab.json: vocabulary, line 15"),
        "{message}"
    );
}

#[test]
fn a_run_that_was_changed_by_hand_is_checked() {
    let folder = trained(SMALL);
    for (file, from, to, says) in [
        (
            "vocab.json",
            "\"dog\"",
            "\"dog\",\n    \"cow\"",
            "vocab.json: expected 11 symbols",
        ),
        (
            "vocab.json",
            "    \"dog\",\n",
            "",
            "vocab.json: expected 11 symbols",
        ),
        (
            "tags.json",
            "    \"NN\",\n",
            "",
            "tags.json: expected 5 symbols",
        ),
        (
            "config.json",
            "\"vocab_size\": 11",
            "\"vocab_size\": 99999999999999999",
            "vocab.json",
        ),
        (
            "config.json",
            "\"hidden_size\": 8",
            "\"hidden_size\": 0",
            "run: no model: Lstm: hidden_size",
        ),
        (
            "config.json",
            "\"hidden_size\": 8",
            "\"hidden_size\": 16000000",
            "model.safetensors",
        ),
        (
            "config.json",
            "\"embedding_size\": 8",
            "\"embedding_size\": 9",
            "emb.weight",
        ),
    ] {
        let path = folder.path().join("run").join(file);
        let whole = std::fs::read_to_string(&path).expect("a file");
        assert!(whole.contains(from), "{from} in {whole}");
        std::fs::write(&path, whole.replacen(from, to, 1)).expect("written");
        for command in ["tag --run run word", "eval --run run"] {
            let message = fails(folder.path(), &format!("tagger {command}"), 1);
            assert!(message.contains(says), "{file}, {to}: {message}");
        }
        std::fs::write(&path, whole).expect("written");
    }
}
