//! Trainings that are killed, stopped, or can't write a checkpoint, and are then resumed.

mod beginning;
mod damaged;
mod disk;
mod extended;
mod killed;
mod locked;
mod stopped;

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rnn_data::Strokes;
use serde_json::Value;

use super::{command, succeeds};

// On a backend that starts quickly.
const TRAIN: &str = "mnist train --device ndarray --data digits --hidden-size 24 --num-layers 2 --dropout 0.2 \
                     --batch-size 10 --valid-split 0.1 --checkpoint-every 5";

/// A tagger on the notebook's two sentences.
const TRAIN_TAGGER: &str = "tagger train --device ndarray --embedding-size 8 --hidden-size 8 --batch-size 1 --checkpoint-every 3 --quiet";

/// What the tagger of a run says of two sentences.
fn tagged(folder: &Path, run: &str) -> String {
    fs::write(
        folder.join("text"),
        "The dog read the book\nEverybody ate\n",
    )
    .expect("written");
    succeeds(folder, &format!("tagger tag --run {run} --file text"))
}

/// A folder with few digits, so that a training starts quickly.
pub fn with_digits() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let digits = Strokes::new(8).mnist(400, 50).expect("digits");
    let written = digits.write(folder.path().join("digits"), false);
    written.expect("written");
    folder
}

/// What must be equal in two runs: the weights, and the history and results without their times.
pub fn outcome(run: &Path) -> (Vec<u8>, Vec<Value>, Value) {
    let weights = fs::read(run.join("model.safetensors")).expect("weights");
    let untimed = |line: &str| {
        let mut value: Value = serde_json::from_str(line).expect("JSON");
        for key in ["seconds", "step_seconds", "run"] {
            value.as_object_mut().expect("an object").remove(key);
        }
        value
    };
    let history = fs::read_to_string(run.join("history.jsonl")).expect("a history");
    let results = fs::read_to_string(run.join("metrics.json")).expect("results");
    (
        weights,
        history.lines().map(untimed).collect(),
        untimed(&results),
    )
}

pub fn start(folder: &Path, line: &str) -> Child {
    let mut command = command(folder, line);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

/// Waits for at most `time`; gives whether the process has ended.
fn ends_within(child: &mut Child, time: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if child.try_wait().expect("a child").is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

/// Waits until the run has a checkpoint.
fn has_checkpoint(run: &Path) {
    let start = Instant::now();
    while fs::read_dir(run.join("checkpoints")).map_or(0, Iterator::count) == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Makes a run that was stopped; gives the outcome of the same training uninterrupted.
fn stopped(folder: &Path) -> (Vec<u8>, Vec<Value>, Value) {
    succeeds(folder, &format!("{TRAIN} --epochs 30 --quiet --run whole"));
    let mut child = start(folder, &format!("{TRAIN} --epochs 30 --run run"));
    let last = folder.join("run/checkpoints/step-00000015.safetensors");
    while !last.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("the program ends");
    outcome(&folder.join("whole"))
}

/// The names of the latest two checkpoints, the latest first.
fn checkpoints(run: &Path) -> [String; 2] {
    let entries = fs::read_dir(run.join("checkpoints")).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter_map(|name| name.strip_suffix(".safetensors").map(str::to_owned))
        .filter(|name| name.starts_with("step-"))
        .collect();
    names.sort();
    let last = names.pop().expect("a checkpoint");
    [last, names.pop().expect("another")]
}
