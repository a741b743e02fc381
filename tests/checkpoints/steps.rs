//! Trainings that are validated by steps, or end after so many: reports, checkpoints, patience.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rnn_data::Streams;
use rnn_model::CharRnnConfig;
use rnn_train::checkpoint::Checkpoints;
use rnn_train::config::ValidEvery;
use rnn_train::optim::{Optimizer, Schedule};
use rnn_train::{
    CharLoader, FitConfig, Fitted, ImageLoader, Objective, StopReason, TrainError, Trainer,
};
use tests::devices;

use super::{StopAfter, digits, in_parts, loader, model, trainer, untimed, weights};

/// Epochs have five steps.
fn config(max_steps: usize, every: usize) -> FitConfig {
    FitConfig {
        max_steps: Some(max_steps),
        valid_every: ValidEvery::Steps(every),
        learning_rate: 0.02,
        seed: 11,
        ..FitConfig::new(1)
    }
}

/// The step, the epoch and the items of each report.
fn places<M: Objective>(fitted: &Fitted<M>) -> Vec<(usize, usize, usize)> {
    let reports = fitted.history.iter();
    reports.map(|r| (r.steps, r.epoch, r.items)).collect()
}

#[test]
fn a_kill_at_any_step_changes_nothing() {
    let _alone = tests::seeded();
    let cosine = Schedule::Cosine { warmup: 0.2 };
    let plateau = Schedule::ReduceOnPlateau {
        factor: 0.3,
        patience: 0,
    };
    for (name, device) in devices() {
        for (schedule, patience, accumulate) in [
            (cosine, None, 1),
            (plateau, Some(9), 1),
            (Schedule::OneCycle, None, 2),
        ] {
            let config = FitConfig {
                schedule,
                patience,
                accumulate,
                ..config(13, 3)
            };
            let folder = tempfile::tempdir().expect("a folder");
            let whole = trainer(&config, folder.path()).fit(model(&device), loader());
            let whole = whole.expect("a training");
            let steps: Vec<usize> = whole.history.iter().map(|report| report.steps).collect();
            assert_eq!(steps, [3, 6, 9, 12, 13], "{name}");
            assert_eq!(whole.stop_reason, StopReason::Finished);
            assert!(whole.history.iter().all(|r| r.valid_loss.is_some()));
            // Between validations, in one, at an epoch's end, and in the last validation.
            for stops in [vec![1, 3, 5, 6, 10, 13], vec![2, 4, 12], vec![8]] {
                let parts = in_parts(&config, &device, &stops);
                assert_eq!(untimed(&parts), untimed(&whole), "{name}, {stops:?}");
                let same = weights(&parts) == weights(&whole);
                assert!(same, "{name}, {schedule:?}, {stops:?}: the weights differ");
                assert_eq!(parts.best_step, whole.best_step);
            }
        }
    }
}

#[test]
fn a_carried_state_goes_on_across_validations_and_kills() {
    let _alone = tests::seeded();
    let ids: Vec<usize> = (0..90).map(|i| (i * i + i / 7) % 5).collect();
    let streams = Streams::new(vec![ids], 2, 4).expect("streams");
    let by_steps = FitConfig {
        carry_state: true,
        ..config(17, 4)
    };
    let (_, device) = devices().swap_remove(0);
    let model = || {
        device.seed(2);
        CharRnnConfig::new(5, 8, 5).init(&device)
    };
    let loader = || CharLoader::streams(streams.clone(), 5); // eleven windows
    let trainer = |config: &FitConfig| Trainer::new(config.clone()).with_validation(loader());
    let whole = trainer(&by_steps).fit(model(), loader());
    let whole = whole.expect("a training");
    let never = FitConfig {
        valid_every: ValidEvery::Steps(17),
        ..by_steps.clone()
    };
    let unvalidated = trainer(&never).fit(model(), loader());
    let unvalidated = unvalidated.expect("a training");
    assert!(
        weights(&unvalidated) == weights(&whole),
        "validation matters"
    );

    for kill in [3, 8, 11, 14] {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(folder.path());
        let stop = Arc::new(AtomicBool::new(false));
        trainer(&by_steps)
            .with_checkpoints(checkpoints.clone())
            .with_stop(stop.clone())
            .with_observer(StopAfter(kill, stop))
            .fit(model(), loader())
            .expect("a training");
        let checkpoint = checkpoints.latest().expect("a whole one").expect("one");
        let rest = trainer(&by_steps).resume(checkpoint).fit(model(), loader());
        let rest = rest.expect("a training");
        assert!(weights(&rest) == weights(&whole), "killed after {kill}");
        assert_eq!(untimed(&rest), untimed(&whole), "killed after {kill}");
    }
}

