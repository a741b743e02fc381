//! Trainings that a signal stopped, that are finished, or that continue elsewhere.

use std::fs;
use std::process::Child;
use std::time::Duration;

use rnn_data::Strokes;

use super::super::{fails, has_keys, json, run, succeeds, text};
use super::{TRAIN, ends_within, has_checkpoint, outcome, start, stopped, with_digits};

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let mut kill = std::process::Command::new("kill");
    let status = kill.args(["-s", name, &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}

#[test]
#[cfg(unix)]
fn a_signal_saves_and_says_how_to_resume() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 40");
    succeeds(folder.path(), &format!("{train} --quiet --run whole"));
    let expected = outcome(&folder.path().join("whole"));
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let run = folder.path().join(name);
        let mut child = start(folder.path(), &format!("{train} --run {name}"));
        has_checkpoint(&run);
        signal(&child, name);
        assert!(
            ends_within(&mut child, Duration::from_secs(60)),
            "it goes on"
        );
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        let message = text(&output.stderr);
        let says = format!("and saved; go on with: mnist train --resume {name}");
        assert!(message.contains(&says), "{message}");

        let output = succeeds(folder.path(), &format!("mnist train --resume {name}"));
        assert!(output.contains("going on from step-"), "{output}");
        assert!(outcome(&run) == expected, "{name}: another run");
    }
}

#[test]
#[cfg(unix)]
fn a_signal_in_the_evaluation_says_how_to_go_on() {
    use std::io::{BufRead, BufReader};

    let folder = tempfile::tempdir().expect("a folder");
    let digits = Strokes::new(8).mnist(100, 6000).expect("digits");
    let written = digits.write(folder.path().join("digits"), false);
    written.expect("written");
    let line =
        "mnist train --device ndarray --data digits --hidden-size 128 --num-layers 3 --epochs 1";
    let mut child = start(folder.path(), &format!("{line} --run a/run"));
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let trained = lines.find(|line| {
        line.as_ref()
            .is_ok_and(|line| line.starts_with("trained in"))
    });
    assert!(trained.is_some(), "not trained");
    signal(&child, "INT");
    let output = child.wait_with_output().expect("an end");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(
        message.contains("go on with: mnist train --resume a/run"),
        "{message}"
    );
    drop(lines);

    let output = succeeds(folder.path(), "mnist train --resume a/run --json");
    has_keys(&json(&output), "test_accuracy steps");
}

#[test]
fn resuming_a_finished_run_succeeds_at_once() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 1 --json --run run");
    let results = json(&succeeds(folder.path(), &train));
    let before = outcome(&folder.path().join("run"));
    let output = succeeds(folder.path(), "mnist train --resume run --json");
    assert!(output.contains("finished"), "{output}");
    assert_eq!(json(&output), results);
    assert!(outcome(&folder.path().join("run")) == before);
}

#[test]
fn without_a_checkpoint_it_starts_over() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 2 --quiet --run");
    succeeds(folder.path(), &format!("{train} whole"));
    let run = folder.path().join("run");
    fs::create_dir(&run).expect("a folder");
    fs::copy(
        folder.path().join("whole/config.json"),
        run.join("config.json"),
    )
    .expect("copied");
    succeeds(folder.path(), "mnist train --resume run");
    assert!(outcome(&run) == outcome(&folder.path().join("whole")));
}

#[test]
fn a_different_device_or_number_of_threads_is_a_warning() {
    let folder = with_digits();
    stopped(folder.path());
    let output = run(folder.path(), "mnist train --resume run --threads 3");
    let message = text(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert!(message.contains("number of threads was"), "{message}");
}

#[test]
fn a_non_finite_loss_stops_the_run_at_its_step() {
    let folder = with_digits();
    let line = "mnist train --device ndarray --data digits --hidden-size 24 --num-layers 1 --batch-size 10 \
                --optimizer sgd --momentum 0 --learning-rate 1e38 --schedule constant \
                --recipe notebook --epochs 3 --run run";
    let message = fails(folder.path(), line, 1);
    for part in ["at step ", "(epoch 1, batch ", "smaller learning rate"] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    let checkpoints = folder.path().join("run/checkpoints");
    assert!(!checkpoints.exists(), "non-finite weights were saved");
}
