//! Imports that are compared with what the original gave.

use std::fs;
use std::path::Path;

use burn::tensor::TensorData;
use rnn_model::StateDict;
use serde_json::{Value, json};

use super::check;
use crate::{fails, json, succeeds};

#[test]
fn a_check_finds_what_names_do_not_tell() {
    for (name, more, settings, note) in [
        ("final_state", "", json!({"head": "final_state"}), None),
        ("last_output", "", json!({"head": "last_output"}), None),
        ("relu", "", json!({"nonlinearity": "relu"}), None),
        ("language", "", json!({"nonlinearity": "relu"}), None),
        (
            "normalize",
            "",
            json!({"normalize": [0.1307, 0.3081]}),
            None,
        ),
        (
            "normalized",
            "",
            json!({}),
            Some("its input is normalised already"),
        ),
        (
            "time_first",
            "",
            json!({}),
            Some("as with batch_first=False"),
        ),
        ("tagger", "--prefix auto", json!({}), Some("log_softmax")),
        (
            "encoder",
            "--prefix auto",
            json!({}),
            Some("its output is h_n"),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let line = check(folder.path(), name, None, name, &format!("{more} --json"));
        let imported = json(&succeeds(folder.path(), &line));
        let found = &imported["check"];
        assert_eq!(found["settings"], settings, "{name}");
        let difference = found["difference"].as_f64().expect("a number");
        assert!(difference < 1e-5, "{name}: {difference}");
        let notes = found["notes"].as_array().expect("notes");
        assert_eq!(notes.len(), note.iter().len(), "{name}: {notes:?}");
        if let Some(note) = note {
            assert!(
                notes[0].as_str().expect("a text").contains(note),
                "{name}: {notes:?}"
            );
        }
        // The run has what was found.
        let config = fs::read(folder.path().join("run/config.json")).expect("settings");
        let config: Value = serde_json::from_slice(&config).expect("JSON");
        for (key, value) in settings.as_object().expect("settings") {
            assert_eq!(&config["model"][key], value, "{name}");
        }
    }
}

#[test]
fn a_check_that_fails_makes_no_run_and_says_why() {
    let relu = Some(("nonlinearity", json!("tanh")));
    let head = Some(("head", json!("last_output")));
    for (name, change, outputs, expected) in [
        (
            "final_state",
            head,
            "final_state",
            "with \"head\": \"final_state\" it agrees (off by ",
        ),
        (
            "relu",
            relu,
            "relu",
            "with \"nonlinearity\": \"relu\" it agrees",
        ),
        (
            "final_state",
            None,
            "last_output",
            "none of the settings that names don't tell",
        ),
        (
            "final_state",
            None,
            "tagger",
            "input: expected [batch, time, 5], found [2, 9]",
        ),
        (
            "tagger",
            None,
            "relu",
            "input: expected ids of [batch, time], integers below 6",
        ),
        (
            "encoder",
            None,
            "relu",
            "output: expected a shape that this network gives, [3, 7, 4] (output) or",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let more = if matches!(name, "tagger" | "encoder") {
            "--prefix auto"
        } else {
            ""
        };
        let message = fails(
            folder.path(),
            &check(folder.path(), name, change, outputs, more),
            1,
        );
        assert!(message.contains(expected), "{name}: {message}");
        assert!(
            message.contains(&format!("{outputs}.npz")),
            "{name}: {message}"
        );
        assert!(!folder.path().join("run").exists(), "{name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let line = check(folder.path(), "relu", None, "../forms/arrays", "");
    let message = fails(folder.path(), &line, 1);
    assert!(
        message.contains("arrays.npz: expected the arrays input and output, found fc.bias"),
        "{message}"
    );
}

/// Writes a classifier of one tanh unit over one feature, with this recurrent weight, and what it gives for
/// a sequence of ones.
fn one_unit(folder: &Path, recurrent: f32, input: f32, steps: usize) {
    let mut weights = StateDict::default();
    let mut insert = |name: &str, values: Vec<f32>, shape: &[usize]| {
        weights.insert(name, TensorData::new(values, shape.to_vec()));
    };
    insert("rnn.weight_ih_l0", vec![input], &[1, 1]);
    insert("rnn.weight_hh_l0", vec![recurrent], &[1, 1]);
    insert("rnn.bias_ih_l0", vec![0.0], &[1]);
    insert("rnn.bias_hh_l0", vec![0.0], &[1]);
    insert("fc.weight", vec![1.0, -1.0], &[2, 1]);
    insert("fc.bias", vec![0.0, 0.0], &[2]);
    weights
        .write(folder.join("unit.safetensors"))
        .expect("written");
    let hidden = (0..steps).fold(0f32, |h, _| (input + recurrent * h).tanh());
    let mut expected = StateDict::default();
    expected.insert("input", TensorData::full([1, steps, 1], 1.0f32));
    expected.insert("output", TensorData::from([[hidden, -hidden]]));
    expected
        .write(folder.join("expected.safetensors"))
        .expect("written");
    fs::write(
        folder.join("model.json"),
        r#"{"command": "mnist", "cell": "rnn", "nonlinearity": "relu", "input_size": 1,
            "hidden_size": 1, "num_classes": 2}"#,
    )
    .expect("written");
}

#[test]
fn a_check_that_can_not_tell_does_not_agree() {
    let line = "import --weights unit.safetensors --model model.json --check expected.safetensors --run run";
    // With relu the unit overflows.
    let folder = tempfile::tempdir().expect("a folder");
    one_unit(folder.path(), 3.0, 1.0, 300);
    let message = fails(folder.path(), line, 1);
    assert!(
        message.contains("with \"nonlinearity\": \"tanh\" it agrees"),
        "{message}"
    );
    // Nothing depends on the input.
    one_unit(folder.path(), 0.0, 0.0, 5);
    let message = fails(folder.path(), line, 1);
    assert!(
        message.contains("expected outputs that tell of the network"),
        "{message}"
    );
    // Of one step both heads read the same.
    let folder = tempfile::tempdir().expect("a folder");
    let line = check(folder.path(), "last_output", None, "one_step", "");
    let message = fails(folder.path(), &line, 1);
    for head in ["final_state", "last_output"] {
        assert!(
            message.contains(&format!("\"head\": \"{head}\"")),
            "{message}"
        );
    }
    assert!(message.contains("agree alike: give an input"), "{message}");
    assert!(!folder.path().join("run").exists());
    // But what is said is compared with.
    let said = Some(("head", json!("last_output")));
    succeeds(
        folder.path(),
        &check(folder.path(), "last_output", said, "one_step", ""),
    );
}
