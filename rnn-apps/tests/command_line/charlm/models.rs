//! The flags of the model, weights from other runs, and from elsewhere.

use std::fs;

use serde_json::json;

use super::{SMALL, eval, is_near, number, settings};
use crate::{fails, json, run, succeeds, text};

#[test]
fn every_flag_of_the_model_is_one_of_the_model_that_is_trained() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let train = SMALL.replace("--max-steps 6", "--max-steps 1");
    let mut parameters = Vec::new();
    for (number, (flags, key, value)) in [
        ("", "cell", json!("lstm")),
        ("--cell rnn", "cell", json!("rnn")),
        ("--cell gru", "cell", json!("gru")),
        ("--one-hot", "embedding_size", json!(null)),
        ("--embedding-size 5", "embedding_size", json!(5)),
        ("--tied-weights", "embedding_size", json!(16)),
        ("--proj-size 8", "proj_size", json!(8)),
        ("--tied-weights --proj-size 8", "embedding_size", json!(8)),
        ("--layer-norm", "layer_norm", json!(true)),
        ("--input-dropout 0.2", "input_dropout", json!(0.2)),
        ("--output-dropout 0.2", "output_dropout", json!(0.2)),
        ("--recurrent-dropout 0.2", "recurrent_dropout", json!(0.2)),
        ("--weight-dropout 0.2", "weight_dropout", json!(0.2)),
        (
            "--variational-dropout --output-dropout 0.2",
            "variational_dropout",
            json!(true),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("run-{number}");
        let results = json(&succeeds(
            path,
            &format!("{train} {flags} --run {name} --json"),
        ));
        assert_eq!(settings(path, &name)["model"][key], value, "{flags}");
        // The model of the run is the one that was trained.
        let evaluated = eval(path, &format!("--run {name}"));
        for key in ["parameters", "valid_nats_per_char"] {
            assert_eq!(evaluated[key], results[key], "{flags}: {key}");
        }
        parameters.push(results["parameters"].clone());
        let written = succeeds(path, &format!("charlm sample --run {name} --length 5"));
        assert_eq!(written.trim_end_matches('\n').chars().count(), 5, "{flags}");
    }
    // Noise has no parameters.
    for noisy in &parameters[9..] {
        assert_eq!(*noisy, parameters[0]);
    }
    for other in &parameters[1..9] {
        assert_ne!(*other, parameters[0]);
    }

    for (flags, code, says) in [
        (
            "--tied-weights --embedding-size 8",
            2,
            "--embedding-size: expected the size of the output, 16, as --tied-weights needs, found 8",
        ),
        ("--tied-weights --one-hot", 2, "--one-hot"),
        ("--one-hot --embedding-size 8", 2, "--embedding-size"),
        (
            "--cell gru --proj-size 8",
            2,
            "--proj-size: expected --cell lstm, found gru",
        ),
        (
            "--proj-size 16",
            2,
            "--proj-size: expected less than the hidden size, 16, found 16",
        ),
        ("--dropout 1", 2, "--dropout"),
        ("--weight-dropout -0.1", 2, "--weight-dropout"),
    ] {
        let message = fails(path, &format!("{train} {flags} --run none"), code);
        assert!(message.contains(says), "{flags}: {message}");
        assert!(!path.join("none").exists(), "{flags}");
    }
    let output = run(path, &format!("{train} --dropout 0.5 --run one"));
    let warning = text(&output.stderr);
    assert!(
        warning.contains("--dropout has no effect on one recurrent layer"),
        "{warning}"
    );
}

/// Steps that change next to nothing, so that the weights stay recognisable.
const HARDLY: &str =
    "--optimizer sgd --momentum 0 --learning-rate 1e-12 --schedule constant --quiet";

