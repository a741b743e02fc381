//! Trainings that are killed, stopped, or can't write a checkpoint, and are then resumed.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rnn_data::Strokes;
use serde_json::Value;

use super::{command, fails, json, run, succeeds, text};

// On a backend that starts quickly.
const TRAIN: &str = "mnist train --device ndarray --data digits --hidden-size 24 --num-layers 2 --dropout 0.2 \
                     --batch-size 10 --valid-split 0.1 --checkpoint-every 5";

/// A folder with few digits, so that a training starts quickly.
fn with_digits() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let digits = Strokes::new(8).mnist(400, 50).expect("digits");
    let written = digits.write(folder.path().join("digits"), false);
    written.expect("written");
    folder
}

/// What must be equal in two runs: the weights, and the history and results without their times.
fn outcome(run: &Path) -> (Vec<u8>, Vec<Value>, Value) {
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

fn start(folder: &Path, line: &str) -> Child {
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

#[test]
fn a_training_killed_at_twenty_random_moments_ends_in_the_same_run() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 12 --patience 20 --threads 2 --quiet");
    let whole = Instant::now();
    succeeds(folder.path(), &format!("{train} --run whole"));
    let whole = whole.elapsed();
    let expected = outcome(&folder.path().join("whole"));

    // A linear congruential generator, so that the moments are the same in every test run.
    let mut random = 1u32;
    let mut kills = 0;
    for attempt in 0.. {
        let name = format!("killed-{attempt}");
        let run = folder.path().join(&name);
        loop {
            let line = match run.join("config.json").exists() {
                true => format!("mnist train --resume {name} --quiet"),
                false => format!("{train} --run {name}"),
            };
            let mut child = start(folder.path(), &line);
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let share = f64::from(random) / f64::from(u32::MAX);
            let moment = match kills {
                // After 20 kills, the training may finish.
                20.. => Duration::from_secs(300),
                _ => whole.mul_f64(0.4 * share),
            };
            let has_ended = ends_within(&mut child, moment);
            if !has_ended {
                child.kill().expect("SIGKILL");
                kills += 1;
            }
            let output = child.wait_with_output().expect("the program ends");
            if has_ended {
                assert!(output.status.success(), "{}", text(&output.stderr));
                break;
            }
        }
        assert!(outcome(&run) == expected, "{name} is another run");
        // No temporary file of an interrupted write is left.
        for folder in [run.clone(), run.join("checkpoints")] {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let name = entry.expect("an entry").file_name();
                let name = name.to_string_lossy();
                assert!(name == ".lock" || !name.starts_with('.'), "{name}");
            }
        }
        if kills >= 20 {
            break;
        }
    }
}

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

#[test]
fn a_damaged_checkpoint_is_named_with_the_one_to_use_instead() {
    let folder = with_digits();
    let expected = stopped(folder.path());
    let run_folder = folder.path().join("run");
    let [last, before] = checkpoints(&run_folder);
    let path = run_folder.join(format!("checkpoints/{last}.safetensors"));
    let mut bytes = fs::read(&path).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).expect("damaged");

    let message = fails(folder.path(), "mnist train --resume run", 1);
    for part in [&last[..], "damaged", "SHA-256", "--from", &before] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    assert_eq!(fs::read(&path).expect("a checkpoint"), bytes);

    let line = format!("mnist train --resume run --quiet --from {before}");
    succeeds(folder.path(), &line);
    assert!(outcome(&run_folder) == expected);

    let message = fails(
        folder.path(),
        "mnist train --resume whole --from step-00000001",
        1,
    );
    assert!(
        message.contains("step-00000001") || message.contains("finished"),
        "{message}"
    );
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = with_digits();
    stopped(folder.path());
    let run_folder = folder.path().join("run");
    // The same model and data, but another seed.
    let other = format!("{TRAIN} --epochs 30 --seed 2 --quiet --run other");
    succeeds(folder.path(), &other);
    let [last, _] = checkpoints(&run_folder);
    let [foreign, _] = checkpoints(&folder.path().join("other"));
    let checkpoint = |run: &str, name: &str| {
        folder
            .path()
            .join(run)
            .join(format!("checkpoints/{name}.safetensors"))
    };
    let own = fs::read(checkpoint("run", &last)).expect("a checkpoint");
    fs::copy(checkpoint("other", &foreign), checkpoint("run", &foreign)).expect("copied");

    let message = fails(folder.path(), "mnist train --resume run", 1);
    for part in [&foreign[..], "of another training", "identity"] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    assert!(fs::read(checkpoint("run", &last)).expect("a checkpoint") == own);
    succeeds(
        folder.path(),
        &format!("mnist train --resume run --quiet --from {last}"),
    );
}

