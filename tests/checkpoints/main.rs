//! A resumed training equals an uninterrupted one, and unusable checkpoints are errors.

mod contents;
mod extension;
mod refused;
mod steps;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use burn::tensor::Device;
use rnn_data::{ImageSet, Streams, Strokes};
use rnn_model::{CharRnnConfig, Classifier, ClassifierConfig, Gru, GruConfig, StateDict};
use rnn_train::checkpoint::{Checkpoint, CheckpointError, Checkpoints};
use rnn_train::config::SaveInterval;
use rnn_train::optim::{Optimizer, Schedule};
use rnn_train::progress::{EpochReport, Observer, StepReport};
use rnn_train::{
    CharLoader, FitConfig, Fitted, ImageLoader, Objective, StopReason, TrainError, Trainer,
};
use tests::devices;

fn weights<M: Objective>(fitted: &Fitted<M>) -> Vec<u8> {
    let weights = StateDict::of(&fitted.model).to_safetensors();
    weights.expect("f32 weights")
}

fn untimed<M: Objective>(fitted: &Fitted<M>) -> Vec<EpochReport> {
    let untimed = |report: &EpochReport| EpochReport {
        seconds: 0.0,
        step_seconds: 0.0,
        predictions: Vec::new(),
        ..report.clone()
    };
    fitted.history.iter().map(untimed).collect()
}

fn model(device: &Device) -> Classifier<Gru> {
    device.seed(3);
    let gru = GruConfig::new(28, 6).with_num_layers(2).with_dropout(0.2);
    ClassifierConfig::new(gru, 10).init(device)
}

fn digits() -> (ImageSet, ImageSet) {
    Strokes::new(5).generate(60).expect("digits").split_at(44)
}

/// Sets a flag after the given number of steps.
struct StopAfter(usize, Arc<AtomicBool>);

