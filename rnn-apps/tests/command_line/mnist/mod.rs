use rnn_data::{ImageSet, Mnist, Strokes};

mod evaluations;
mod predictions;
mod presets;

use super::{SMALL, command, fails, has_keys, json, run, succeeds, text};

#[test]
fn a_trained_run_evaluates_to_the_accuracy_it_was_trained_to() {
    let folder = tempfile::tempdir().expect("a folder");
    for cell in ["rnn", "lstm", "gru"] {
        let line =
            format!("mnist train --cell {cell} {SMALL} --valid-split 0.1 --json --run {cell}");
        let trained = json(&succeeds(folder.path(), &line));
        has_keys(
            &trained,
            "command run seed device threads parameters epochs seconds step_seconds train_loss valid_accuracy test_accuracy",
        );
        let evaluated = succeeds(folder.path(), &format!("mnist eval --json --run {cell}"));
        assert_eq!(json(&evaluated)["test_accuracy"], trained["test_accuracy"]);
        assert_eq!(json(&evaluated)["test_loss"], trained["test_loss"]);
        let verdict = format!(
            "Out of 2000 images {} were correctly classified",
            trained["correct"]
        );
        assert!(evaluated.lines().any(|line| line == verdict), "{evaluated}");

        for file in [
            "config.json",
            "model.safetensors",
            "history.jsonl",
            "metrics.json",
            "history.csv",
            "checkpoints/best-00000023.safetensors",
            "checkpoints/step-00000023.safetensors",
            "report.html",
            "loss.svg",
            "accuracy.svg",
            "confusion.svg",
            "mistakes.png",
        ] {
            assert!(folder.path().join(cell).join(file).exists(), "no {file}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = |seed: u32, run: &str| {
        let line = format!(
            "mnist train --cell gru {SMALL} --dropout 0.1 --seed {seed} --json --run {run}"
        );
        let result = json(&succeeds(folder.path(), &line));
        let weights = std::fs::read(folder.path().join(run).join("model.safetensors"));
        (
            result["train_loss"].clone(),
            result["test_loss"].clone(),
            weights.expect("weights"),
        )
    };
    let (first, second) = (train(3, "a"), train(3, "b"));
    assert!(first == second);
    assert!(train(4, "c").2 != first.2);
}

#[test]
fn a_folder_of_files_is_read_and_its_faults_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = Strokes::new(8).mnist(300, 100).expect("digits");
    images
        .write(folder.path().join("digits"), true)
        .expect("written");
    let train = format!("mnist train --data digits {SMALL} --json --run run");
    assert_eq!(json(&succeeds(folder.path(), &train))["total"], 100);

    // The run records where its images are.
    assert_eq!(
        json(&succeeds(folder.path(), "mnist eval --json --run run"))["total"],
        100
    );

    let labels = folder.path().join("digits/t10k-labels-idx1-ubyte.gz");
    let whole = std::fs::read(&labels).expect("labels");
    std::fs::write(&labels, &whole[..whole.len() / 2]).expect("cut");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(message.contains("t10k-labels-idx1-ubyte.gz"), "{message}");

    std::fs::remove_file(&labels).expect("removed");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(message.contains("no t10k-labels-idx1-ubyte"), "{message}");

    let message = fails(folder.path(), "mnist train --data nowhere", 1);
    assert!(message.contains("nowhere"), "{message}");
    assert!(
        !folder.path().join("runs").exists(),
        "a run folder without a run"
    );
    let message = fails(folder.path(), "mnist train --dataset mnist --offline", 1);
    assert!(message.contains("train-images-idx3-ubyte.gz"), "{message}");
}

#[test]
fn a_dataset_is_found_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["mnist", "fashion-mnist"] {
        let images = Strokes::new(8).mnist(200, 70).expect("digits");
        let files = folder.path().join("datasets").join(name);
        images.write(files, name == "mnist").expect("written");
        let line = format!("mnist train --dataset {name} {SMALL} --json --run {name}-run");
        let output = command(folder.path(), &line)
            .env("RNN_DATA", folder.path().join("datasets"))
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(json(&text(&output.stdout))["total"], 70);
    }
    // A dataset under `data` in the working directory is found without the environment variable.
    let from = folder.path().join("datasets");
    std::fs::rename(from, folder.path().join("data")).expect("renamed");
    assert_eq!(
        json(&succeeds(
            folder.path(),
            "mnist eval --json --run mnist-run"
        ))["total"],
        70
    );
}

