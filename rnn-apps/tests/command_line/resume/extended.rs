//! Runs that go on past the epochs they were set to.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{TRAIN, ends_within, outcome, start, with_digits};
use crate::{fails, json, succeeds};

const ONE_CYCLE: &str = "--quiet --schedule one-cycle";
const CONSTANT: &str = "--quiet --schedule constant";

/// A copy of a run in the same folder.
fn copy(folder: &Path, from: &str, to: &str) {
    fn copy_all(from: &Path, to: &Path) {
        fs::create_dir(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder").flatten() {
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            match from.is_dir() {
                true => copy_all(&from, &to),
                false => _ = fs::copy(&from, &to).expect("a copy"),
            }
        }
    }
    copy_all(&folder.join(from), &folder.join(to));
}

fn epochs_of(run: &Path) -> u64 {
    let config = fs::read_to_string(run.join("config.json")).expect("settings");
    json(&config.replace('\n', ""))["training"]["fit"]["epochs"]
        .as_u64()
        .expect("a number")
}

#[test]
fn a_finished_run_goes_on_as_if_it_had_been_longer() {
    let folder = with_digits();
    let path = |run: &str| folder.path().join(run);
    succeeds(
        folder.path(),
        &format!("{TRAIN} {CONSTANT} --epochs 5 --run whole"),
    );
    succeeds(
        folder.path(),
        &format!("{TRAIN} {CONSTANT} --epochs 2 --run run"),
    );
    let output = succeeds(folder.path(), "mnist train --resume run --epochs 4");
    assert!(
        output.contains("to epoch 4; the schedule goes on"),
        "{output}"
    );
    assert_eq!(epochs_of(&path("run")), 4);
    // And once more.
    succeeds(folder.path(), "mnist train --resume run --epochs 5 --quiet");
    assert!(
        outcome(&path("run")) == outcome(&path("whole")),
        "another run"
    );
    let again = succeeds(folder.path(), "mnist train --resume run");
    assert!(again.contains("the training is finished"), "{again}");
}

#[test]
fn killed_at_any_moment_of_an_extension_it_ends_in_the_same_run() {
    let folder = with_digits();
    let path = |run: &str| folder.path().join(run);
    succeeds(
        folder.path(),
        &format!("{TRAIN} {ONE_CYCLE} --epochs 2 --run run"),
    );
    copy(folder.path(), "run", "whole");
    let extend = |run: &str| format!("mnist train --resume {run} --epochs 6");
    let output = succeeds(folder.path(), &extend("whole"));
    assert!(
        output.contains("restarts over the remaining steps"),
        "{output}"
    );
    let expected = outcome(&path("whole"));

    for (number, milliseconds) in [40, 80, 120, 180, 250, 350].into_iter().enumerate() {
        let name = format!("killed-{number}");
        copy(folder.path(), "run", &name);
        let mut child = start(folder.path(), &extend(&name));
        if !ends_within(&mut child, Duration::from_millis(milliseconds)) {
            child.kill().expect("SIGKILL");
        }
        child.wait().expect("an end");
        // It says itself how far it goes once that is recorded.
        let line = match epochs_of(&path(&name)) {
            2 => extend(&name),
            _ => format!("mnist train --resume {name}"),
        };
        succeeds(folder.path(), &line);
        assert!(outcome(&path(&name)) == expected, "{name} is another run");
    }

    // Killed right after the settings were written, and right before.
    copy(folder.path(), "run", "recorded");
    copy(folder.path(), "run", "unrecorded");
    for run in ["recorded", "unrecorded"] {
        fs::remove_file(path(run).join("metrics.json")).expect("removed");
    }
    let settings = path("recorded").join("config.json");
    fs::copy(path("whole").join("config.json"), settings).expect("a copy");
    succeeds(folder.path(), "mnist train --resume recorded");
    assert!(outcome(&path("recorded")) == expected, "another run");
    succeeds(folder.path(), "mnist train --resume unrecorded");
    assert!(
        outcome(&path("unrecorded")) == outcome(&path("run")),
        "another run"
    );
}

#[test]
fn an_unfinished_run_goes_on_to_other_epochs() {
    let folder = with_digits();
    let path = |run: &str| folder.path().join(run);
    let train = format!("{TRAIN} {CONSTANT} --epochs");
    let mut child = start(folder.path(), &format!("{train} 1000 --run run"));
    let history = path("run").join("history.jsonl");
    let epochs = || fs::read_to_string(&history).map_or(0, |text| text.lines().count());
    // The checkpoint of the first epoch is there once the second one is reported.
    while epochs() < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("an end");
    let message = fails(folder.path(), "mnist train --resume run --epochs 1", 2);
    assert!(message.contains("expected more than"), "{message}");
    let more = epochs() + 2;
    let line = format!("mnist train --resume run --epochs {more}");
    succeeds(folder.path(), &line);
    succeeds(folder.path(), &format!("{train} {more} --run whole"));
    assert!(
        outcome(&path("run")) == outcome(&path("whole")),
        "another run"
    );
}

