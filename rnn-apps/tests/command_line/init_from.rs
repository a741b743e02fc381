//! Trainings that start from given weights.

use std::fs;
use std::path::Path;

use rnn_model::burn::tensor::Device;
use rnn_model::{ClassifierConfig, GruConfig, LstmTaggerConfig, StateDict};
use serde_json::Value;

use super::{fails, json, succeeds, text};

const TRAIN: &str =
    "mnist train --hidden-size 12 --num-layers 1 --limit 400 --batch-size 20 --quiet";
/// Steps that change next to nothing, so that the weights stay recognisable.
const HARDLY: &str =
    "--epochs 1 --optimizer sgd --momentum 0 --learning-rate 1e-12 --schedule constant";

fn test_loss(folder: &Path, run: &str) -> f64 {
    let line = format!("mnist eval --run {run} --dataset strokes --json");
    json(&succeeds(folder, &line))["test_loss"]
        .as_f64()
        .expect("a number")
}

fn settings(folder: &Path, run: &str) -> Value {
    let text = fs::read_to_string(folder.join(run).join("config.json")).expect("settings");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_run_a_file_and_an_imported_run_give_their_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let first = format!("{TRAIN} --cell gru --bidirectional --epochs 3 --run first");
    succeeds(folder, &first);
    succeeds(folder, "export --run first --out w.safetensors");
    let description = r#"{"command": "mnist", "cell": "gru", "input_size": 28, "hidden_size": 12,
        "num_classes": 10, "bidirectional": true, "head": "final_state"}"#;
    fs::write(folder.join("model.json"), description).expect("written");
    succeeds(
        folder,
        "import --weights w.safetensors --model model.json --run imported",
    );
    let expected = test_loss(folder, "first");
    let checkpoints = fs::read_dir(folder.join("first/checkpoints")).expect("a folder");
    let names = checkpoints.map(|entry| entry.expect("a file").file_name());
    let names = names.map(|name| name.into_string().expect("text"));
    let last = names.filter(|name| name.starts_with("step-")).max();
    let checkpoint = format!("first/checkpoints/{}", last.expect("a checkpoint"));

    // The model is the run's, whatever the defaults of the flags.
    let short = "mnist train --limit 400 --batch-size 20";
    for (from, flags, run) in [
        ("first", "", "of-run"),
        ("imported", "", "of-import"),
        (
            "w.safetensors",
            "--cell gru --hidden-size 12 --num-layers 1 --bidirectional",
            "of-file",
        ),
        (
            &checkpoint,
            "--cell gru --hidden-size 12 --num-layers 1 --bidirectional",
            "of-checkpoint",
        ),
    ] {
        let line = format!("{short} {HARDLY} {flags} --init-from {from} --run {run}");
        let output = super::run(folder, &line);
        assert!(text(&output.stdout).contains("initial weights from"));
        // A loss far below chance level is what is to be expected.
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        let found = test_loss(folder, run);
        assert!(
            (found - expected).abs() < 1e-6,
            "{run}: {found}, {expected}"
        );
        assert!(!settings(folder, run)["init_from"]["fingerprint"].is_null());
        assert_eq!(settings(folder, run)["model"]["hidden_size"], 12);
    }

    // Printed settings leave to the run what it decides.
    let line = format!("{short} {HARDLY} --init-from first --bidirectional");
    let printed = succeeds(folder, &format!("{line} --print-config"));
    assert!(printed.contains("bidirectional = true"), "{printed}");
    for key in ["hidden_size", "cell", "dropout"] {
        assert!(!printed.contains(key), "{printed}");
    }
    fs::write(folder.join("printed.toml"), printed).expect("written");
    succeeds(
        folder,
        "mnist train --config printed.toml --quiet --run printed",
    );

    // Flags that say the same as the run are taken, others refused; dropout is the training's.
    let line = format!("{short} {HARDLY} --init-from first --quiet");
    succeeds(
        folder,
        &format!("{line} --cell gru --hidden-size 12 --run same"),
    );
    let message = fails(folder, &format!("{line} --hidden-size 13 --run none"), 2);
    assert!(message.contains("--hidden-size 13"), "{message}");
    assert!(message.contains("first has 12"), "{message}");
    let message = fails(folder, &format!("{line} --cell lstm --run none"), 2);
    assert!(message.contains("--cell"), "{message}");
    succeeds(folder, &format!("{line} --dropout 0.25 --run dropout"));
    assert_eq!(settings(folder, "dropout")["model"]["dropout"], 0.25);

    let line = format!("{TRAIN} --init-from w.safetensors --run none");
    let message = fails(folder, &line, 1);
    assert!(message.contains("w.safetensors"), "{message}");
    assert!(message.contains("weight_hh_l0_reverse"), "{message}");
    for from in ["nowhere", "nowhere.safetensors"] {
        let message = fails(folder, &format!("{TRAIN} --init-from {from} --run none"), 1);
        assert!(message.contains(from), "{message}");
    }
    let line = "mnist train --resume first --init-from imported";
    fails(folder, line, 2);
    assert!(!folder.join("none").exists());
}

