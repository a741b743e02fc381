//! What a tagger reads and how it chooses: characters, a conditional random field, pretrained vectors, forms
//! of words.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::{command, fails, json, succeeds, text};
use super::{CHARACTERS, SMALL, corpus};

#[test]
fn characters_tell_words_apart_that_were_not_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // Nouns end in `-ion` or `-ions`, verbs in `-ize` or `-izes`, and no word comes twice.
    let stems = [
        "organ", "fus", "vis", "real", "mot", "nat", "central", "rat", "pass", "union",
    ];
    let line = |from: usize| -> String {
        // In either order, or their places alone would tell them apart.
        let pair = |stem: &&str| format!("{stem}ion/N {stem}ize/V\n{stem}izes/V {stem}ions/N\n");
        stems[from..from + 5].iter().map(pair).collect()
    };
    fs::write(folder.join("train.txt"), line(0)).expect("written");
    fs::write(folder.join("dev.txt"), line(5)).expect("written");
    let train = "tagger train --data train.txt --dev dev.txt";
    for crf in ["", "--crf"] {
        let run = format!("{train} {CHARACTERS} {crf} --json --run run{crf}");
        let found = json(&succeeds(folder, &run));
        assert_eq!(found["accuracy_unknown"], 1.0, "{crf}");
        let again = json(&succeeds(
            folder,
            &format!("tagger eval --run run{crf} --json"),
        ));
        assert_eq!(again["correct"], found["correct"]);
        assert!(folder.join(format!("run{crf}/characters.json")).exists());
    }
    let found = json(&succeeds(
        folder,
        &format!("{train} {SMALL} --json --run words"),
    ));
    // All of its sentences are two unknown words, which get the same tags whatever they are.
    assert_eq!(found["accuracy_unknown"], 0.5);
    assert!(!folder.join("words/characters.json").exists());
    // Words in scripts that were never seen, and long ones.
    let long = "a".repeat(5_000);
    let output = command(folder, "tagger tag --run run --json")
        .args(["🙂", "слово", &long, &"ha ".repeat(2_000)])
        .output()
        .expect("the program starts");
    let found = json(&text(&output.stdout));
    let counts: Vec<usize> = found["sentences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|sentence| sentence["tags"].as_array().expect("tags").len())
        .collect();
    assert_eq!(counts, [1, 1, 1, 2_000]);
}

#[test]
fn probabilities_and_the_best_tags_are_written_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    corpus(folder);
    for crf in ["", "--crf"] {
        let run = format!("run{crf}");
        succeeds(
            folder,
            &format!("tagger train --data corpus {SMALL} {crf} --run {run}"),
        );
        let tag = |flags: &str| {
            let line = format!("tagger tag --run {run} {flags}");
            let output = command(folder, &line)
                .arg("The zebra ate")
                .output()
                .expect("started");
            text(&output.stdout)
        };
        let found = json(&tag("--probabilities --n-best 3 --json"));
        let sentence = &found["sentences"][0];
        for (word, best) in sentence["n_best"]
            .as_array()
            .expect("a list")
            .iter()
            .enumerate()
        {
            let best: Vec<(String, f64)> = serde_json::from_value(best.clone()).expect("pairs");
            assert_eq!(best.len(), 3);
            assert!(
                best.is_sorted_by(|a, b| a.1 >= b.1) && best[0].1 <= 1.0,
                "{best:?}"
            );
            if crf.is_empty() {
                assert_eq!(sentence["tags"][word], best[0].0);
                assert_eq!(sentence["probabilities"][word], best[0].1);
            }
        }
        let lines = tag("--format jsonl --probabilities");
        let line: Value = serde_json::from_str(&lines).expect("JSON");
        assert_eq!(line["unknown"], serde_json::json!([false, true, false]));
        assert_eq!(line["probabilities"], sentence["probabilities"]);
        let line = tag("--n-best 2");
        assert!(
            line.starts_with("The/DET(DET=") && line.contains("zebra/"),
            "{line}"
        );
    }
}

#[test]
fn pretrained_vectors_are_where_a_training_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    corpus(folder);
    fs::write(
        folder.join("vectors.txt"),
        "dog 1 2 3 4 5 6 7 8\nThe 8 7 6 5 4 3 2 1\nno 0 0 0 0 0 0 0 0\n",
    )
    .expect("written");
    let line = format!("tagger train --data corpus {SMALL} --vectors vectors.txt --run run");
    let output = succeeds(folder, &line);
    assert!(
        output.contains("weights    vectors of 2 of 10 known words from"),
        "{output}"
    );
    let plain = format!("tagger train --data corpus {SMALL} --run plain");
    succeeds(folder, &plain);
    let weights =
        |run: &str| fs::read(folder.join(run).join("model.safetensors")).expect("weights");
    assert!(weights("run") != weights("plain"));
    let message = fails(
        folder,
        &format!("{line}-3 --init-from plain/model.safetensors"),
        2,
    );
    assert!(message.contains("--vectors has no effect"), "{message}");
    let message = fails(
        folder,
        &format!("{line}-2 --embedding-size 4").replace("--embedding-size 8 ", ""),
        1,
    );
    assert!(
        message.contains("vectors.txt: expected vectors of 4 numbers"),
        "{message}"
    );
    fs::write(folder.join("broken.vec"), "2 2\ndog 1 x\n").expect("written");
    let line = "tagger train --data corpus --vectors broken.vec --embedding-size 2 --min-count 1 --run broken";
    let message = fails(folder, line, 1);
    assert!(
        message.contains("broken.vec") && message.contains("line 2"),
        "{message}"
    );
}