#[test]
fn a_training_from_other_weights_has_noise_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let train = SMALL.replace("--num-layers 1 ", "--num-layers 2 ");
    let first = format!("{train} --dropout 0.1 --tied-weights --run first --quiet");
    succeeds(path, &first);
    let short = SMALL.replace("--hidden-size 16 --num-layers 1 ", "");
    let line = format!("{short} {HARDLY} --init-from first");
    let noise = "--dropout 0.3 --weight-dropout 0.2 --recurrent-dropout 0.1 --variational-dropout";
    succeeds(path, &format!("{line} {noise} --run second"));
    let model = &settings(path, "second")["model"];
    for (key, value) in [
        ("hidden_size", json!(16)),
        ("num_layers", json!(2)),
        ("tied_weights", json!(true)),
        ("dropout", json!(0.3)),
        ("weight_dropout", json!(0.2)),
        ("recurrent_dropout", json!(0.1)),
        ("variational_dropout", json!(true)),
    ] {
        assert_eq!(model[key], value, "{key}");
    }
    let nats = |run: &str| number(&eval(path, &format!("--run {run}")), "valid_nats_per_char");
    assert!(is_near(nats("second"), nats("first")));

    // Another text, in the characters of the run.
    fs::write(
        path.join("other.txt"),
        "Tom says: où est la mer? ".repeat(20),
    )
    .expect("written");
    let output = succeeds(path, &format!("{line} --data other.txt --run third --json"));
    assert_eq!(json(&output)["unknown"], 2);
    let vocab =
        |run: &str| fs::read_to_string(path.join(run).join("vocab.json")).expect("it is there");
    assert_eq!(vocab("third"), vocab("first"));

    for (flags, says) in [
        (
            "--hidden-size 17",
            "--hidden-size 17: the model of --init-from first has 16",
        ),
        ("--cell gru", "--cell"),
        ("--layer-norm", "--layer-norm"),
        ("--one-hot", "--one-hot"),
    ] {
        let message = fails(path, &format!("{line} {flags} --run none"), 2);
        assert!(message.contains(says), "{flags}: {message}");
        assert!(!path.join("none").exists(), "{flags}");
    }
}

#[test]
fn weights_go_out_and_come_in_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::write(path.join("text.txt"), "Tom and the sea. ".repeat(30)).expect("written");
    for (flags, described, entries) in [
        (
            "--tied-weights",
            json!({"embedding_size": 16, "tied_weights": true}),
            7,
        ),
        (
            "--cell gru --embedding-size 6",
            json!({"cell": "gru", "embedding_size": 6}),
            7,
        ),
        ("--cell rnn --one-hot", json!({"cell": "rnn"}), 6),
    ] {
        succeeds(path, &format!("{SMALL} {flags} --quiet --run first"));
        succeeds(path, "export --run first --out w.safetensors");
        let weights = rnn_model::StateDict::read(path.join("w.safetensors")).expect("weights");
        // Tied weights are there under both names, as in PyTorch's state dicts.
        assert_eq!(weights.names().count(), entries, "{flags}");
        assert!(weights.get("fc.weight").is_some(), "{flags}");
        let mut model = json!({
            "command": "charlm", "hidden_size": 16, "vocab": "first/vocab.json", "unk": "<unk>",
        });
        let described = described.as_object().expect("an object").clone();
        model.as_object_mut().expect("an object").extend(described);
        fs::write(path.join("model.json"), model.to_string()).expect("written");
        let import = "import --weights w.safetensors --model model.json --run second";
        succeeds(path, import);
        let [found, expected] = ["second", "first"]
            .map(|run| eval(path, &format!("--run {run} --file text.txt --window 16")));
        for key in [
            "valid_nats_per_char",
            "valid_nats_per_char_reset",
            "parameters",
        ] {
            assert_eq!(found[key], expected[key], "{flags}: {key}");
        }
        let line = "charlm sample --length 30 --prompt Tom --run";
        assert_eq!(
            succeeds(path, &format!("{line} second")),
            succeeds(path, &format!("{line} first"))
        );
        // It has no text of its own.
        let message = fails(path, "charlm eval --run second", 1);
        assert!(message.contains("--file"), "{message}");

        if flags == "--tied-weights" {
            let mut weights = weights;
            let data = weights.get("fc.weight").expect("it is there");
            let values: Vec<f32> = data.iter::<f32>().map(|x| x + 1.0).collect();
            let shape = data.shape().clone();
            let data = burn::tensor::TensorData::new(values, shape);
            weights.insert("fc.weight", data);
            let bytes = weights.to_safetensors().expect("bytes");
            fs::write(path.join("w.safetensors"), bytes).expect("written");
            let message = fails(path, &import.replace("second", "third"), 1);
            let says = "w.safetensors: expected fc.weight to be the same as emb.weight";
            assert!(message.contains(says), "{message}");
        }
        for run in ["first", "second"] {
            fs::remove_dir_all(path.join(run)).expect("removed");
        }
        fs::remove_file(path.join("w.safetensors")).expect("removed");
    }
}
