//! Hooks have the model at the end of an epoch, may add metrics that are monitored, and stop a training,
//! which is resumed as if it had never stopped.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use burn::module::Module;
use burn::tensor::Device;
use rnn_data::CharBatch;
use rnn_model::{CharRnn, CharRnnConfig, StateDict};
use rnn_train::checkpoint::Checkpoints;
use rnn_train::config::{Monitor, SaveInterval};
use rnn_train::metrics::for_each_batch;
use rnn_train::progress::EpochEnd;
use rnn_train::{CharLoader, FitConfig, Fitted, StopReason, TrainError, Trainer, evaluate};
use tests::devices;

fn loader() -> CharLoader {
    let next = |i: usize| (i + 1) % 4;
    let pairs = (0..12).map(|row| {
        let inputs: Vec<usize> = (row..row + 6).map(|i| i % 4).collect();
        let targets = (row..row + 6).map(next).collect();
        (inputs, targets)
    });
    CharLoader::sequences(pairs.collect(), 4, 3)
}

fn model(device: &Device) -> CharRnn {
    device.seed(2);
    let model = CharRnnConfig::new(4, 8, 4).init(device);
    StateDict::of(&model);
    model
}

fn predict(model: &CharRnn, loader: &CharLoader) -> Result<Vec<(i64, i64)>, TrainError> {
    let mut pairs = Vec::new();
    for_each_batch(
        model,
        loader,
        false,
        |model, batch: CharBatch, _: Option<()>| {
            let (logits, _) = model.forward(batch.input, None);
            let predicted = logits.flatten::<2>(0, 1).argmax(1).into_data();
            let targets = batch.targets.into_data();
            pairs.extend(predicted.iter::<i64>().zip(targets.iter::<i64>()));
            Ok::<_, TrainError>(())
        },
    )?;
    Ok(pairs)
}

/// The share of sequences that are right at every step.
fn exact_match(model: &CharRnn) -> Result<f64, TrainError> {
    let pairs = predict(model, &loader())?;
    let exact = pairs
        .chunks(6)
        .filter(|row| row.iter().all(|(a, b)| a == b));
    Ok(exact.count() as f64 / 12.0)
}

fn config(epochs: usize) -> FitConfig {
    FitConfig {
        learning_rate: 0.03,
        ..FitConfig::new(epochs)
    }
}

#[test]
fn a_hook_has_the_model_as_it_is_for_prediction() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let sink = seen.clone();
        let fitted = Trainer::<CharRnn>::new(config(3))
            .with_validation(loader())
            .with_epoch_hook(move |epoch| {
                let devices = epoch.model().devices();
                assert!(devices.iter().all(|device| !device.is_autodiff()));
                // The validation's loss is that of this model, and the history that of the epochs before.
                let loss = evaluate(epoch.model(), &loader())?.loss;
                assert_eq!(Some(loss), epoch.report().valid_loss);
                assert_eq!(epoch.history().len(), epoch.report().epoch - 1);
                sink.borrow_mut().push(predict(epoch.model(), &loader())?);
                Ok(())
            })
            .fit(model(&device), loader())
            .expect("a training");
        let samples = seen.borrow();
        assert_eq!(samples.len(), 3, "{name}");
        let last = predict(&fitted.model, &loader()).expect("a prediction");
        assert_eq!(samples[2], last, "{name}");
        assert_eq!(fitted.stop_reason, StopReason::Finished, "{name}");
    }
}

#[test]
fn a_metric_of_a_hook_is_recorded_and_decides_which_epoch_is_best() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        for validates in [false, true] {
            let settings = FitConfig {
                monitor: Monitor::highest("score"),
                patience: validates.then_some(2),
                ..config(9)
            };
            let mut trainer = Trainer::new(settings).with_epoch_hook(|epoch| {
                // Best in the second epoch.
                let epochs = epoch.report().epoch as f64;
                epoch.add_metric("score", 10.0 - (epochs - 2.0).abs());
                Ok(())
            });
            if validates {
                trainer = trainer.with_validation(loader());
            }
            let fitted = trainer.fit(model(&device), loader()).expect("a training");
            assert_eq!(fitted.best_epoch, Some(2), "{name}");
            let report = &fitted.history[1];
            assert_eq!(report.metric("score"), Some(10.0), "{name}");
            let key = if validates {
                "valid_score"
            } else {
                "train_score"
            };
            let json = serde_json::to_value(report).expect("json");
            assert_eq!(json[key], 10.0, "{name}");
            if validates {
                assert_eq!(fitted.stop_reason, StopReason::OutOfPatience, "{name}");
                assert_eq!(fitted.history.len(), 4, "{name}");
            }
        }
    }
}