#[test]
fn validation_within_an_epoch_changes_no_step() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let fit = |config: &FitConfig| {
            let folder = tempfile::tempdir().expect("a folder");
            let fitted = trainer(config, folder.path()).fit(model(&device), loader());
            fitted.expect("a training")
        };
        let by_epochs = FitConfig {
            schedule: Schedule::OneCycle,
            max_steps: None,
            valid_every: ValidEvery::Epoch,
            epochs: 2,
            ..config(1, 1)
        };
        let expected = fit(&by_epochs);
        assert_eq!(places(&expected), [(5, 1, 44), (10, 2, 44)]);
        let by_both = FitConfig {
            valid_every: ValidEvery::Steps(3),
            ..by_epochs.clone()
        };
        let by_steps = FitConfig {
            max_steps: Some(10),
            epochs: 9,
            ..by_both.clone()
        };
        for config in [by_both, by_steps] {
            let found = fit(&config);
            let reports = [(3, 1, 30), (6, 2, 24), (9, 2, 30), (10, 2, 4)];
            assert_eq!(places(&found), reports, "{name}");
            assert!(weights(&found) == weights(&expected), "{name}");
            let last = |fitted: &Fitted<_>| fitted.history.last().and_then(|r| r.valid_loss);
            assert_eq!(last(&found), last(&expected), "{name}");
        }
    }
}

#[test]
fn a_training_ends_within_an_epoch_and_is_validated_there() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        valid_every: ValidEvery::Epoch,
        ..config(7, 1)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let fitted = trainer(&config, folder.path()).fit(model(&device), loader());
    let fitted = fitted.expect("a training");
    assert_eq!(places(&fitted), [(5, 1, 44), (7, 2, 20)]);
    assert_eq!(
        (fitted.steps, fitted.stop_reason),
        (7, StopReason::Finished)
    );
    let last = fitted.history.last().expect("a report");
    let (_, valid) = digits();
    let result = rnn_train::evaluate(&fitted.model, &ImageLoader::images(&valid, 8));
    let loss = result.expect("a result").loss;
    let expected = last.valid_loss.expect("a loss");
    assert!(
        (loss - expected).abs() < 1e-5,
        "{loss}, expected {expected}"
    );
}