impl Observer for StopAfter {
    fn step(&mut self, report: &StepReport) {
        if report.step == self.0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

fn trainer(config: &FitConfig, folder: &Path) -> Trainer<Classifier<Gru>> {
    let (_, valid) = digits();
    Trainer::new(config.clone())
        .with_checkpoints(Checkpoints::new(folder))
        .with_validation(ImageLoader::images(&valid, 8))
}

fn loader() -> ImageLoader {
    let (train, _) = digits();
    ImageLoader::images(&train, 10).shuffled(7) // five batches, the last one of 4
}

/// Trains, stopping at each of the steps in `stops` and resuming in a new trainer each time.
fn in_parts(config: &FitConfig, device: &Device, stops: &[usize]) -> Fitted<Classifier<Gru>> {
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints::new(folder.path());
    let resumed = |trainer: Trainer<_>| match checkpoints.latest().expect("a whole one") {
        Some(checkpoint) => trainer.resume(checkpoint),
        None => trainer,
    };
    for &steps in stops {
        let stop = Arc::new(AtomicBool::new(false));
        let fitted = resumed(trainer(config, folder.path()))
            .with_stop(stop.clone())
            .with_observer(StopAfter(steps, stop))
            .fit(model(device), loader())
            .expect("a training");
        assert_eq!(
            (fitted.stop_reason, fitted.steps),
            (StopReason::Interrupted, steps)
        );
        let latest = checkpoints.latest().expect("a whole one").expect("one");
        assert_eq!(latest.steps_done(), steps);
    }
    let last = resumed(trainer(config, folder.path())).fit(model(device), loader());
    last.expect("a training")
}

#[test]
fn a_resumed_training_equals_an_uninterrupted_one() {
    let _alone = tests::seeded();
    let sgd = Optimizer::Sgd {
        momentum: 0.9,
        weight_decay: 0.01,
    };
    let rmsprop = Optimizer::RmsProp {
        momentum: 0.5,
        weight_decay: 0.0,
    };
    let adamw = Optimizer::AdamW { weight_decay: 0.1 };
    let plateau = Schedule::ReduceOnPlateau {
        factor: 0.3,
        patience: 0,
    };
    let base = FitConfig {
        learning_rate: 0.02,
        clip_norm: Some(1.0),
        seed: 11,
        ..FitConfig::new(3)
    };
    let configs = [
        (Optimizer::Adam, Schedule::OneCycle, 1, None),
        (adamw, Schedule::Cosine { warmup: 0.2 }, 2, None),
        (sgd, plateau, 1, Some(1)),
        (
            rmsprop,
            Schedule::Step {
                every: 1,
                gamma: 0.5,
            },
            3,
            Some(5),
        ),
    ];
    for (name, device) in devices() {
        for (optimizer, schedule, accumulate, patience) in configs {
            let config = FitConfig {
                optimizer,
                schedule,
                accumulate,
                patience,
                ..base.clone()
            };
            let folder = tempfile::tempdir().expect("a folder");
            let whole = trainer(&config, folder.path()).fit(model(&device), loader());
            let whole = whole.expect("a training");
            // Stops within an epoch, at its last step, and right after its first step.
            let steps = 5usize.div_ceil(accumulate);
            let stops = [1, steps, steps + 1];
            let parts = in_parts(&config, &device, &stops);
            assert_eq!(untimed(&parts), untimed(&whole), "{name}, {optimizer:?}");
            let same = weights(&parts) == weights(&whole);
            assert!(same, "{name}, {optimizer:?}: the weights differ");
            assert_eq!(parts.stop_reason, whole.stop_reason);
        }
    }
}

#[test]
fn a_carried_state_is_kept() {
    let _alone = tests::seeded();
    let ids: Vec<usize> = (0..90).map(|i| (i * i + i / 7) % 5).collect();
    let streams = Streams::new(vec![ids], 2, 4).expect("streams");
    let config = FitConfig {
        learning_rate: 0.02,
        carry_state: true,
        ..FitConfig::new(2)
    };
    for (name, device) in devices() {
        let model = || {
            device.seed(2);
            CharRnnConfig::new(5, 8, 5).init(&device)
        };
        let loader = || CharLoader::streams(streams.clone(), 5);
        let whole = Trainer::new(config.clone()).fit(model(), loader());
        let whole = whole.expect("a training");

        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(folder.path()).every(SaveInterval::Steps(1));
        let stop = Arc::new(AtomicBool::new(false));
        Trainer::new(config.clone())
            .with_checkpoints(checkpoints.clone())
            .with_stop(stop.clone())
            .with_observer(StopAfter(7, stop))
            .fit(model(), loader())
            .expect("a training");
        let checkpoint = checkpoints.latest().expect("a whole one").expect("one");
        let rest = Trainer::new(config.clone())
            .resume(checkpoint)
            .fit(model(), loader())
            .expect("a training");
        assert!(weights(&rest) == weights(&whole), "{name}");
        assert_eq!(untimed(&rest), untimed(&whole), "{name}");
    }
}

#[test]
fn the_last_two_and_the_best_are_kept() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints::new(folder.path()).every(SaveInterval::Steps(2));
    trainer(&FitConfig::new(2), folder.path())
        .with_checkpoints(checkpoints.clone())
        .fit(model(&device), loader())
        .expect("a training");
    let names = checkpoints.names().expect("a folder");
    assert_eq!(names[..2], ["step-00000010", "step-00000008"]);
    assert!(
        names[2..].iter().all(|name| name.starts_with("best-")),
        "{names:?}"
    );
    assert!((3..=4).contains(&names.len()), "{names:?}");
    // There are no other files.
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    assert_eq!(entries.count(), names.len());

    let error = checkpoints.named("step-00000002").expect_err("removed");
    let message = error.to_string();
    assert!(
        message.contains("step-00000010 or step-00000008 or best-"),
        "{message}"
    );
}

#[test]
fn patience_ends_in_the_best_weights() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let config = FitConfig {
            // Far too large, so that the first epochs are the best ones.
            learning_rate: 3.0,
            optimizer: Optimizer::Sgd {
                momentum: 0.9,
                weight_decay: 0.0,
            },
            patience: Some(2),
            ..FitConfig::new(40)
        };
        let folder = tempfile::tempdir().expect("a folder");
        let fitted = trainer(&config, folder.path())
            .fit(model(&device), loader())
            .expect("a training");
        let best = fitted.best_epoch.expect("an epoch");
        assert_eq!(fitted.stop_reason, StopReason::OutOfPatience, "{name}");
        assert_eq!(fitted.history.len(), best + 2, "{name}");
        let (_, valid) = digits();
        let result = rnn_train::evaluate(&fitted.model, &ImageLoader::images(&valid, 8));
        let expected = fitted.history[best - 1].valid_loss.expect("a loss");
        let loss = result.expect("a result").loss;
        assert!(
            (loss - expected).abs() < 1e-5,
            "{name}: {loss}, expected {expected}"
        );
        let least = fitted.history.iter().map(EpochReport::loss);
        assert_eq!(least.fold(f64::INFINITY, f64::min), expected, "{name}");
    }
}

