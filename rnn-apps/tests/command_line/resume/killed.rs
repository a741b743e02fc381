//! Trainings that are killed at random moments, and then resumed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::{succeeds, text};
use super::{TRAIN, TRAIN_TAGGER, ends_within, outcome, start, tagged, with_digits};

/// Kills trainings at `count` random moments, and resumes each until it ends, in the same run as one that
/// was not killed.
fn kill_and_resume(folder: &Path, train: &str, count: u32) {
    let command = train.split(' ').next().expect("a command");
    let whole = Instant::now();
    succeeds(folder, &format!("{train} --run whole"));
    let whole = whole.elapsed();
    let expected = outcome(&folder.join("whole"));

    // A linear congruential generator, so that the moments are the same in every test run.
    let mut random = 1u32;
    let mut kills = 0;
    for attempt in 0.. {
        let name = format!("killed-{attempt}");
        let run = folder.join(&name);
        loop {
            let line = match run.join("config.json").exists() {
                true => format!("{command} train --resume {name} --quiet"),
                false => format!("{train} --run {name}"),
            };
            let mut child = start(folder, &line);
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let share = f64::from(random) / f64::from(u32::MAX);
            let moment = match kills >= count {
                // It may finish.
                true => Duration::from_secs(300),
                false => whole.mul_f64(0.4 * share),
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
        if kills >= count {
            break;
        }
    }
}

#[test]
fn a_training_killed_at_twenty_random_moments_ends_in_the_same_run() {
    let folder = with_digits();
    let train = format!("{TRAIN} --epochs 12 --patience 20 --augment 0.5 --threads 2 --quiet");
    kill_and_resume(folder.path(), &train, 20);
}

#[test]
fn a_tagger_killed_at_ten_random_moments_ends_in_the_same_run() {
    let folder = tempfile::tempdir().expect("a folder");
    kill_and_resume(folder.path(), &format!("{TRAIN_TAGGER} --epochs 60"), 10);
    let expected = tagged(folder.path(), "whole");
    assert_eq!(tagged(folder.path(), "killed-0"), expected);
}

/// Sentences in batches by their lengths, words that become unknown at random, a conditional random field.
#[test]
fn a_tagger_of_many_sentences_killed_at_random_moments_ends_in_the_same_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = ["the/D", "dog/N", "ate/V", "an/D", "old/A", "apple/N"];
    let line = |number: usize| {
        let length = 1 + number * 7 % 11;
        let words = (0..length).map(|place| words[(number + place * place) % words.len()]);
        words.collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<String> = (0..150).map(line).collect();
    fs::write(folder.path().join("words.txt"), lines.join("\n")).expect("written");
    let train = "tagger train --device ndarray --data words.txt --crf --word-dropout 20 --embedding-size 8 \
                 --hidden-size 8 --num-layers 1 --char-embedding-size 4 --char-hidden-size 4 \
                 --batch-size 8 --epochs 12 --checkpoint-every 7 --quiet";
    kill_and_resume(folder.path(), train, 5);
}

/// Dropout of every kind, tied weights, and validations between checkpoints.
#[test]
fn language_models_killed_at_random_moments_end_in_the_same_run() {
    for flags in [
        "--dropout 0.2 --weight-dropout 0.2 --tied-weights --checkpoint-every 7",
        "--dropout 0.2 --variational-dropout --cell gru --layer-norm --recurrent-dropout 0.1",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let train = format!(
            "charlm train --device ndarray --hidden-size 24 --num-layers 2 --batch-size 4 --window 16 \
             --max-steps 240 --valid-every 50 --valid-limit 400 --input-dropout 0.1 --output-dropout 0.2 \
             --quiet {flags}"
        );
        kill_and_resume(folder.path(), &train, 5);
    }
}
