//! Weights from PyTorch and back.

use std::path::{Path, PathBuf};

use rnn_model::StateDict;

use super::{command, fails, json, succeeds, text};

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden")
        .join(file)
}

fn import(weights: &Path, config: &Path, run: &str) -> String {
    format!(
        "import --weights {} --model {} --run {run}",
        weights.display(),
        config.display()
    )
}

#[test]
fn a_tagger_that_pytorch_trained_tags_here_and_goes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = import(&golden("tagger.pt"), &golden("tagger.json"), "run");
    let imported = json(&succeeds(folder.path(), &format!("{line} --json")));
    assert_eq!(imported["command"], "import");

    let output = command(folder.path(), "tagger tag --run run")
        .args(["The dog ate the apple", "Everybody read that book"])
        .output()
        .expect("the program starts");
    assert_eq!(
        text(&output.stdout),
        "The/DET dog/NN ate/V the/DET apple/NN\nEverybody/NN read/V that/DET book/NN\n"
    );
    // The run was imported, so the data to evaluate on must be given.
    let message = fails(folder.path(), "tagger eval --run run", 1);
    assert!(message.contains("--data"), "{message}");
    std::fs::write(folder.path().join("new.txt"), "The/DET book/NN").expect("written");
    let found = json(&succeeds(
        folder.path(),
        "tagger eval --run run --data new.txt --json",
    ));
    assert_eq!(found["total"], 2);
    let output = succeeds(folder.path(), "info run");
    assert!(output.contains("imported.strip_prefix"), "{output}");

    let line = "export --run run --out back.safetensors --rename emb.=embedding_layer. --rename rnn.=lstm. --rename fc.=linear. --prefix model.";
    let output = succeeds(folder.path(), line);
    assert!(output.contains("load_state_dict"), "{output}");
    let before = StateDict::read(golden("tagger.pt")).expect("weights");
    let after = StateDict::read(folder.path().join("back.safetensors")).expect("weights");
    assert!(before.names().eq(after.names()));
    for name in before.names() {
        assert_eq!(before.get(name), after.get(name), "{name}");
    }

    // An existing file is not overwritten.
    let message = fails(folder.path(), line, 1);
    assert!(
        message.contains("back.safetensors: there is such a file"),
        "{message}"
    );
    fails(folder.path(), "export --run run --out back.pt", 2);
    let message = fails(
        folder.path(),
        "export --run run --out other.safetensors --rename lstm.=x.",
        1,
    );
    assert!(
        message.contains("no name begins with \"lstm.\""),
        "{message}"
    );
}

#[test]
fn weights_that_do_not_fit_are_an_error_and_make_no_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = std::fs::read_to_string(golden("tagger.json")).expect("a description");
    let config = folder.path().join("model.json");
    for (from, to, says) in [
        (
            "\"tagger\"",
            "\"speller\"",
            "unknown variant `speller`, expected `charlm` or `mnist` or `recurrent` or `tagger`",
        ),
        (
            "\"hidden_size\": 3",
            "\"hidden_size\": 4",
            "shape of rnn.weight_hh_l0: expected [16, 4], found [12, 3]",
        ),
        (
            "\"hidden_size\": 3",
            "\"hidden_size\": 0",
            "hidden_size must be from 1",
        ),
        (
            "\"hidden_size\": 3",
            "\"hidden_size\": 9999999",
            "tagger.pt: expected",
        ),
        (
            "\"hidden_size\": 3",
            "\"hiden_size\": 3",
            "unknown field `hiden_size`, expected one of `embedding_size`, `words`, `unk`, `tags`, \
             `characters`, `crf`, `word_form`, `hidden_size`",
        ),
        ("\"model.\"", "\"net.\"", "no name begins with \"net.\""),
        ("\"lstm.\":", "\"gru.\":", "no name begins with \"gru.\""),
        ("\"lstm.\": \"rnn.\", ", "", "unexpected: lstm.weight_ih_l0"),
        ("\"dog\"", "\"The\"", "symbols that all differ"),
        (
            "\"dog\", ",
            "",
            "shape of emb.weight: expected [8, 6], found [9, 6]",
        ),
        ("\"tags\"", "\"unk\": \"cat\", \"tags\"", "model.json: unk"),
        (
            "\"hidden_size\": 3",
            "\"hidden_size\": 3, \"proj_size\": 2",
            "missing: rnn.weight_hr_l0",
        ),
        ("{", "{,", "line 1 column 2"),
    ] {
        assert!(whole.contains(from), "{from}");
        std::fs::write(&config, whole.replacen(from, to, 1)).expect("written");
        let message = fails(
            folder.path(),
            &import(&golden("tagger.pt"), &config, "run"),
            1,
        );
        assert!(message.contains(says), "{to}: {message}");
        assert!(!folder.path().join("run").exists(), "{to}");
    }
    std::fs::write(&config, whole).expect("written");
    let message = fails(
        folder.path(),
        &import(&golden("evil.pt"), &config, "run"),
        1,
    );
    assert!(message.contains("evil.pt: data.pkl, byte"), "{message}");
    assert!(!folder.path().join("evil-was-here").exists());
    let message = fails(folder.path(), &import(&config, &config, "run"), 1);
    assert!(message.contains("model.json"), "{message}");
}