fn refused(hook: impl FnMut(&mut EpochEnd<'_, CharRnn>) + 'static, monitor: Monitor) -> TrainError {
    let (_, device) = devices().swap_remove(0);
    let mut hook = hook;
    let settings = FitConfig {
        monitor,
        ..config(3)
    };
    Trainer::new(settings)
        .with_epoch_hook(move |epoch| {
            hook(epoch);
            Ok(())
        })
        .fit(model(&device), loader())
        .expect_err("an error")
}

#[test]
fn what_a_hook_can_not_do_is_an_error() {
    let _alone = tests::seeded();
    let error = refused(|_| {}, Monitor::highest("exact_match"));
    assert_eq!(
        error.to_string(),
        "there is no metric exact_match to monitor, expected loss or accuracy"
    );
    let error = refused(
        |epoch| epoch.add_metric("exact match", 1.0),
        Monitor::loss(),
    );
    assert!(matches!(&error, TrainError::MetricName(name) if name == "exact match"));
    let (_, device) = devices().swap_remove(0);
    let error = Trainer::new(config(3))
        .with_epoch_hook(|_| Err("no paper".into()))
        .fit(model(&device), loader())
        .expect_err("an error");
    assert_eq!(tests::chain(&error), "after step 4 (epoch 1): no paper");
}

/// Trains until nearly all sequences are right, from the checkpoint of that name if there is one.
fn until_exact(device: &Device, folder: &Path, from: Option<&str>) -> Fitted<CharRnn> {
    let checkpoints = Checkpoints::new(folder).every(SaveInterval::Steps(3));
    let settings = FitConfig {
        monitor: Monitor::highest("exact_match"),
        ..config(100)
    };
    let mut trainer = Trainer::new(settings)
        .with_checkpoints(checkpoints.clone())
        .with_epoch_hook(|epoch| {
            let exact = exact_match(epoch.model())?;
            epoch.add_metric("exact_match", exact);
            // A rule that needs an earlier epoch: twice in a row as good as it needs to be.
            let before = epoch.history().last();
            let before = before.and_then(|report| report.metric("exact_match"));
            if exact >= 0.9 && before.is_some_and(|before| before >= 0.9) {
                epoch.stop();
            }
            Ok(())
        });
    if let Some(name) = from {
        trainer = trainer.resume(checkpoints.named(name).expect("a checkpoint"));
    }
    trainer.fit(model(device), loader()).expect("a training")
}

#[test]
fn a_training_that_a_hook_stops_is_resumed_bit_by_bit() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = until_exact(&device, folder.path(), None);
        assert_eq!(whole.stop_reason, StopReason::StoppedByHook, "{name}");
        assert!(whole.history.len() < 100, "{name}");
        let weights = |fitted: &Fitted<CharRnn>| {
            let weights = StateDict::of(&fitted.model).to_safetensors();
            weights.expect("f32 weights")
        };
        let metric = |fitted: &Fitted<CharRnn>| -> Vec<_> {
            let reports = fitted.history.iter();
            reports.map(|report| report.metric("exact_match")).collect()
        };
        // From its end there is nothing left to do; from before it, the rest is done again.
        let last = format!("step-{:08}", whole.steps);
        let again = until_exact(&device, folder.path(), Some(&last));
        assert_eq!(again.stop_reason, StopReason::StoppedByHook, "{name}");
        assert_eq!(again.steps, whole.steps, "{name}");
        let checkpoints = Checkpoints::new(folder.path());
        let names = checkpoints.names().expect("a folder");
        let earlier = names.iter().find(|name| **name != last).expect("another");
        let resumed = until_exact(&device, folder.path(), Some(earlier));
        for other in [&again, &resumed] {
            assert_eq!(weights(other), weights(&whole), "{name}");
            assert_eq!(metric(other), metric(&whole), "{name}");
        }
        assert_eq!(resumed.best_epoch, whole.best_epoch, "{name}");

        // An extension does not remember that it was stopped.
        let latest = checkpoints.latest().expect("a folder").expect("one");
        let settings = FitConfig {
            monitor: Monitor::highest("exact_match"),
            ..config(whole.history.len() + 1)
        };
        let extended = Trainer::new(settings)
            .extend(latest)
            .with_epoch_hook(|epoch| {
                epoch.add_metric("exact_match", 0.0);
                Ok(())
            })
            .fit(model(&device), loader())
            .expect("a training");
        assert_eq!(extended.stop_reason, StopReason::Finished, "{name}");
        assert_eq!(extended.history.len(), whole.history.len() + 1, "{name}");
    }
}