#[test]
fn changed_data_are_refused() {
    let folder = with_digits();
    stopped(folder.path());
    let other = Strokes::new(9).mnist(400, 50).expect("digits");
    other
        .write(folder.path().join("digits"), false)
        .expect("written");
    let message = fails(folder.path(), "mnist train --resume run", 1);
    assert!(
        message.contains("images to train on have changed"),
        "{message}"
    );
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_an_error_that_keeps_the_checkpoints() {
    let folder = with_digits();
    let expected = stopped(folder.path());
    let run_folder = folder.path().join("run");
    let [last, _] = checkpoints(&run_folder);
    let path = run_folder.join(format!("checkpoints/{last}.safetensors"));
    let before = fs::read(&path).expect("a checkpoint");
    // The limit on file sizes makes writing a checkpoint fail, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" mnist train --resume run --quiet";
    let output = std::process::Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", script, env!("CARGO_BIN_EXE_rnn-apps")])
        .output()
        .expect("the program starts");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("run/checkpoints/"), "{message}");
    assert!(message.contains("File too large"), "{message}");
    assert!(fs::read(&path).expect("a checkpoint") == before);

    succeeds(folder.path(), "mnist train --resume run --quiet");
    assert!(outcome(&run_folder) == expected);
}

#[test]
#[cfg(unix)]
fn a_read_only_folder_is_an_error_that_keeps_the_checkpoints() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let folder = with_digits();
    let expected = stopped(folder.path());
    let run_folder = folder.path().join("run");
    let checkpoint_folder = run_folder.join("checkpoints");
    let allow = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    let [last, _] = checkpoints(&run_folder);
    let path = checkpoint_folder.join(format!("{last}.safetensors"));
    let before = fs::read(&path).expect("a checkpoint");
    for read_only in [&checkpoint_folder, &run_folder] {
        allow(read_only, 0o555);
    }
    // The superuser ignores permissions, so the program is then run as another user, from a folder
    // that this user can read.
    let is_root = fs::metadata(folder.path()).expect("a folder").uid() == 0;
    let mut train = command(folder.path(), "mnist train --resume run --quiet");
    if is_root {
        allow(folder.path(), 0o755);
        let program = folder.path().join("rnn-apps");
        fs::copy(env!("CARGO_BIN_EXE_rnn-apps"), &program).expect("copied");
        train = std::process::Command::new(program);
        train.current_dir(folder.path()).uid(65_534);
        train.args("mnist train --resume run --quiet".split(' '));
    }
    let output = train.output().expect("the program starts");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("run") && message.contains("denied"),
        "{message}"
    );
    assert!(fs::read(&path).expect("a checkpoint") == before);

    for writable in [&checkpoint_folder, &run_folder] {
        allow(writable, 0o755);
    }
    succeeds(folder.path(), "mnist train --resume run --quiet");
    assert!(outcome(&run_folder) == expected);
}

#[test]
fn two_programs_do_not_write_to_one_run() {
    let folder = with_digits();
    let mut child = start(folder.path(), &format!("{TRAIN} --epochs 1000 --run run"));
    has_checkpoint(&folder.path().join("run"));
    let message = fails(folder.path(), "mnist train --resume run", 1);
    assert!(message.contains("another program"), "{message}");
    child.kill().expect("SIGKILL");
    child.wait().expect("the program ends");
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
    for part in ["at step ", "(epoch 1)", "smaller learning rate"] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    let checkpoints = folder.path().join("run/checkpoints");
    assert!(!checkpoints.exists(), "non-finite weights were saved");
}