#[test]
fn names_can_be_swapped_and_non_finite_weights_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = import(&golden("tagger.pt"), &golden("tagger.json"), "run");
    succeeds(folder.path(), &line);
    succeeds(
        folder.path(),
        "export --run run --out swapped.safetensors --rename emb.=fc. --rename fc.=emb.",
    );
    let before = StateDict::read(folder.path().join("run/model.safetensors")).expect("weights");
    let after = StateDict::read(folder.path().join("swapped.safetensors")).expect("weights");
    assert_eq!(after.get("fc.weight"), before.get("emb.weight"));
    assert_eq!(after.get("emb.bias"), before.get("fc.bias"));
    assert_eq!(after.names().count(), before.names().count());

    let mut bytes = std::fs::read(folder.path().join("run/model.safetensors")).expect("weights");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    std::fs::write(folder.path().join("bad.safetensors"), bytes).expect("written");
    let description = std::fs::read_to_string(golden("tagger.json")).expect("a description");
    let plain: String = description
        .lines()
        .filter(|line| !line.contains("rename") && !line.contains("strip_prefix"))
        .collect();
    let config = folder.path().join("plain.json");
    std::fs::write(&config, plain).expect("written");
    let bad = folder.path().join("bad.safetensors");
    let message = fails(folder.path(), &import(&bad, &config, "other"), 1);
    assert!(
        message.contains("bad.safetensors") && message.contains("not finite"),
        "{message}"
    );
    assert!(!folder.path().join("other").exists());
}

#[test]
fn a_classifier_in_both_directions_says_what_its_linear_layer_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "mnist train --hidden-size 8 --num-layers 1 --epochs 1 --limit 500 --bidirectional \
                --json --run trained";
    let trained = json(&succeeds(folder.path(), line));
    succeeds(folder.path(), "export --run trained --out w.safetensors");
    let weights = folder.path().join("w.safetensors");
    // Of one epoch, so that the best checkpoint has the run's weights.
    let line = "export --run trained --from best --out best.safetensors";
    succeeds(folder.path(), line);
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).expect("weights");
    assert!(bytes("best.safetensors") == bytes("w.safetensors"));
    let line = "export --run trained --from nothing --out none.safetensors";
    let message = fails(folder.path(), line, 1);
    assert!(
        message.contains("no checkpoint nothing, expected step-"),
        "{message}"
    );
    let import = |head: &str, run: &str| {
        let description = format!(
            r#"{{"command": "mnist", "cell": "lstm", "input_size": 28, "hidden_size": 8,
                "num_classes": 10, "bidirectional": true{head}}}"#
        );
        let file = folder.path().join("model.json");
        std::fs::write(&file, description).expect("written");
        import(&weights, &file, run)
    };
    let correct = |run: &str| {
        let line = format!("mnist eval --dataset strokes --json --run {run}");
        json(&succeeds(folder.path(), &line))["test_loss"].clone()
    };

    let message = fails(folder.path(), &import("", "none"), 1);
    for part in ["model.json", "\"final_state\"", "\"last_output\""] {
        assert!(message.contains(part), "no {part} in {message}");
    }
    assert!(!folder.path().join("none").exists());
    for head in ["final_state", "last_output"] {
        let line = import(&format!(r#", "head": "{head}""#), head);
        succeeds(folder.path(), &line);
    }
    assert_eq!(correct("final_state"), trained["test_loss"]);
    assert_ne!(correct("last_output"), trained["test_loss"]);

    // Runs from before the setting read the last output.
    let config = folder.path().join("trained/config.json");
    let settings = std::fs::read_to_string(&config).expect("settings");
    let head = "\"head\": \"final_state\",";
    assert!(settings.contains(head), "{settings}");
    std::fs::write(&config, settings.replace(head, "")).expect("written");
    assert_eq!(correct("trained"), correct("last_output"));
}
