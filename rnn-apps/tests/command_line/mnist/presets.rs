//! Presets, and the flags that say how images are read.

use std::path::Path;

use rnn_data::{ImageSet, Mnist, Strokes};

use super::super::{SMALL, fails, json, succeeds};

/// Sizes that are tiny whatever the preset.
const TINY: &str = "--num-layers 1 --hidden-size 8 --batch-size 20 --epochs 1";

/// The drawn digits in a folder `digits`.
fn digits(folder: &Path) {
    let digits = Strokes::new(8).mnist(60, 20).expect("digits");
    digits.write(folder.join("digits"), false).expect("written");
}

#[test]
fn a_preset_says_what_flags_default_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = |flags: &str| {
        let line = format!("mnist train {flags} --print-config");
        succeeds(folder.path(), &line)
    };
    for cell in ["rnn", "lstm", "gru"] {
        for direction in ["", "--bidirectional"] {
            let best = printed(&format!("--cell {cell} {direction} --preset best"));
            for key in [
                "valid_split = 0.0",
                "optimizer = \"adamw\"",
                "keep_best = true",
            ] {
                assert!(best.contains(key), "{key} in {best}");
            }
            let quick = printed(&format!("--cell {cell} {direction}"));
            assert!(
                quick.contains("preset = \"quick\"") && quick.contains("keep_best = false"),
                "{quick}"
            );
            // What is printed means the same again.
            std::fs::write(folder.path().join("settings.toml"), &best).expect("written");
            assert_eq!(printed("--config settings.toml"), best);
        }
    }
    // The names that these had before.
    assert_eq!(printed("--recipe tuned"), printed("--preset quick"));
    assert_eq!(printed("--recipe notebook"), printed("--preset notebook"));
    std::fs::write(folder.path().join("old.toml"), "recipe = \"notebook\"\n").expect("written");
    assert_eq!(printed("--config old.toml"), printed("--preset notebook"));
    // A flag wins over its preset.
    let own = printed("--preset best --hidden-size 9 --valid-split 0");
    assert!(
        own.contains("hidden_size = 9") && own.contains("keep_best = false"),
        "{own}"
    );
}

#[test]
fn the_best_preset_chooses_by_images_that_it_does_not_train_on() {
    let folder = tempfile::tempdir().expect("a folder");
    digits(folder.path());
    let line =
        format!("mnist train --data digits --preset best {TINY} --epochs 3 --run run --json");
    let line = line.replacen("--epochs 1 ", "", 1);
    let found = json(&succeeds(folder.path(), &line));
    assert!(found["valid_accuracy"].is_number(), "{found}");
    assert!(found["best_epoch"].is_number(), "{found}");
    let info = json(&succeeds(folder.path(), "info run --json"));
    assert_eq!(
        info["settings"]["training"]["fit"]["monitor"]["metric"],
        "accuracy"
    );
}

#[test]
fn a_run_of_before_presets_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    digits(folder.path());
    let line = format!("mnist train --data digits {SMALL} --run run --json");
    let trained = json(&succeeds(folder.path(), &line));
    let path = folder.path().join("run/config.json");
    let settings = std::fs::read_to_string(&path).expect("settings");
    let old = settings.replace("\"preset\": \"quick\"", "\"recipe\": \"tuned\"");
    let old = old.replace("    \"augment\": 0.0,\n", "");
    assert!(old.len() < settings.len() - 15, "{old}");
    std::fs::write(&path, old).expect("written");
    let found = json(&succeeds(folder.path(), "mnist eval --run run --json"));
    assert_eq!(found["test_loss"], trained["test_loss"]);
}

#[test]
fn distorted_images_make_another_training_that_can_be_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    digits(folder.path());
    let loss = |run: &str, flags: &str| {
        let line = format!("mnist train --data digits {TINY} {flags} --run {run} --json");
        json(&succeeds(folder.path(), &line))["train_loss"].clone()
    };
    let plain = loss("plain", "");
    let (first, second) = (loss("a", "--augment 1"), loss("b", "--augment 1"));
    assert_eq!(first, second);
    assert_ne!(first, plain);
    let message = fails(folder.path(), "mnist train --augment 9", 2);
    assert!(message.contains("a number from 0 to 5"), "{message}");
}

#[test]
fn images_are_read_pixel_by_pixel_too() {
    let folder = tempfile::tempdir().expect("a folder");
    digits(folder.path());
    let mut losses = Vec::new();
    for (run, flags) in [
        ("rows", ""),
        ("pixels", "--pixels"),
        ("permuted", "--pixels --permute 3"),
    ] {
        let line = format!("mnist train --data digits {TINY} {flags} --run {run} --json");
        let trained = json(&succeeds(folder.path(), &line));
        let found = json(&succeeds(
            folder.path(),
            &format!("mnist eval --run {run} --json"),
        ));
        assert_eq!(found["test_loss"], trained["test_loss"], "{run}");
        let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/pictures/two.png");
        let line = format!("mnist predict --run {run} {picture} --json");
        assert!(json(&succeeds(folder.path(), &line))["predictions"][0]["label"].is_number());
        let line = format!("mnist predict --run {run} {picture} --explain {run}.svg");
        match run {
            "permuted" => {
                let message = fails(folder.path(), &line, 1);
                assert!(message.contains("a random order"), "{message}");
            }
            _ => drop(succeeds(folder.path(), &line)),
        }
        losses.push(found["test_loss"].clone());
    }
    assert!(
        losses[0] != losses[1] && losses[1] != losses[2],
        "{losses:?}"
    );
    let message = fails(folder.path(), "mnist train --permute 3", 2);
    assert!(message.contains("--permute needs --pixels"), "{message}");
}

