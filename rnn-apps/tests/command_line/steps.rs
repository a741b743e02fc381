//! Trainings that are measured in steps: `--max-steps`, `--valid-every`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::resume::{outcome, start, with_digits};
use crate::{fails, has_keys, json, succeeds};

/// 360 images to train on: epochs of 18 steps.
const TRAIN: &str = "mnist train --device ndarray --data digits --hidden-size 16 --num-layers 1 \
                     --batch-size 20 --valid-split 0.1";

fn reports(run: &Path, key: &str) -> Vec<u64> {
    let history = fs::read_to_string(run.join("history.jsonl")).expect("a history");
    let number = |line: &str| json(line)[key].as_u64().expect("a number");
    history.lines().map(number).collect()
}

#[test]
fn results_history_report_and_tables_are_in_steps() {
    let folder = with_digits();
    let path = folder.path();
    let line = format!("{TRAIN} --max-steps 25 --valid-every 10 --run run --json");
    let output = succeeds(path, &line);
    for text in [
        "25 steps (1.4 epochs), validated every 10",
        "step 10/25  loss",
        "step 25/25",
    ] {
        assert!(output.contains(text), "no {text} in {output}");
    }
    assert!(!output.contains("epoch "), "{output}");
    let results = json(&output);
    has_keys(&results, "epochs steps best_epoch best_step valid_accuracy");
    assert_eq!(
        (&results["epochs"], &results["steps"]),
        (&2.into(), &25.into())
    );
    let run = path.join("run");
    assert_eq!(reports(&run, "steps"), [10, 20, 25]);
    assert_eq!(reports(&run, "epoch"), [1, 2, 2]);
    assert_eq!(reports(&run, "items"), [200, 200, 100]);
    let best = results["best_step"].as_u64().expect("a number");
    assert!([10, 20, 25].contains(&best), "{best}");

    let html = fs::read_to_string(run.join("report.html")).expect("a report");
    for text in [
        &*format!("The best step was {best}."),
        "Loss in nats over steps",
        "chance level (ln 10) 2.303",
        "training.fit.max_steps",
    ] {
        assert!(html.contains(text), "no {text} in the report");
    }
    assert!(!html.contains("training.fit.epochs"));
    succeeds(path, "report run");
    let again = fs::read_to_string(run.join("report.html")).expect("a report");
    assert_eq!(again, html);

    let info = succeeds(path, "info run");
    assert!(
        info.contains("step 10/25") && !info.contains("fit.epochs"),
        "{info}"
    );
    let table = succeeds(path, "runs .");
    assert!(table.contains("  step  seconds"), "{table}");
    let eval = json(&succeeds(path, "mnist eval --run run --json"));
    assert_eq!(eval["epochs"], 2);
}

#[test]
fn settings_have_epochs_or_steps() {
    let folder = with_digits();
    let path = folder.path();
    succeeds(
        path,
        &format!("{TRAIN} --max-steps 3 --valid-every 2 --run run --quiet"),
    );
    for (flags, steps, epochs) in [
        ("", Some("max_steps = 3\n"), None),
        (" --max-steps 7", Some("max_steps = 7\n"), None),
        (" --epochs 4", None, Some("epochs = 4\n")),
    ] {
        let line = format!("mnist train --config run/config.json --print-config{flags}");
        let toml = succeeds(path, &line);
        assert!(toml.contains("valid_every = \"2\"\n"), "{toml}");
        for (name, expected) in [("max_steps = ", steps), ("\nepochs = ", epochs)] {
            assert_eq!(toml.contains(name), expected.is_some(), "{line}: {toml}");
            assert!(
                expected.is_none_or(|expected| toml.contains(expected)),
                "{toml}"
            );
        }
        // It can be read again.
        fs::write(path.join("again.toml"), &toml).expect("written");
        assert_eq!(
            succeeds(path, "mnist train --config again.toml --print-config"),
            toml
        );
    }
    let config = fs::read_to_string(path.join("run/config.json")).expect("settings");
    let config: Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["training"]["fit"]["max_steps"], 3);

    for (flags, says) in [
        ("--epochs 2 --max-steps 3", "--max-steps"),
        ("--max-steps 0", "from 1"),
        ("--valid-every 0", "above 0, or epoch"),
        ("--valid-every 5m", "above 0, or epoch"),
    ] {
        let message = fails(path, &format!("{TRAIN} {flags}"), 2);
        assert!(message.contains(says), "{flags}: {message}");
    }
}

