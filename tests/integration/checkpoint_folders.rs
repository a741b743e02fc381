//! A training writes its checkpoints into no folder of another one's.

use std::path::Path;

use burn::tensor::Device;
use rnn_data::Strokes;
use rnn_model::{Classifier, ClassifierConfig, Rnn, RnnConfig, StateDict};
use rnn_train::checkpoint::{Checkpoint, CheckpointError, Checkpoints};
use rnn_train::config::SaveInterval;
use rnn_train::progress::{Observer, StartReport};
use rnn_train::{FitConfig, Fitted, ImageLoader, TrainError, Trainer};
use tests::devices;

/// Trains for two epochs of four steps each, and saves every three steps.
fn train(
    folder: &Path,
    checkpoint: Option<Checkpoint>,
) -> Result<Fitted<Classifier<Rnn>>, TrainError> {
    let (_, device) = devices().swap_remove(0);
    let trainer = Trainer::new(FitConfig::new(2))
        .with_checkpoints(Checkpoints::new(folder).every(SaveInterval::Steps(3)));
    let trainer = match checkpoint {
        Some(checkpoint) => trainer.resume(checkpoint),
        None => trainer,
    };
    trainer.fit(model(&device), digits())
}

fn model(device: &Device) -> Classifier<Rnn> {
    device.seed(3);
    ClassifierConfig::new(RnnConfig::new(28, 4), 10).init(device)
}

fn digits() -> ImageLoader {
    let digits = Strokes::new(5).generate(40).expect("digits");
    ImageLoader::images(&digits, 10).shuffled(7)
}

fn weights(fitted: &Fitted<Classifier<Rnn>>) -> Vec<u8> {
    let weights = StateDict::of(&fitted.model).to_safetensors();
    weights.expect("f32 weights")
}

/// The names of all files, in order, with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

fn refused(folder: &Path, checkpoint: Option<Checkpoint>, expected: &[&str]) {
    let before = files(folder);
    let error = train(folder, checkpoint).expect_err("not empty");
    let message = error.to_string();
    let TrainError::Checkpoint(CheckpointError::NotEmpty { there, .. }) = error else {
        panic!("{message}");
    };
    assert_eq!(there, expected);
    for part in [
        &*folder.display().to_string(),
        expected[0],
        "resume from one of them",
        "another folder",
    ] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    assert!(files(folder) == before, "a file was changed");
}

#[test]
fn a_new_training_keeps_the_checkpoints_of_an_older_one() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    train(folder.path(), None).expect("a training");
    let names = [
        "best-00000004.safetensors",
        "best-00000008.safetensors",
        "step-00000006.safetensors",
        "step-00000008.safetensors",
    ];
    refused(folder.path(), None, &names);

    // One checkpoint is enough, and so is a file of any other kind.
    for name in &names[1..] {
        std::fs::remove_file(folder.path().join(name)).expect("removed");
    }
    refused(folder.path(), None, &names[..1]);
    std::fs::rename(
        folder.path().join(names[0]),
        folder.path().join("notes.txt"),
    )
    .expect("named");
    refused(folder.path(), None, &["notes.txt"]);
}

#[test]
fn nothing_is_trained_before_the_folder_is_refused() {
    struct NoStart;
    impl Observer for NoStart {
        fn start(&mut self, _: &StartReport) {
            panic!("it has started");
        }
    }
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("notes.txt"), "precious").expect("written");
    let result = Trainer::new(FitConfig::new(1))
        .with_checkpoints(Checkpoints::new(folder.path()))
        .with_observer(NoStart)
        .fit(model(&device), digits());
    assert!(result.is_err());
}

#[test]
fn a_checkpoint_from_elsewhere_does_not_open_a_folder() {
    let _alone = tests::seeded();
    let (folder, other) = (tempfile::tempdir(), tempfile::tempdir());
    let (folder, other) = (folder.expect("a folder"), other.expect("a folder"));
    for folder in [&folder, &other] {
        train(folder.path(), None).expect("a training");
    }
    let latest = |folder: &Path| Checkpoints::new(folder).latest().expect("a folder");
    let names: Vec<String> = files(folder.path())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    refused(folder.path(), latest(other.path()), &names);

    // Its own does, by whichever path, and an empty folder is open to all.
    let detour = folder
        .path()
        .join("../")
        .join(folder.path().file_name().expect("a name"));
    train(&detour, latest(folder.path())).expect("nothing is left to do");
    let empty = tempfile::tempdir().expect("a folder");
    train(&empty.path().join("new"), latest(other.path())).expect("nothing is left to do");
}

#[test]
fn leftovers_and_a_lock_are_no_obstacle() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        ".x2.rnn-tmp",
        ".step-00000009.safetensors.7-1.rnn-tmp",
        ".lock",
    ] {
        std::fs::write(folder.path().join(name), "").expect("written");
    }
    train(folder.path(), None).expect("a training");
}

#[test]
fn without_a_last_checkpoint_the_best_one_is_the_latest() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    let whole = train(folder.path(), None).expect("a training");
    // A program that was killed between the two files of its first checkpoint left this one alone.
    for (name, _) in files(folder.path()) {
        if name != "best-00000004.safetensors" {
            std::fs::remove_file(folder.path().join(name)).expect("removed");
        }
    }
    let latest = Checkpoints::new(folder.path()).latest();
    let latest = latest.expect("a folder").expect("the best one");
    assert_eq!(latest.steps_done(), 4);
    let resumed = train(folder.path(), Some(latest)).expect("a training");
    assert!(weights(&resumed) == weights(&whole), "the weights differ");
}