#[test]
fn case_digits_and_normal_forms_are_no_other_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(
        folder.join("train.txt"),
        "Caf\u{e9}/N opened/V in/P 1999/D\ncaf\u{e9}/N\n",
    )
    .expect("written");
    let train = format!("tagger train --data train.txt --dev train.txt {SMALL}");
    succeeds(folder, &format!("{train} --run plain"));
    succeeds(folder, &format!("{train} --lowercase --digits --run form"));
    for (run, expected) in [("plain", [false, true, true]), ("form", [false; 3])] {
        let line = format!("tagger tag --run {run} --json");
        // The accent as a character of its own.
        let words = "cafe\u{301} OPENED 2024";
        let output = command(folder, &line).arg(words).output().expect("started");
        let found = json(&text(&output.stdout));
        assert_eq!(
            found["sentences"][0]["unknown"],
            serde_json::json!(expected),
            "{run}"
        );
    }
}

/// A run that the version before characters, labels and `model.json` made, of the notebook's sentences.
#[test]
fn a_run_of_before_opens_and_is_trained_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let golden = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/golden/tagger-run"
    ));
    for part in ["", "checkpoints"] {
        fs::create_dir_all(folder.join("run").join(part)).expect("a folder");
        for file in fs::read_dir(golden.join(part)).expect("files") {
            let file = file.expect("a file");
            let to = folder.join("run").join(part).join(file.file_name());
            if file.file_type().expect("a type").is_file() {
                fs::copy(file.path(), to).expect("copied");
            }
        }
    }
    let metrics = fs::read(folder.join("run/metrics.json")).expect("metrics");
    let metrics: Value = serde_json::from_slice(&metrics).expect("JSON");
    let found = json(&succeeds(folder, "tagger eval --run run --json"));
    assert_eq!(found["correct"], metrics["correct"]);
    assert_eq!(found["parameters"], metrics["parameters"]);
    succeeds(folder, "tagger tag --run run dog");
    succeeds(folder, "tagger train --resume run --epochs 32");
    let history = fs::read_to_string(folder.join("run/history.jsonl")).expect("a history");
    assert_eq!(history.lines().count(), 32);
    // For the library, which opens it by this file.
    assert!(folder.join("run/model.json").is_file());
}

#[test]
fn words_of_an_import_are_a_list_or_have_their_ids() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
    let text_of = |name: &str| fs::read_to_string(format!("{golden}/{name}")).expect("a file");
    let described: Value = serde_json::from_str(&text_of("tagger.json")).expect("JSON");
    let list: Vec<String> = serde_json::from_value(described["words"].clone()).expect("a list");
    let ids: serde_json::Map<String, Value> = (0..)
        .zip(&list)
        .map(|(id, word): (u64, _)| (word.clone(), id.into()))
        .collect();
    fs::write(
        folder.join("list.json"),
        serde_json::to_vec(&list).expect("JSON"),
    )
    .expect("written");
    fs::write(
        folder.join("ids.json"),
        serde_json::to_vec(&ids).expect("JSON"),
    )
    .expect("written");
    let mut vocabularies = Vec::new();
    for (name, words) in [
        ("a", serde_json::json!(list)),
        ("b", Value::Object(ids.clone())),
        ("c", "list.json".into()),
        ("d", "ids.json".into()),
    ] {
        let mut described = described.clone();
        described["words"] = words;
        fs::write(folder.join("model.json"), described.to_string()).expect("written");
        let line = format!("import --weights {golden}/tagger.pt --model model.json --run {name}");
        succeeds(folder, &line);
        vocabularies.push(fs::read(folder.join(name).join("vocab.json")).expect("a vocabulary"));
    }
    assert!(vocabularies.windows(2).all(|two| two[0] == two[1]));
    for (json, says) in [
        (r#"{"a": 0, "b": 2}"#, "\"b\": expected an id from 0 to 1"),
        (
            r#"{"a": 0, "b": 0}"#,
            "\"b\": expected an id of its own, found 0, which is the id of \"a\"",
        ),
        (r#"{"a": -1}"#, "expected an id from 0 to 0"),
        (r#"{"a": 1, "b": 2}"#, "no symbol with id 0: give each row"),
        (r#"["a", "a"]"#, "symbols that all differ"),
    ] {
        fs::write(folder.join("ids.json"), json).expect("written");
        let line = format!("import --weights {golden}/tagger.pt --model model.json --run none");
        let message = fails(folder, &line, 1);
        assert!(
            message.contains("ids.json") && message.contains(says),
            "{json}: {message}"
        );
    }
}