#[test]
fn normalisation_belongs_to_the_model() {
    let folder = tempfile::tempdir().expect("a folder");
    digits(folder.path());
    let line =
        format!("mnist train --data digits {TINY} --normalize 0.1307,0.3081 --run run --json");
    let trained = json(&succeeds(folder.path(), &line));
    let evaluate =
        || json(&succeeds(folder.path(), "mnist eval --run run --json"))["test_loss"].clone();
    assert_eq!(evaluate(), trained["test_loss"]);
    let exported = succeeds(folder.path(), "export --run run --out weights.safetensors");
    assert!(
        exported.contains("transforms.Normalize(0.1307, 0.3081)"),
        "{exported}"
    );

    // An import that does not know of it does worse, and one that does the same.
    let import = |run: &str, normalize: &str| {
        let description = format!(
            "{{\"command\": \"mnist\", \"cell\": \"lstm\", \"input_size\": 28, \"hidden_size\": 8, \
             \"num_classes\": 10{normalize}}}"
        );
        std::fs::write(folder.path().join("model.json"), description).expect("written");
        let line = format!("import --weights weights.safetensors --model model.json --run {run}");
        succeeds(folder.path(), &line);
        let line = format!("mnist eval --run {run} --data digits --json");
        json(&succeeds(folder.path(), &line))["test_loss"].clone()
    };
    assert_eq!(
        import("same", ", \"normalize\": [0.1307, 0.3081]"),
        trained["test_loss"]
    );
    assert_ne!(import("other", ""), trained["test_loss"]);

    // The run's settings, and a file that has them as an array, are read as flags.
    let printed = succeeds(
        folder.path(),
        "mnist train --config run/config.json --print-config",
    );
    assert!(
        printed.contains("normalize = \"0.1307,0.3081\""),
        "{printed}"
    );
    std::fs::write(
        folder.path().join("n.toml"),
        "normalize = [0.1307, 0.3081]\n",
    )
    .expect("written");
    let printed = succeeds(folder.path(), "mnist train --config n.toml --print-config");
    assert!(
        printed.contains("normalize = \"0.1307,0.3081\""),
        "{printed}"
    );

    let path = folder.path().join("run/config.json");
    let settings = std::fs::read_to_string(&path).expect("settings");
    std::fs::write(&path, settings.replace("0.3081", "0.0")).expect("written");
    let message = fails(folder.path(), "mnist eval --run run", 1);
    assert!(
        message.contains("normalize: expected a mean and a standard deviation above 0"),
        "{message}"
    );
    let message = fails(folder.path(), "mnist train --normalize 33.3,78.6", 2);
    assert!(message.contains("divide both by 255"), "{message}");
    for wrong in ["0.1", "0.1,0", "0.1,nan", "a,b"] {
        let message = fails(
            folder.path(),
            &format!("mnist train --normalize {wrong}"),
            2,
        );
        assert!(
            message.contains("such as 0.1307,0.3081"),
            "{wrong}: {message}"
        );
    }
}

#[test]
fn there_may_be_more_classes_than_ten() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = |count: usize| {
        let labels: Vec<u8> = (0..count).map(|i| (i % 27) as u8).collect();
        ImageSet::new(4, 4, vec![9; count * 16], labels, 27).expect("images")
    };
    let letters = Mnist::new(images(54), images(27)).expect("a set");
    letters
        .write(folder.path().join("letters"), true)
        .expect("written");
    let line = format!("mnist train --data letters {TINY} --run run --json");
    assert_eq!(json(&succeeds(folder.path(), &line))["total"], 27);
    let output = succeeds(
        folder.path(),
        "mnist eval --run run --predictions found.csv",
    );
    assert!(output.contains("Out of 27 images"), "{output}");
    let table = std::fs::read_to_string(folder.path().join("run/evaluation/classes.csv"));
    assert_eq!(table.expect("a table").lines().count(), 28);

    // A model of ten classes can't be evaluated on them.
    digits(folder.path());
    let line = format!("mnist train --data digits {TINY} --run ten");
    succeeds(folder.path(), &line);
    let message = fails(folder.path(), "mnist eval --run ten --data letters", 1);
    assert!(
        message.contains("the model has 10 classes, but the images have labels up to 26"),
        "{message}"
    );
}
