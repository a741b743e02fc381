//! A training that is extended past the epochs it was set to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::tensor::Device;
use rnn_model::{Classifier, Gru};
use rnn_train::checkpoint::{CheckpointError, Checkpoints};
use rnn_train::optim::Schedule;
use rnn_train::{FitConfig, Fitted, StopReason, TrainError, Trainer};
use tests::devices;

use super::{StopAfter, loader, model, trainer, untimed, weights};

fn config(epochs: usize, schedule: Schedule) -> FitConfig {
    FitConfig {
        learning_rate: 0.02,
        schedule,
        seed: 11,
        ..FitConfig::new(epochs)
    }
}

fn with_identity(config: &FitConfig, folder: &Path, now: &str) -> Trainer<Classifier<Gru>> {
    let checkpoints = Checkpoints::new(folder).with_identity(now);
    let checkpoints = checkpoints.with_earlier_identities(["first", "second"]);
    trainer(config, folder).with_checkpoints(checkpoints)
}

/// Trains two epochs, stopping after `stop` steps if it is given, then extends to four under another
/// identity, killed (here: left with the last checkpoint) after `kill` further steps if it is given.
fn extended(
    device: &Device,
    schedule: Schedule,
    stop: Option<usize>,
    kill: Option<usize>,
) -> Fitted<Classifier<Gru>> {
    let folder = tempfile::tempdir().expect("a folder");
    let stopping = |trainer: Trainer<_>, after: Option<usize>| match after {
        Some(steps) => {
            let stop = Arc::new(AtomicBool::new(false));
            let observer = StopAfter(steps, stop.clone());
            trainer.with_stop(stop).with_observer(observer)
        }
        None => trainer,
    };
    let last = || {
        let last = Checkpoints::new(folder.path()).latest();
        last.expect("a whole one").expect("one")
    };
    let first = with_identity(&config(2, schedule), folder.path(), "first");
    let first = stopping(first, stop).fit(model(device), loader());
    first.expect("a training");

    let extension = || with_identity(&config(4, schedule), folder.path(), "second");
    let trainer = stopping(extension().extend(last()), kill);
    let mut fitted = trainer.fit(model(device), loader()).expect("a training");
    if kill.is_some() {
        assert_eq!(fitted.stop_reason, StopReason::Interrupted);
        let trainer = extension().resume(last());
        fitted = trainer.fit(model(device), loader()).expect("a training");
    }
    assert_eq!(fitted.history.len(), 4);
    fitted
}

#[test]
fn what_does_not_depend_on_the_length_goes_on_as_if_it_had_been_longer() {
    let _alone = tests::seeded();
    let (every, gamma) = (1, 0.5);
    let (factor, patience) = (0.3, 0);
    for (name, device) in devices() {
        for schedule in [
            Schedule::Constant,
            Schedule::Step { every, gamma },
            Schedule::ReduceOnPlateau { factor, patience },
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let whole = trainer(&config(4, schedule), folder.path());
            let whole = whole.fit(model(&device), loader()).expect("a training");
            // From the end, and from the middle of the second epoch.
            for stop in [None, Some(7)] {
                let found = extended(&device, schedule, stop, None);
                assert_eq!(untimed(&found), untimed(&whole), "{name}, {schedule:?}");
                let same = weights(&found) == weights(&whole);
                assert!(same, "{name}, {schedule:?}: the weights differ");
            }
        }
    }
}

#[test]
fn a_kill_within_the_extension_changes_nothing() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let cosine = Schedule::Cosine { warmup: 0.3 };
        for schedule in [Schedule::OneCycle, cosine, Schedule::Constant] {
            for stop in [None, Some(7)] {
                let whole = extended(&device, schedule, stop, None);
                // In the epoch that was under way, and in the last one.
                for kill in [8, 17] {
                    let kill = (kill > 10 || stop.is_some()).then_some(kill);
                    let found = extended(&device, schedule, stop, kill);
                    assert_eq!(untimed(&found), untimed(&whole), "{name}, {schedule:?}");
                    let same = weights(&found) == weights(&whole);
                    assert!(same, "{name}, {schedule:?}: the weights differ");
                }
            }
        }
    }
}

#[test]
fn one_cycle_is_laid_anew_over_what_is_left() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let fitted = extended(&device, Schedule::OneCycle, None, None);
    let rates: Vec<f64> = fitted.history.iter().map(|e| e.learning_rate).collect();
    // Each cycle ends far below its highest rate.
    assert!(rates[1] < 1e-5 && rates[3] < 1e-5, "{rates:?}");
    assert!(rates[0] > 1e-3 && rates[2] > 1e-3, "{rates:?}");
}

#[test]
fn patience_starts_to_count_anew_and_the_best_epoch_stays() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        // Far too large, so that the first epochs are the best ones.
        learning_rate: 3.0,
        patience: Some(2),
        ..FitConfig::new(40)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let first = trainer(&config, folder.path());
    let first = first.fit(model(&device), loader()).expect("a training");
    assert_eq!(first.stop_reason, StopReason::OutOfPatience);
    let last = Checkpoints::new(folder.path()).latest();
    let last = last.expect("a whole one").expect("one");
    assert_eq!(last.epochs_done(), first.history.len());

    // Resumed, it is at its end; extended, it goes on, even to the same number of epochs.
    let resumed = trainer(&config, folder.path()).resume(last.clone());
    let resumed = resumed.fit(model(&device), loader()).expect("a training");
    assert_eq!(untimed(&resumed), untimed(&first));
    let extended = trainer(&config, folder.path()).extend(last);
    let extended = extended.fit(model(&device), loader()).expect("a training");
    assert!(extended.history.len() >= first.history.len() + 2);
    if extended.best_epoch == first.best_epoch {
        assert_eq!(extended.history.len(), first.history.len() + 2);
        assert_eq!(weights(&extended), weights(&first));
    }
}

#[test]
fn an_extension_to_what_is_done_and_one_of_another_training_are_refused() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let two = config(2, Schedule::Constant);
    let first = with_identity(&two, folder.path(), "first").fit(model(&device), loader());
    first.expect("a training");
    let last = Checkpoints::new(folder.path()).latest();
    let last = last.expect("a whole one").expect("one");
    let extend = |config: &FitConfig, identity: &str| {
        let trainer = with_identity(config, folder.path(), identity).extend(last.clone());
        trainer.fit(model(&device), loader()).err()
    };

    for epochs in [1, 2] {
        let config = config(epochs, Schedule::Constant);
        let error = extend(&config, "second").expect("an error");
        let TrainError::EpochsDone { done: 2, .. } = error else {
            panic!("{error}");
        };
    }
    let other = FitConfig {
        learning_rate: 0.03,
        ..config(4, Schedule::Constant)
    };
    let error = extend(&other, "second").expect("an error");
    let foreign = |error| {
        matches!(
            error,
            TrainError::Checkpoint(CheckpointError::Foreign { .. })
        )
    };
    assert!(foreign(error));

    let unknown = Checkpoints::new(folder.path()).with_identity("second");
    let trainer = trainer(&config(4, Schedule::Constant), folder.path());
    let trainer = trainer.with_checkpoints(unknown).extend(last);
    let error = trainer.fit(model(&device), loader()).err();
    assert!(foreign(error.expect("an error")));
}