#[test]
fn settings_that_were_changed_by_hand_are_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    succeeds(folder.path(), &format!("mnist train {SMALL} --run run"));
    let path = folder.path().join("run/config.json");
    let whole = std::fs::read_to_string(&path).expect("settings");
    for (from, to, says) in [
        (
            "\"hidden_size\": 16",
            "\"hidden_size\": 0",
            "hidden_size must be from 1",
        ),
        (
            "\"hidden_size\": 16",
            "\"hidden_size\": 17",
            "shape of rnn.weight_hh_l0",
        ),
        (
            "\"dropout\": 0.0",
            "\"dropout\": 2.0",
            "dropout must be from 0 to below 1",
        ),
        ("\"num_classes\": 10", "\"num_classes\": 0", "num_classes"),
        (
            "\"hidden_size\": 16",
            "\"hidden_size\": 16000000",
            "model.safetensors: expected",
        ),
        ("\"cell\": \"lstm\"", "\"cell\": \"lsmt\"", "lsmt"),
        ("\"dropout\"", "\"dropuot\"", "dropuot"),
    ] {
        assert!(whole.contains(from), "{from} in {whole}");
        std::fs::write(&path, whole.replacen(from, to, 1)).expect("written");
        let message = fails(folder.path(), "mnist eval --run run", 1);
        assert!(
            message.contains("run") && message.contains(says),
            "{to}: {message}"
        );
    }
}

#[test]
fn pictures_drawn_by_hand_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    // The tour's training.
    succeeds(
        folder.path(),
        "mnist train --hidden-size 64 --num-layers 1 --batch-size 50 --epochs 4 --learning-rate 0.01 --run run",
    );
    // The pictures have three sizes; some are dark on light, some light on dark, one is off-centre,
    // one is in colour.
    let pictures = concat!(env!("CARGO_MANIFEST_DIR"), "/pictures");
    let line = format!(
        "mnist predict --run run {pictures}/two.png {pictures}/four.png {pictures}/seven.png --json"
    );
    let output = succeeds(folder.path(), &line);
    assert!(output.contains('█'), "no preview in {output}");
    let found = json(&output);
    has_keys(&found, "run seed device threads parameters");
    let predictions = found["predictions"].as_array().expect("a list");
    assert_eq!(predictions.len(), 3);
    let expected = [("two.png", 2), ("four.png", 4), ("seven.png", 7)];
    for (prediction, (name, label)) in predictions.iter().zip(expected) {
        assert!(prediction["file"].as_str().expect("a name").ends_with(name));
        assert_eq!(prediction["label"], label, "{prediction}");
        let probabilities = prediction["probabilities"].as_array().expect("a list");
        let sum: f64 = probabilities.iter().filter_map(|p| p.as_f64()).sum();
        assert_eq!(probabilities.len(), 10);
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        assert!(probabilities[label].as_f64() > Some(0.5), "{prediction}");
    }

    // A file that is not a picture is an error that names it; the others are still read.
    std::fs::write(folder.path().join("note.png"), "seven").expect("written");
    let line = format!("mnist predict --run run note.png {pictures}/two.png nowhere.png --json");
    let output = run(folder.path(), &line);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("note.png: expected a PNG, JPEG or BMP picture, found \"seven\""),
        "{message}"
    );
    assert!(message.contains("nowhere.png"), "{message}");
    let found = json(&text(&output.stdout));
    assert_eq!(found["predictions"][0]["label"], 2, "{found}");
    fails(folder.path(), "mnist predict --run run", 2);
}

