//! Weights as people have them, chosen, renamed and compared on import.

mod checks;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use rnn_model::{AnyConfig, RecurrentModuleConfig, StateDict};
use rnn_train::RunDir;
use serde_json::{Value, json};

use super::{command, fails, succeeds, text};

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

#[test]
fn names_of_a_file_do_not_move_the_cursor() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut weights = StateDict::default();
    weights.insert("a\u{1b}[31mred", TensorData::from([1.0f32]));
    weights
        .write(folder.path().join("w.safetensors"))
        .expect("written");
    let model = golden("checks/encoder.json");
    let line = format!(
        "import --weights w.safetensors --model {} --run run",
        model.display()
    );
    let message = fails(folder.path(), &line, 1);
    assert!(
        !message.contains('\u{1b}') && message.contains("[31mred"),
        "{message:?}"
    );
    let listed = succeeds(folder.path(), "names w.safetensors");
    assert!(!listed.contains('\u{1b}'), "{listed:?}");
}
