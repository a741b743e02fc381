//! Runs whose program was killed at their beginning: none of their folders is dead.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::{fails, succeeds};
use super::{TRAIN, TRAIN_TAGGER, outcome, start, tagged, with_digits};

/// The name of a file that was being written.
const UNFINISHED: &str = ".x.rnn-tmp";
/// The file that is there from the run's first moment to `config.json`.
const BEGUN: &str = ".begun";

/// Puts a file of a run's beginning into the folder of another run.
fn copy(folder: &Path, file: &str, run: &Path) {
    match file {
        BEGUN => fs::write(run.join(file), "").expect("written"),
        file => drop(fs::copy(folder.join("whole").join(file), run.join(file)).expect("copied")),
    }
}

/// Brings the run to its end, by the same command or by `--resume`.
fn finish(folder: &Path, train: &str, name: &str) {
    let command = train.split(' ').next().expect("a command");
    let line = match folder.join(name).join("config.json").exists() {
        true => format!("{command} train --resume {name} --quiet"),
        false => format!("{train} --run {name}"),
    };
    succeeds(folder, &line);
    assert!(
        outcome(&folder.join(name)) == outcome(&folder.join("whole")),
        "{name} is another run"
    );
    for file in [UNFINISHED, BEGUN] {
        assert!(!folder.join(name).join(file).exists(), "{file} in {name}");
    }
}

/// Finishes runs whose folder holds any of the files that a run has at its beginning, in whichever order
/// they were written; gives the runs' names.
fn finish_all(folder: &Path, train: &str, files: &[&str]) -> Vec<String> {
    succeeds(folder, &format!("{train} --run whole"));
    let mut names = Vec::new();
    for subset in 0..1u32 << files.len() {
        let name = format!("run-{subset}");
        let run = folder.join(&name);
        fs::create_dir(&run).expect("a folder");
        let chosen = files.iter().enumerate();
        let chosen = chosen.filter(|(index, _)| subset >> index & 1 == 1);
        let chosen: Vec<&str> = chosen.map(|(_, &file)| file).collect();
        for file in &chosen {
            copy(folder, file, &run);
        }
        let is_begun = chosen.contains(&BEGUN) || chosen.contains(&"config.json");
        if !is_begun && chosen.iter().any(|file| file.ends_with(".json")) {
            // No program that was killed has left these: they are somebody's own.
            let message = fails(folder, &format!("{train} --run {name}"), 1);
            assert!(message.contains("not empty"), "{message}");
            let left = fs::read_dir(&run).expect("a folder").count();
            assert_eq!(left, chosen.len(), "{name}");
            continue;
        }
        fs::write(run.join(UNFINISHED), "half").expect("written");
        finish(folder, train, &name);
        names.push(name);
    }
    names
}

#[test]
fn every_beginning_of_a_classifier_s_run_can_be_finished() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 1 --quiet");
    let names = finish_all(folder.path(), &train, &[".lock", BEGUN, "config.json"]);
    assert_eq!(names.len(), 8);
}

#[test]
fn every_beginning_of_a_tagger_s_run_can_be_finished_and_tags() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [BEGUN, "vocab.json", "characters.json", "config.json"];
    let names = finish_all(folder.path(), &format!("{TRAIN_TAGGER} --epochs 2"), &files);
    // All but those with vocabularies alone.
    assert_eq!(names.len(), 13);
    let expected = tagged(folder.path(), "whole");
    for name in names {
        assert_eq!(tagged(folder.path(), &name), expected, "{name}");
    }
}

#[test]
fn every_beginning_of_a_language_model_s_run_can_be_finished() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = "charlm train --device ndarray --hidden-size 8 --num-layers 1 --batch-size 4 --window 16 \
                 --max-steps 4 --valid-every 2 --valid-limit 200 --quiet";
    let files = [BEGUN, "model.json", "vocab.json", "config.json"];
    let names = finish_all(folder.path(), train, &files);
    // All but those with a model's settings or a vocabulary alone.
    assert_eq!(names.len(), 13);
    let sample = |run: &str| succeeds(folder.path(), &format!("charlm sample --run {run}"));
    for name in names {
        assert_eq!(sample(&name), sample("whole"), "{name}");
    }
}

#[test]
fn a_run_killed_when_one_of_its_first_files_appears_can_be_finished() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = format!("{TRAIN_TAGGER} --epochs 2");
    succeeds(folder.path(), &format!("{train} --run whole"));
    let expected = tagged(folder.path(), "whole");
    for file in [".lock", BEGUN, "vocab.json", "tags.json", "config.json"] {
        let name = file.trim_start_matches('.');
        let mut child = start(folder.path(), &format!("{train} --run {name}"));
        let path = folder.path().join(name).join(file);
        let begun = Instant::now();
        // `.begun` is there for a few milliseconds; after it, `config.json` is.
        while !path.exists() && !folder.path().join(name).join("config.json").exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "no {file}");
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("the program ends");
        finish(folder.path(), &train, name);
        assert_eq!(tagged(folder.path(), name), expected, "{file}");
    }
}

#[test]
fn a_folder_with_anything_else_in_it_is_not_begun_with_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    fs::create_dir(&run).expect("a folder");
    for file in [BEGUN, "vocab.json", "thesis.txt"] {
        fs::write(run.join(file), "precious").expect("written");
    }
    let message = fails(folder.path(), &format!("{TRAIN_TAGGER} --run run"), 1);
    assert!(
        message.contains("run: the folder is not empty"),
        "{message}"
    );
    for file in ["vocab.json", "thesis.txt"] {
        assert_eq!(fs::read(run.join(file)).expect("a file"), b"precious");
    }
}

#[test]
fn an_import_killed_at_its_beginning_can_be_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/tagger");
    let import = format!("import --weights {golden}.pt --model {golden}.json --run");
    succeeds(folder.path(), &format!("{import} whole"));
    let expected = tagged(folder.path(), "whole");
    let files = [
        ".lock",
        BEGUN,
        "vocab.json",
        "tags.json",
        "model.safetensors",
    ];
    for count in 0..=files.len() {
        let name = format!("run-{count}");
        let run = folder.path().join(&name);
        fs::create_dir(&run).expect("a folder");
        for file in &files[..count] {
            copy(folder.path(), file, &run);
        }
        succeeds(folder.path(), &format!("{import} {name}"));
        assert_eq!(tagged(folder.path(), &name), expected, "{name}");
    }
}

#[test]
fn a_run_killed_while_it_wrote_its_first_checkpoint_is_resumed() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 2 --quiet").replace("--checkpoint-every 5", "");
    succeeds(folder.path(), &format!("{train} --run whole"));
    // The first checkpoint is that of the best epoch too, and is written as that first.
    let run = folder.path().join("run/checkpoints");
    fs::create_dir_all(&run).expect("a folder");
    let whole = folder.path().join("whole");
    fs::copy(
        whole.join("config.json"),
        folder.path().join("run/config.json"),
    )
    .expect("copied");
    let first = "step-00000036.safetensors";
    let best = run.join(first.replace("step", "best"));
    fs::copy(whole.join("checkpoints").join(first), best).expect("copied");
    let output = succeeds(folder.path(), "mnist train --resume run");
    assert!(output.contains("going on from best-00000036"), "{output}");
    assert!(outcome(&folder.path().join("run")) == outcome(&whole));
}