#[test]
fn patience_needs_validation_data() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        patience: Some(1),
        ..FitConfig::new(1)
    };
    let result = Trainer::new(config).fit(model(&device), loader());
    assert!(matches!(result.err(), Some(TrainError::NoValidation)));
}

#[test]
fn resuming_from_an_earlier_checkpoint_discards_the_later_ones() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints::new(folder.path()).every(SaveInterval::Steps(1));
    let config = FitConfig {
        patience: Some(9),
        ..FitConfig::new(3)
    };
    let whole = trainer(&config, folder.path())
        .with_checkpoints(checkpoints.clone())
        .fit(model(&device), loader())
        .expect("a training");
    let names = checkpoints.names().expect("a folder");
    assert_eq!(names[..2], ["step-00000015", "step-00000014"]);

    let earlier = checkpoints.named("step-00000014").expect("it is there");
    let stop = Arc::new(AtomicBool::new(true));
    let stopped = trainer(&config, folder.path())
        .resume(earlier)
        .with_stop(stop)
        .fit(model(&device), loader())
        .expect("a training");
    assert_eq!(
        (stopped.stop_reason, stopped.steps),
        (StopReason::Interrupted, 14)
    );
    let latest = checkpoints.latest().expect("a whole one").expect("one");
    assert_eq!(latest.steps_done(), 14);
    let rest = trainer(&config, folder.path())
        .resume(latest)
        .fit(model(&device), loader())
        .expect("a training");
    assert!(weights(&rest) == weights(&whole));
}

#[test]
fn steps_and_time_decide_when_to_save() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    /// Counts the checkpoints that are written.
    struct Count(Checkpoints, Arc<AtomicUsize>, Option<String>);
    impl Observer for Count {
        fn step(&mut self, _: &StepReport) {
            let newest = self.0.names().expect("a folder").into_iter().next();
            if newest != self.2 {
                self.2 = newest;
                self.1.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    for (every, expected) in [
        (SaveInterval::Epoch, 1),
        (SaveInterval::Steps(2), 5),
        (SaveInterval::Time(std::time::Duration::from_secs(3600)), 1),
        (SaveInterval::Time(std::time::Duration::from_nanos(1)), 9),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(folder.path()).every(every);
        let count = Arc::new(AtomicUsize::new(0));
        let observer = Count(checkpoints.clone(), count.clone(), None);
        trainer(&FitConfig::new(2), folder.path())
            .with_checkpoints(checkpoints)
            .with_observer(observer)
            .fit(model(&device), loader())
            .expect("a training");
        assert_eq!(count.load(Ordering::Relaxed), expected, "{every:?}");
    }
}
