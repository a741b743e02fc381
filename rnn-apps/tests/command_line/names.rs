//! What a file of weights holds.

use std::path::{Path, PathBuf};

use rnn_model::StateDict;
use rnn_model::burn::tensor::TensorData;
use serde_json::{Value, json as object};

use super::{fails, has_keys, json, succeeds};

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden")
        .join(file)
}

/// Writes weights that are all zero.
fn write(folder: &Path, file: &str, entries: &[(&str, &[usize])]) {
    let mut weights = StateDict::default();
    for (name, shape) in entries {
        weights.insert(name, TensorData::zeros::<f32, _>(shape.to_vec()));
    }
    weights.write(folder.join(file)).expect("written");
}

fn write_json(folder: &Path, file: &str, value: &Value) {
    std::fs::write(folder.join(file), value.to_string()).expect("written");
}

/// The commands of the candidates, in order.
fn commands(found: &Value) -> Vec<&str> {
    let candidates = found["candidates"].as_array().expect("a list");
    let commands = candidates.iter().map(|candidate| &candidate["command"]);
    commands
        .map(|command| command.as_str().expect("a text"))
        .collect()
}

#[test]
fn a_tagger_is_listed_and_imported_by_the_description() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = golden("tagger.pt");
    let line = format!("names {}", file.display());
    let output = succeeds(folder.path(), &line);
    for part in [
        "tagger.pt: torch.save, 7 tensors, 198 numbers, 792 bytes",
        "model.embedding_layer.weight  [9, 6]   F32  216 bytes",
        "model.lstm.  lstm, 6 → 3, 1 layer\n",
        "\"strip_prefix\": \"model.\",",
        "words.json must list 9 symbols, tags.json must list 3 symbols, in the order of their ids",
    ] {
        assert!(output.contains(part), "no {part:?} in {output}");
    }
    let found = json(&succeeds(folder.path(), &format!("{line} --json")));
    has_keys(
        &found,
        "command file format numbers bytes tensors layers candidates",
    );
    assert_eq!(
        (&found["numbers"], &found["bytes"]),
        (&object!(198), &object!(792))
    );
    assert_eq!(found["tensors"].as_array().map(Vec::len), Some(7));
    assert_eq!(found["layers"][0]["cell"], "lstm");
    assert_eq!(commands(&found), ["tagger", "recurrent"]);

    let described = &found["candidates"][0];
    assert_eq!(
        described["symbols"],
        object!({ "words.json": 9, "tags.json": 3 })
    );
    let text = std::fs::read_to_string(golden("tagger.json")).expect("a description");
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    write_json(folder.path(), "model.json", &described["description"]);
    write_json(folder.path(), "words.json", &whole["words"]);
    write_json(folder.path(), "tags.json", &whole["tags"]);
    let line = format!(
        "import --weights {} --model model.json --run run",
        file.display()
    );
    succeeds(folder.path(), &line);
    let output = super::command(folder.path(), "tagger tag --run run")
        .arg("The dog ate the apple")
        .output()
        .expect("the program starts");
    assert_eq!(
        super::text(&output.stdout),
        "The/DET dog/NN ate/V the/DET apple/NN\n"
    );
}

/// The parameters of a layer with `rows` rows, `inputs` inputs and `outputs` outputs.
fn layer(
    prefix: &str,
    suffix: &str,
    rows: usize,
    inputs: usize,
    outputs: usize,
) -> Vec<(String, Vec<usize>)> {
    vec![
        (format!("{prefix}weight_ih_l0{suffix}"), vec![rows, inputs]),
        (format!("{prefix}weight_hh_l0{suffix}"), vec![rows, outputs]),
        (format!("{prefix}bias_ih_l0{suffix}"), vec![rows]),
        (format!("{prefix}bias_hh_l0{suffix}"), vec![rows]),
    ]
}

fn linear(prefix: &str, outputs: usize, inputs: usize) -> Vec<(String, Vec<usize>)> {
    vec![
        (format!("{prefix}weight"), vec![outputs, inputs]),
        (format!("{prefix}bias"), vec![outputs]),
    ]
}

fn matrix(name: &str, rows: usize, columns: usize) -> Vec<(String, Vec<usize>)> {
    vec![(name.to_owned(), vec![rows, columns])]
}

const IMPORT: &str = "import --weights w.safetensors --model model.json --run run";