#[test]
fn epochs_that_are_done_are_refused_and_change_nothing() {
    let folder = with_digits();
    let run = folder.path().join("run");
    succeeds(
        folder.path(),
        &format!("{TRAIN} {CONSTANT} --epochs 2 --run run"),
    );
    let before = (
        outcome(&run),
        fs::read(run.join("config.json")).expect("settings"),
    );
    for epochs in [1, 2] {
        let line = format!("mnist train --resume run --epochs {epochs}");
        let message = fails(folder.path(), &line, 2);
        for part in [
            "run: ",
            &format!("--epochs {epochs}"),
            "expected more than 2",
        ] {
            assert!(message.contains(part), "no {part} in {message}");
        }
    }
    let after = (
        outcome(&run),
        fs::read(run.join("config.json")).expect("settings"),
    );
    assert!(after == before);
    fails(folder.path(), "mnist train --run run --epochs 4", 1);
    let line = "mnist train --resume run --from best --epochs 4";
    fails(folder.path(), line, 2);

    // Without checkpoints there is no way but a new run.
    fs::remove_dir_all(run.join("checkpoints")).expect("removed");
    let message = fails(folder.path(), "mnist train --resume run --epochs 4", 1);
    assert!(message.contains("its checkpoints are gone"), "{message}");
    assert!(message.contains("--init-from run"), "{message}");
    let after = (
        outcome(&run),
        fs::read(run.join("config.json")).expect("settings"),
    );
    assert!(after == before);
}

#[test]
fn a_run_whose_patience_ran_out_goes_on() {
    let folder = with_digits();
    let line = format!(
        "{TRAIN} {CONSTANT} --learning-rate 1 --optimizer sgd --patience 2 --epochs 40 --run run"
    );
    succeeds(folder.path(), &line);
    let epochs = |output: &str| json(output)["epochs"].as_u64().expect("a number");
    let first = epochs(&succeeds(folder.path(), "mnist train --resume run --json"));
    assert!(first < 39, "patience did not run out: {first}");
    let line = "mnist train --resume run --epochs 40 --json";
    let second = epochs(&succeeds(folder.path(), line));
    assert!(second >= first + 2, "{second} after {first}");
}

#[test]
fn a_tagger_goes_on_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = format!("{} --schedule constant", super::TRAIN_TAGGER);
    succeeds(folder.path(), &format!("{train} --epochs 4 --run whole"));
    succeeds(folder.path(), &format!("{train} --epochs 2 --run run"));
    succeeds(
        folder.path(),
        "tagger train --resume run --epochs 4 --quiet",
    );
    let outcome = |run: &str| outcome(&folder.path().join(run));
    assert!(outcome("run") == outcome("whole"), "another run");
}

#[test]
fn an_extension_records_on_what_it_runs() {
    let folder = with_digits();
    let train = format!("{TRAIN} {CONSTANT} --epochs");
    succeeds(folder.path(), &format!("{train} 1 --threads 1 --run run"));
    let line = "mnist train --resume run --epochs 2 --threads 2";
    let output = crate::run(folder.path(), line);
    assert!(output.status.success());
    let warning = crate::text(&output.stderr);
    assert!(
        warning.contains("number of threads was 1, and is 2 now"),
        "{warning}"
    );
    let config = fs::read_to_string(folder.path().join("run/config.json")).expect("settings");
    assert!(config.contains("\"threads\": 2"), "{config}");
}

#[test]
fn an_extension_that_cannot_begin_leaves_a_finished_run() {
    let folder = with_digits();
    let train = format!("{TRAIN} {CONSTANT} --epochs 1");
    succeeds(folder.path(), &format!("{train} --run run"));
    succeeds(folder.path(), &format!("{train} --seed 2 --run other"));
    let checkpoint = |run: &str, name: &str| folder.path().join(run).join("checkpoints").join(name);
    let mut names = fs::read_dir(folder.path().join("other/checkpoints")).expect("a folder");
    let is_last = |name: &str| name.starts_with("step-");
    let name = names.find_map(|entry| {
        let name = entry.expect("an entry").file_name().into_string().ok()?;
        is_last(&name).then_some(name)
    });
    let from = checkpoint("other", &name.expect("a checkpoint"));
    fs::copy(from, checkpoint("run", "step-00009999.safetensors")).expect("a copy");
    let before = outcome(&folder.path().join("run"));
    let message = fails(folder.path(), "mnist train --resume run --epochs 3", 1);
    assert!(message.contains("of another training"), "{message}");
    assert!(outcome(&folder.path().join("run")) == before);
    assert_eq!(epochs_of(&folder.path().join("run")), 1);
}

#[test]
fn weights_of_an_earlier_end_are_used_with_a_warning() {
    let folder = with_digits();
    succeeds(
        folder.path(),
        &format!("{TRAIN} {CONSTANT} --epochs 1 --run run"),
    );
    let eval = || crate::run(folder.path(), "mnist eval --run run");
    assert!(eval().stderr.is_empty());
    fs::remove_file(folder.path().join("run/metrics.json")).expect("removed");
    let output = eval();
    assert!(output.status.success());
    let warning = crate::text(&output.stderr);
    assert!(warning.contains("the training has not ended"), "{warning}");
    let output = succeeds(folder.path(), "info run");
    assert!(
        output.contains("`mnist train --resume run` goes on"),
        "{output}"
    );
    let output = succeeds(folder.path(), "runs .");
    assert!(output.contains("trained, not evaluated"), "{output}");
}