#[test]
fn patience_and_the_best_weights_go_by_validations() {
    let _alone = tests::seeded();
    let (_, valid) = digits();
    for (name, device) in devices() {
        let config = FitConfig {
            // Far too large, so that the first steps are the best ones.
            learning_rate: 3.0,
            optimizer: Optimizer::Sgd {
                momentum: 0.9,
                weight_decay: 0.0,
            },
            patience: Some(3),
            ..config(400, 2)
        };
        let folder = tempfile::tempdir().expect("a folder");
        let fitted = trainer(&config, folder.path()).fit(model(&device), loader());
        let fitted = fitted.expect("a training");
        assert_eq!(fitted.stop_reason, StopReason::OutOfPatience, "{name}");
        let best = fitted.best_step.expect("a step");
        assert_eq!(fitted.steps, best + 3 * 2, "{name}");
        let report = fitted.report().expect("a report");
        assert!(report.best && report.steps == best, "{name}: {report:?}");
        assert_eq!(fitted.best_epoch, Some(report.epoch));
        let losses = fitted.history.iter().map(|report| report.loss());
        assert_eq!(losses.fold(f64::INFINITY, f64::min), report.loss());
        let result = rnn_train::evaluate(&fitted.model, &ImageLoader::images(&valid, 8));
        let loss = result.expect("a result").loss;
        assert!((loss - report.loss()).abs() < 1e-5, "{name}: {loss}");

        let checkpoints = Checkpoints::new(folder.path());
        let found = checkpoints.best().expect("a whole one").expect("one");
        assert_eq!(found.steps_done(), best, "{name}");
        let bytes = found.weights().to_safetensors().expect("f32 weights");
        assert!(bytes == weights(&fitted), "{name}");

        // Extended to the same number of steps it goes on, and patience counts anew.
        let last = checkpoints.latest().expect("a whole one").expect("one");
        let extended = trainer(&config, folder.path()).extend(last);
        let extended = extended.fit(model(&device), loader()).expect("a training");
        assert!(extended.history.len() >= fitted.history.len() + 3, "{name}");
    }
}

#[test]
fn a_training_is_extended_to_more_steps_and_between_epochs_and_steps() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let whole = |config: &FitConfig| {
        let folder = tempfile::tempdir().expect("a folder");
        let fitted = trainer(config, folder.path()).fit(model(&device), loader());
        fitted.expect("a training")
    };
    let extended = |first: &FitConfig, stop: Option<usize>, then: &FitConfig| {
        let folder = tempfile::tempdir().expect("a folder");
        let flag = Arc::new(AtomicBool::new(false));
        trainer(first, folder.path())
            .with_stop(flag.clone())
            .with_observer(StopAfter(stop.unwrap_or(usize::MAX), flag))
            .fit(model(&device), loader())
            .expect("a training");
        let last = Checkpoints::new(folder.path()).latest();
        let last = last.expect("a whole one").expect("one");
        let trainer = trainer(then, folder.path()).extend(last);
        trainer.fit(model(&device), loader())
    };
    let long = config(13, 3);
    let expected = whole(&long);
    // From the end there is one more report: the first training's last one.
    let found = extended(&config(7, 3), None, &long).expect("a training");
    let steps: Vec<usize> = found.history.iter().map(|report| report.steps).collect();
    assert_eq!(steps, [3, 6, 7, 9, 12, 13]);
    assert!(weights(&found) == weights(&expected));
    // From within, and from the validation of the last step, it is as if it had been longer.
    for stop in [5, 7] {
        let found = extended(&config(7, 3), Some(stop), &long).expect("a training");
        assert_eq!(untimed(&found), untimed(&expected), "from {stop}");
        assert!(weights(&found) == weights(&expected), "from {stop}");
    }

    let epochs = |epochs| FitConfig {
        epochs,
        max_steps: None,
        ..config(1, 3)
    };
    let found = extended(&epochs(1), None, &long).expect("a training");
    assert!(
        weights(&found) == weights(&expected),
        "from epochs to steps"
    );
    let found = extended(&config(7, 3), None, &epochs(3)).expect("a training");
    assert!(
        weights(&found) == weights(&whole(&epochs(3))),
        "from steps to epochs"
    );
    assert_eq!(found.steps, 15);

    for max_steps in [6, 7] {
        let error = extended(&config(7, 3), None, &config(max_steps, 3));
        let error = error.expect_err("no more steps");
        let TrainError::StepsDone { done: 7, .. } = error else {
            panic!("{error}");
        };
    }
}

#[test]
fn epochs_within_a_stretch_have_no_checkpoints() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let fitted = trainer(&config(12, 100), folder.path()).fit(model(&device), loader());
    assert_eq!(places(&fitted.expect("a training")), [(12, 3, 108)]);
    let names = Checkpoints::new(folder.path()).names().expect("a folder");
    assert_eq!(names, ["step-00000012", "best-00000012"]);
}