/// Gives the names of `old` those of `new`, in order.
fn called(entries: Vec<(String, Vec<usize>)>, new: &[&str]) -> Vec<(String, Vec<usize>)> {
    let names = new.iter().map(|&name| name.to_owned());
    names
        .zip(entries)
        .map(|(name, (_, shape))| (name, shape))
        .collect()
}

#[test]
fn parts_of_larger_networks_are_imported() {
    let cell = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
    let numpy = ["enc_w_ih", "enc_w_hh", "enc_b_ih", "enc_b_hh"];
    let conv = |name: &str| vec![(name.to_owned(), vec![2, 2, 3])];
    let normalised = vec![
        ("net.rnn.weight_ih_l0".to_owned(), vec![12, 5]),
        (
            "net.rnn.parametrizations.weight_hh_l0.original0".to_owned(),
            vec![12, 1],
        ),
        (
            "net.rnn.parametrizations.weight_hh_l0.original1".to_owned(),
            vec![12, 3],
        ),
    ];
    for (i, entries) in [
        [
            layer("encoder.lstm.", "", 12, 5, 3),
            conv("encoder.conv.weight"),
        ]
        .concat(),
        [layer("", "", 9, 5, 3), conv("conv[0].weight")].concat(),
        called(layer("", "", 12, 5, 3), &cell),
        [
            called(layer("", "", 9, 5, 3), &numpy),
            matrix("enc_emb", 7, 4),
        ]
        .concat(),
        normalised,
    ]
    .into_iter()
    .enumerate()
    {
        let folder = tempfile::tempdir().expect("a folder");
        let mut weights = StateDict::default();
        for (name, shape) in entries {
            let ones = TensorData::ones::<f32, _>(shape);
            weights.insert(&name, ones);
        }
        weights
            .write(folder.path().join("w.safetensors"))
            .expect("written");
        let found = json(&succeeds(folder.path(), "names w.safetensors --json"));
        assert_eq!(commands(&found), ["recurrent"], "{i}");
        write_json(
            folder.path(),
            "model.json",
            &found["candidates"][0]["description"],
        );
        succeeds(folder.path(), IMPORT);
        let imported = StateDict::read(folder.path().join("run/model.safetensors"));
        let imported = imported.expect("weights");
        assert!(imported.names().any(|name| name == "weight_hh_l0"), "{i}");
    }

    // Of a network with more behind it, what is left out is said.
    let folder = tempfile::tempdir().expect("a folder");
    let entries = [
        layer("model.lstm.", "", 12, 5, 3),
        linear("model.linear.", 4, 3),
        vec![("model.scale".to_owned(), vec![1])],
    ]
    .concat();
    let entries: Vec<(&str, &[usize])> = (entries.iter())
        .map(|(name, shape)| (&name[..], &shape[..]))
        .collect();
    write(folder.path(), "w.safetensors", &entries);
    let output = succeeds(folder.path(), "names w.safetensors");
    assert!(
        output.contains("leaves out 1 tensor (model.scale)"),
        "{output}"
    );
    let found = json(&succeeds(folder.path(), "names w.safetensors --json"));
    assert_eq!(commands(&found), ["recurrent", "mnist"]);
    for candidate in found["candidates"].as_array().expect("a list") {
        write_json(folder.path(), "model.json", &candidate["description"]);
        succeeds(
            folder.path(),
            &IMPORT.replace(
                "--run run",
                &format!("--run {}", candidate["command"].as_str().expect("a text")),
            ),
        );
    }
}

