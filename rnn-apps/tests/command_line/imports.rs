//! Weights as people have them, chosen, renamed and compared on import.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use rnn_model::{AnyConfig, RecurrentModuleConfig, StateDict};
use rnn_train::RunDir;
use serde_json::{Value, json};

use super::{command, fails, json, succeeds, text};

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden")
        .join(file)
}

/// The command line that imports a network of golden/checks by its own description, in which `change`
/// changes a key, and compares it with the outputs of `outputs`. The description lies in `folder`.
fn check(
    folder: &Path,
    name: &str,
    change: Option<(&str, Value)>,
    outputs: &str,
    more: &str,
) -> String {
    let description = fs::read_to_string(golden(&format!("checks/{name}.json"))).expect("JSON");
    let mut description: Value = serde_json::from_str(&description).expect("JSON");
    if let Some((key, value)) = change {
        description[key] = value;
    }
    fs::write(folder.join("model.json"), description.to_string()).expect("written");
    format!(
        "import --weights {} --model model.json --check {} --run run {more}",
        golden(&format!("checks/{name}.pt")).display(),
        golden(&format!("checks/{outputs}.npz")).display(),
    )
}

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

#[test]
fn an_encoder_alone_is_a_run_for_export_and_the_library() {
    let folder = tempfile::tempdir().expect("a folder");
    let (weights, model) = (golden("checks/encoder.pt"), golden("checks/encoder.json"));
    let import = |more: &str| {
        format!(
            "import --weights {} --model {} --run run {more}",
            weights.display(),
            model.display()
        )
    };
    // Without its prefix it does not fit, and the message says which.
    let message = fails(folder.path(), &import(""), 1);
    assert!(message.contains("\"net.encoder.lstm.\""), "{message}");
    let output = succeeds(folder.path(), &import("--prefix net.encoder.lstm."));
    let next = output
        .lines()
        .find_map(|line| line.strip_prefix("Next: "))
        .expect("a command");
    assert!(succeeds(folder.path(), next).contains("model.cell"));

    succeeds(
        folder.path(),
        "export --run run --prefix encoder. --out back.safetensors",
    );
    let before = StateDict::read(&weights)
        .expect("weights")
        .strip_prefix("net.encoder.lstm.");
    let back = StateDict::read(folder.path().join("back.safetensors")).expect("weights");
    let back = back.strip_prefix("encoder.");
    assert!(before.names().eq(back.names()));
    assert!(
        before
            .iter()
            .all(|(name, data)| back.get(name) == Some(data))
    );

    let run = RunDir::open(folder.path().join("run")).expect("a run");
    let config: AnyConfig = run
        .read_model_config()
        .expect("JSON")
        .expect("a configuration");
    let module = run
        .load_model(config.init(&Default::default()))
        .expect("weights");
    assert_eq!(StateDict::of(&module).names().count(), 8);
}

#[test]
fn tensors_are_chosen_and_renamed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (weights, model) = (golden("forms/arrays.npz"), golden("checks/encoder.json"));
    let description = fs::read_to_string(&model).expect("JSON");
    let description = description.replace("\"num_layers\": 2", "\"num_layers\": 1");
    let description = description.replace("\"input_size\": 5", "\"input_size\": 3");
    let model = folder.path().join("model.json");
    fs::write(&model, description).expect("written");
    let import = |run: &str, more: &str| {
        format!(
            "import --weights {} --model {} --run {run} {more}",
            weights.display(),
            model.display()
        )
    };
    for (run, more) in [
        ("prefix", "--prefix lstm."),
        ("auto", "--prefix auto"),
        ("ignore", "--ignore fc.* --ignore mean --rename lstm.="),
        ("keep", "--keep lstm.* --rename lstm.="),
        ("both", "--keep *lstm* --ignore fc* --rename lstm.="),
    ] {
        succeeds(folder.path(), &import(run, more));
        let weights = |run: &str| fs::read(folder.path().join(run).join("model.safetensors"));
        assert!(
            weights(run).expect("a run") == weights("prefix").expect("a run"),
            "{run}"
        );
        let config = fs::read_to_string(folder.path().join(run).join("config.json")).expect("it");
        let config: Value = serde_json::from_str(&config).expect("JSON");
        let ignored = if run == "ignore" {
            json!(["fc.*", "mean"])
        } else {
            Value::Null
        };
        if run != "both" {
            assert_eq!(config["imported"]["ignore"], ignored, "{run}");
        }
    }
    for (more, expected) in [
        (
            "--ignore similarity_*",
            "no name that fits \"similarity_*\" of ignore; there are fc.bias",
        ),
        (
            "--keep fc.* --ignore fc*",
            "keep and ignore leave none of the 7 tensors",
        ),
        ("--keep [", "no name that fits \"[\" of keep"),
        ("--prefix gru.", "no name begins with \"gru.\""),
        ("--keep lstm.*", "all of these names begin with \"lstm.\""),
    ] {
        let message = fails(folder.path(), &import("none", more), 1);
        assert!(message.contains("arrays.npz: "), "{message}");
        assert!(message.contains(expected), "{more}: {message}");
        assert!(!folder.path().join("none").exists(), "{more}");
    }
}

#[test]
fn several_prefixes_that_fit_are_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let weights = StateDict::read(golden("checks/encoder.pt")).expect("weights");
    let weights = weights.strip_prefix("net.encoder.lstm.");
    let mut two = StateDict::default();
    for (name, data) in weights.iter() {
        two.insert(&format!("encoder.{name}"), data.clone());
        two.insert(&format!("decoder.{name}"), data.clone());
    }
    let file = folder.path().join("two.safetensors");
    two.write(&file).expect("written");
    let model = golden("checks/encoder.json");
    let line = format!(
        "import --weights {} --model {} --run run",
        file.display(),
        model.display()
    );
    let message = fails(folder.path(), &format!("{line} --prefix auto"), 1);
    assert!(
        message.contains("\"decoder.\", \"encoder.\": give one"),
        "{message}"
    );
    let message = fails(folder.path(), &line, 1);
    assert!(message.contains("\"decoder.\", \"encoder.\""), "{message}");
    succeeds(folder.path(), &format!("{line} --prefix decoder."));
}

#[test]
fn what_is_suggested_next_works_for_the_run() {
    // Its words are letters.
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(
        folder.path(),
        &check(folder.path(), "tagger", None, "tagger", "--prefix auto"),
    );
    let next = output
        .lines()
        .find_map(|line| line.strip_prefix("Next: "))
        .expect("a command");
    assert_eq!(next, "tagger tag --run run 'a b c d e'");
    let output = command(folder.path(), "tagger tag --run run")
        .arg("a b c d e")
        .output()
        .expect("the program starts");
    let tagged = text(&output.stdout);
    assert!(
        tagged.starts_with("a/") && !tagged.contains('?'),
        "{tagged}"
    );
    // Its images have rows of five pixels, and a drawing becomes one of 28.
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(
        folder.path(),
        &check(folder.path(), "relu", None, "relu", ""),
    );
    assert!(
        output.contains(
            "Next: mnist eval --run run --data FOLDER  # with images that have 5 columns"
        )
    );
    // A language model writes.
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(
        folder.path(),
        &check(folder.path(), "language", None, "language", ""),
    );
    let next = output
        .lines()
        .find_map(|line| line.strip_prefix("Next: "))
        .expect("a command");
    succeeds(folder.path(), next);
}