#[test]
fn a_run_killed_between_validations_goes_on_as_if_it_had_not_been() {
    let folder = with_digits();
    let path = |run: &str| folder.path().join(run);
    let train = format!("{TRAIN} --max-steps 400 --valid-every 30 --checkpoint-every 7 --quiet");
    succeeds(folder.path(), &format!("{train} --run whole"));
    let mut child = start(folder.path(), &format!("{train} --run run"));
    let checkpoints = path("run").join("checkpoints");
    while fs::read_dir(&checkpoints).map_or(0, Iterator::count) < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("the program ends");
    assert!(
        !path("run").join("metrics.json").exists(),
        "it was too fast"
    );
    succeeds(folder.path(), "mnist train --resume run");
    assert!(
        outcome(&path("run")) == outcome(&path("whole")),
        "another run"
    );
}

#[test]
fn a_run_goes_on_to_more_steps_or_epochs() {
    let folder = with_digits();
    let path = |run: &str| folder.path().join(run);
    let train = format!("{TRAIN} --schedule constant --quiet --valid-every 5");
    succeeds(
        folder.path(),
        &format!("{train} --max-steps 36 --run whole"),
    );
    succeeds(folder.path(), &format!("{train} --max-steps 10 --run run"));
    let output = succeeds(folder.path(), "mnist train --resume run --max-steps 20");
    assert!(
        output.contains("to step 20; the schedule goes on"),
        "{output}"
    );
    for steps in [10, 20] {
        let line = format!("mnist train --resume run --max-steps {steps}");
        let message = fails(folder.path(), &line, 2);
        let says = format!("--max-steps {steps}: expected more than 20, which are done");
        assert!(message.contains(&says), "{message}");
    }
    let output = succeeds(folder.path(), "mnist train --resume run --epochs 2");
    assert!(output.contains("to epoch 2"), "{output}");
    assert!(
        outcome(&path("run")) == outcome(&path("whole")),
        "another run"
    );
}

#[test]
fn without_validation_data_the_training_loss_is_recorded() {
    let folder = with_digits();
    let line = format!("{TRAIN} --valid-split 0 --max-steps 6 --valid-every 4 --run run --json");
    let line = line.replace("--valid-split 0.1 ", "");
    let results = json(&succeeds(folder.path(), &line));
    assert!(results["best_step"].is_u64(), "{results}");
    assert_eq!(reports(&folder.path().join("run"), "steps"), [4, 6]);
}

#[test]
fn patience_counts_validations() {
    let folder = with_digits();
    let line = format!(
        "{TRAIN} --learning-rate 1 --optimizer sgd --schedule constant --patience 2 --max-steps 2000 \
         --valid-every 3 --run run --json"
    );
    let output = succeeds(folder.path(), &line);
    let results = json(&output);
    let best = results["best_step"].as_u64().expect("a number");
    assert_eq!(results["steps"].as_u64(), Some(best + 6));
    let says = format!("no better loss in 2 validations: these are the weights of step {best}");
    assert!(output.contains(&says), "{output}");
}

#[test]
fn a_tagger_trains_by_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "tagger train --device ndarray --embedding-size 8 --hidden-size 8 --batch-size 1 \
                --max-steps 5 --valid-every 2 --run run --json";
    let results = json(&succeeds(folder.path(), line));
    assert_eq!(
        (&results["epochs"], &results["steps"]),
        (&3.into(), &5.into())
    );
    assert_eq!(reports(&folder.path().join("run"), "steps"), [2, 4, 5]);
    let again = json(&succeeds(
        folder.path(),
        "tagger train --resume run --max-steps 8 --json",
    ));
    assert_eq!(again["steps"], 8);
    assert_eq!(
        reports(&folder.path().join("run"), "steps"),
        [2, 4, 5, 6, 8]
    );
}