#[test]
fn a_run_shows_its_test_images_with_their_predictions() {
    let folder = tempfile::tempdir().expect("a folder");
    let digits = Strokes::new(8).mnist(60, 7).expect("digits");
    digits
        .write(folder.path().join("digits"), false)
        .expect("written");
    let output = succeeds(
        folder.path(),
        &format!("mnist train --data digits {SMALL} --run run"),
    );
    assert!(output.contains("run/predictions.png"), "{output}");
    let png = std::fs::read(folder.path().join("run/predictions.png")).expect("a picture");
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn info_tells_what_a_run_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let trained = json(&succeeds(
        folder.path(),
        &format!("mnist train --cell gru {SMALL} --json --run run"),
    ));
    let output = succeeds(folder.path(), "info run --json");
    for part in ["model.cell", "rnn.weight_ih_l0", "[48, 28]", "epoch  1/1"] {
        assert!(output.contains(part), "no {part} in {output}");
    }
    let info = json(&output);
    assert_eq!(info["results"], trained);
    assert_eq!(info["settings"]["model"]["hidden_size"], 16);
    assert_eq!(info["history"].as_array().map(Vec::len), Some(1));
    let numbers = |weight: &serde_json::Value| {
        let shape = weight["shape"].as_array().expect("a shape");
        shape.iter().filter_map(|n| n.as_u64()).product::<u64>()
    };
    let weights = info["weights"].as_array().expect("a list");
    let all: u64 = weights.iter().map(numbers).sum();
    assert_eq!(trained["parameters"], all);

    // A run without results, and then without weights, is not an error: its training has not
    // finished.
    std::fs::remove_file(folder.path().join("run/metrics.json")).expect("removed");
    let output = succeeds(folder.path(), "info run");
    assert!(
        output.contains("rnn.weight_ih_l0") && output.contains("\nNo results: "),
        "{output}"
    );
    std::fs::remove_file(folder.path().join("run/model.safetensors")).expect("removed");
    let output = succeeds(folder.path(), "info run");
    assert!(output.contains("cut short"), "{output}");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(message.contains("run: no model.safetensors"), "{message}");
    // A damaged run is an error that names the file.
    let history = folder.path().join("run/history.jsonl");
    let whole = std::fs::read_to_string(&history).expect("a history");
    std::fs::write(&history, format!("{whole}{{\n")).expect("written");
    let message = fails(folder.path(), "info run", 1);
    assert!(message.contains("history.jsonl: line 2"), "{message}");
    let message = fails(folder.path(), "info nowhere", 1);
    assert!(message.contains("nowhere: not a run folder"), "{message}");
}

#[test]
fn a_picture_that_can_t_be_written_does_not_lose_the_results() {
    let folder = tempfile::tempdir().expect("a folder");
    let wide = |count: usize| {
        let labels = (0..count).map(|i| (i % 10) as u8).collect();
        ImageSet::new(2, 9000, vec![9; count * 18_000], labels, 10).expect("images")
    };
    let images = Mnist::new(wide(20), wide(10)).expect("a set");
    images
        .write(folder.path().join("wide"), true)
        .expect("written");
    let output = run(
        folder.path(),
        &format!("mnist train --data wide {SMALL} --json --run run"),
    );
    let message = text(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert!(message.contains("warning: no picture"), "{message}");
    assert_eq!(json(&text(&output.stdout))["total"], 10);
    assert!(folder.path().join("run/metrics.json").exists());
}

#[test]
fn non_finite_weights_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    succeeds(folder.path(), &format!("mnist train {SMALL} --run run"));
    let path = folder.path().join("run/model.safetensors");
    let mut bytes = std::fs::read(&path).expect("weights");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, bytes).expect("written");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(
        message.contains("model.safetensors") && message.contains("not finite"),
        "{message}"
    );
}