#[test]
fn stopped_before_its_first_checkpoint_it_starts_from_the_same_weights_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    succeeds(folder, &format!("{TRAIN} --epochs 1 --run first"));
    let line = "mnist train --limit 400 --batch-size 20 --quiet --epochs 2 --init-from first";
    succeeds(folder, &format!("{line} --run whole"));
    let weights = |run: &str| fs::read(folder.join(run).join("model.safetensors")).expect("some");

    // The run has a copy of them, whatever becomes of the other one.
    fs::create_dir(folder.join("killed")).expect("a folder");
    for file in ["config.json", "initial.safetensors"] {
        let (from, to) = (folder.join("whole"), folder.join("killed"));
        fs::copy(from.join(file), to.join(file)).expect("a copy");
    }
    fs::remove_dir_all(folder.join("first")).expect("removed");
    succeeds(folder, "mnist train --resume killed --quiet");
    assert!(weights("killed") == weights("whole"), "other weights");
    // Not so its settings as those of a new run.
    let message = fails(
        folder,
        "mnist train --config whole/config.json --run new",
        1,
    );
    assert!(message.contains("first"), "{message}");
}

#[test]
fn a_run_s_settings_name_its_initial_weights_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    succeeds(
        folder,
        &format!("{TRAIN} --cell rnn --epochs 1 --run first"),
    );
    let line = "mnist train --limit 400 --batch-size 20 --quiet --epochs 2 --init-from first";
    succeeds(folder, &format!("{line} --run second"));
    let line = "mnist train --config second/config.json --quiet --run third";
    succeeds(folder, line);
    let weights = |run: &str| fs::read(folder.join(run).join("model.safetensors")).expect("some");
    assert!(weights("third") == weights("second"), "other weights");
}

#[test]
fn a_model_of_other_classes_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let config = ClassifierConfig::new(GruConfig::new(28, 4), 8);
    let weights = StateDict::of(&config.init(&Device::default()));
    fs::write(
        folder.join("w.safetensors"),
        weights.to_safetensors().expect("weights"),
    )
    .expect("written");
    let description = r#"{"command": "mnist", "cell": "gru", "input_size": 28, "hidden_size": 4,
        "num_classes": 8}"#;
    fs::write(folder.join("model.json"), description).expect("written");
    succeeds(
        folder,
        "import --weights w.safetensors --model model.json --run imported",
    );
    let line = "mnist train --limit 100 --init-from imported --run none";
    let message = fails(folder, line, 1);
    assert!(
        message.contains("the model has 8 classes, but the images have labels up to 9"),
        "{message}"
    );
    assert!(!folder.join("none").exists());
}

#[test]
fn a_tagger_keeps_the_words_and_tags_of_its_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let train = "tagger train --embedding-size 8 --hidden-size 8 --quiet";
    succeeds(folder, &format!("{train} --epochs 30 --run first"));
    fs::write(
        folder.join("new.txt"),
        "The/DET cat/NN read/V\nthe/DET cat/NN ate/V\nThe/DET dog/NN read/V\n",
    )
    .expect("written");
    let line = format!(
        "tagger train --data new.txt --min-count 1 --valid-split 0.4 {HARDLY} --quiet \
         --init-from first"
    );
    let message = fails(folder, &format!("{line} --run none"), 2);
    assert!(message.contains("--min-count has no effect"), "{message}");
    let line = line.replace("--min-count 1 ", "");
    succeeds(folder, &format!("{line} --run second"));
    for file in ["vocab.json", "tags.json"] {
        let text = |run: &str| fs::read_to_string(folder.join(run).join(file)).expect("a file");
        assert_eq!(text("second"), text("first"));
    }
    let tagged = |run: &str| {
        fs::write(folder.join("text"), "Everybody read that book\n").expect("written");
        succeeds(folder, &format!("tagger tag --run {run} --file text"))
    };
    assert_eq!(tagged("second"), tagged("first"));

    // Without a symbol for unknown words, as an import may be.
    let description = r#"{"command": "tagger", "embedding_size": 8, "hidden_size": 8,
        "words": ["The", "the", "dog", "cat", "read", "ate"], "tags": ["DET", "NN", "V"]}"#;
    fs::write(folder.join("model.json"), description).expect("written");
    let tagger = LstmTaggerConfig::new(6, 8, 8, 3).init(&Device::default());
    let weights = StateDict::of(&tagger).to_safetensors().expect("weights");
    fs::write(folder.join("w.safetensors"), weights).expect("written");
    succeeds(
        folder,
        "import --weights w.safetensors --model model.json --run imported",
    );
    let line = "tagger train --data new.txt --valid-split 0.4 --epochs 1 --init-from imported";
    succeeds(folder, &format!("{line} --run third"));
    succeeds(folder, "tagger eval --run third");

    // A tag that the run does not know.
    fs::write(folder.join("odd.txt"), "The/DET cat/XX\nthe/DET dog/NN\n").expect("written");
    let line = "tagger train --data odd.txt --valid-split 0.5 --init-from first --run none";
    let message = fails(folder, line, 1);
    for part in ["to train on: sentence 1, \"The cat\"", "found \"XX\""] {
        assert!(message.contains(part), "no {part} in {message}");
    }
    assert!(!folder.join("none").exists());
}