#[test]
fn what_is_described_is_imported() {
    let both = |prefix, rows, inputs, outputs| {
        let forward = layer(prefix, "", rows, inputs, outputs);
        [forward, layer(prefix, "_reverse", rows, inputs, outputs)].concat()
    };
    let crf = vec![
        ("crf.start_transitions".to_owned(), vec![3]),
        ("crf.end_transitions".to_owned(), vec![3]),
        ("crf.transitions".to_owned(), vec![3, 3]),
    ];
    for (command, entries) in [
        (
            "mnist",
            [layer("gru.", "", 9, 28, 3), linear("out.", 10, 3)].concat(),
        ),
        (
            "mnist",
            [both("module.rnn.", 16, 28, 4), linear("module.fc.", 10, 8)].concat(),
        ),
        (
            "mnist",
            [layer("rnn.", "", 3, 1, 3), linear("fc.", 10, 3)].concat(),
        ),
        (
            "charlm",
            [layer("rnn.", "", 3, 7, 3), linear("fc.", 7, 3)].concat(),
        ),
        (
            "charlm",
            [
                matrix("net.encoder.weight", 7, 2),
                layer("net.gru.", "", 9, 2, 3),
                linear("net.decoder.", 7, 3),
            ]
            .concat(),
        ),
        (
            "charlm",
            [
                matrix("emb.weight", 7, 3),
                layer("rnn.", "", 12, 3, 3),
                vec![("fc.bias".to_owned(), vec![7])],
            ]
            .concat(),
        ),
        (
            "tagger",
            [
                matrix("word_emb.weight", 6, 4),
                matrix("char_emb.weight", 5, 2),
                both("char_lstm.", 12, 2, 3),
                both("lstm.", 8, 10, 2),
                linear("hidden2tag.", 3, 4),
                crf,
            ]
            .concat(),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let entries: Vec<(&str, &[usize])> = (entries.iter())
            .map(|(name, shape)| (&name[..], &shape[..]))
            .collect();
        write(folder.path(), "w.safetensors", &entries);
        let found = json(&succeeds(folder.path(), "names w.safetensors --json"));
        assert_eq!(commands(&found)[0], command, "{entries:?}");
        let candidate = &found["candidates"][0];
        assert_eq!(candidate["left_out"], object!([]));
        let mut description = candidate["description"].clone();
        if description["bidirectional"] == true && command == "mnist" {
            write_json(folder.path(), "model.json", &description);
            let message = fails(folder.path(), IMPORT, 1);
            assert!(message.contains("expected head"), "{message}");
            description["head"] = object!("final_state");
        }
        write_json(folder.path(), "model.json", &description);
        for (file, count) in candidate["symbols"].as_object().expect("files") {
            let letters = ('a'..).map(String::from);
            let count = usize::try_from(count.as_u64().expect("a number")).expect("small");
            let symbols: Vec<String> = letters.take(count).collect();
            write_json(folder.path(), file, &object!(symbols));
        }
        succeeds(folder.path(), IMPORT);
    }
}

#[test]
fn long_lists_are_cut_and_a_training_s_tensors_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut entries: Vec<(String, Vec<usize>)> = (0..250)
        .map(|i| (format!("optimizer.state.{i}.exp_avg"), vec![2]))
        .collect();
    entries.extend(layer("rnn.", "", 3, 2, 3));
    entries.extend((0..250).map(|i| (format!("z{i}.weight"), vec![2])));
    let entries: Vec<(&str, &[usize])> = (entries.iter())
        .map(|(name, shape)| (&name[..], &shape[..]))
        .collect();
    write(folder.path(), "w.safetensors", &entries);
    let output = succeeds(folder.path(), "names w.safetensors");
    assert!(output.contains("   rnn.weight_ih_l0 "), "{output}");
    for line in [
        "and 54 tensors more, which --all lists too",
        "and 250 tensors of no model (an optimiser's, counters, constants)",
    ] {
        assert!(output.contains(line), "no {line} in {output}");
    }
    let output = succeeds(folder.path(), "names w.safetensors --all");
    assert!(output.contains("optimizer.state.249.exp_avg"), "{output}");
    assert!(!output.contains("--all"), "{output}");
    let found = json(&succeeds(
        folder.path(),
        "names w.safetensors --json --quiet",
    ));
    assert_eq!(found["tensors"].as_array().map(Vec::len), Some(504));
    // The optimiser's state is no part of a network that would be left out.
    assert_eq!(commands(&found), ["recurrent"]);
}

#[test]
fn what_is_no_model_or_no_weights_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "w.safetensors",
        &[("conv.weight", &[8, 3, 3, 3])],
    );
    let output = succeeds(folder.path(), "names w.safetensors");
    assert!(output.contains("[8, 3, 3, 3]"), "{output}");
    assert!(output.contains("none of the models here"), "{output}");
    std::fs::write(folder.path().join("w.pt"), "<!DOCTYPE html><html>").expect("written");
    let message = fails(folder.path(), "names w.pt", 1);
    assert!(
        message.contains("w.pt: ") && message.contains("a web page"),
        "{message}"
    );
    fails(folder.path(), "names nowhere.pt", 1);
    fails(folder.path(), "names", 2);
}
