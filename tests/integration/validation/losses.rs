//! Losses, weights and monitored metrics without a value.

use super::*;

#[test]
fn inputs_that_are_not_finite_are_told_from_a_training_that_diverges() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        for (number, value) in [(f32::NAN, "NaN"), (f32::INFINITY, "NaN")] {
            let mut items = FINE;
            items[0].0 = number;
            let error = fit(Layer::new(&device), &items, &FINE).expect_err("not finite");
            let text = error.to_string();
            let start = format!("the loss of the first batch is {value}, before any step: ");
            assert!(text.starts_with(&start), "{name}: {text}");
            assert!(
                text.contains("expected inputs and targets without NaN"),
                "{name}: {text}"
            );

            // Of a later batch the weights tell them apart, where reading each loss waits for nothing.
            let mut items = FINE;
            items[2].0 = number;
            let blamed = "the weights are finite, so expected inputs and targets without NaN";
            for (train, valid, place) in [
                (&items, &FINE, "step 2 (epoch 1, batch 1): "),
                (
                    &FINE,
                    &items,
                    "step 2 (epoch 1, batch 1 of the validation data): ",
                ),
            ] {
                let error = fit(Layer::new(&device), train, valid).expect_err("not finite");
                assert!(
                    matches!(error, TrainError::Diverged { step: 2, .. }),
                    "{name}: {error}"
                );
                let text = error.to_string();
                let start = format!("the loss became {value} at {place}");
                assert!(text.starts_with(&start), "{name}: {text}");
                let is_known = name != "cuda" && !name.starts_with("wgpu");
                if is_known || place.contains("validation") {
                    assert!(text.contains(blamed), "{name}: {text}");
                }
            }

            let error = evaluate(&Layer::new(&device), &loader(&items)).expect_err("not finite");
            assert!(
                matches!(error, TrainError::NotFinite { batch: 1, .. }),
                "{name}: {error}"
            );
        }
    }
}

#[test]
fn weights_that_are_not_finite_are_named() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let mut model = Layer::new(&device);
        model.fc.weight = model.fc.weight.map(|weight| weight * f32::NAN);
        let error = fit(model, &FINE, &FINE).expect_err("not finite");
        let TrainError::NotFiniteAtStart { parameter, .. } = &error else {
            panic!("{name}: {error}");
        };
        assert_eq!(parameter.as_deref(), Some("fc.weight"), "{name}");
        let said = "the parameter fc.weight holds a number that is not finite";
        assert!(error.to_string().ends_with(said), "{name}: {error}");
    }
}

#[test]
fn a_loss_without_gradients_is_an_error() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        for accumulate in [1, 2] {
            let config = FitConfig {
                accumulate,
                clip_norm: Some(1.0),
                ..FitConfig::new(1)
            };
            let model = Odd::new(&device, |loss| BatchLoss::mean(loss.loss.detach(), 2));
            let error = Trainer::new(config).fit(model, loader(&FINE));
            let error = error.expect_err("no gradients");
            assert!(
                matches!(error, TrainError::NoGradients { batch: 0 }),
                "{name}: {error}"
            );
            let says = "the loss of the first batch depends on no parameter of the model";
            assert!(error.to_string().starts_with(says), "{name}: {error}");
        }
    }
}

/// A loss that is finite and leaves NaN in the weights: the next one shows it.
#[test]
fn weights_that_a_step_made_infinite_are_not_blamed_on_the_inputs() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        // The square root of 0 has no derivative.
        let model = Odd::new(&device, |loss| {
            BatchLoss::mean((loss.loss.clone() - loss.loss).sqrt(), 2)
        });
        let error = Trainer::new(FitConfig::new(1)).fit(model, loader(&FINE));
        let error = error.expect_err("not finite");
        assert!(
            matches!(error, TrainError::Diverged { step: 2, .. }),
            "{name}: {error}"
        );
        assert!(
            !error.to_string().contains("the weights are finite"),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_mean_over_no_predictions_is_an_error() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let empty = |loss: BatchLoss| BatchLoss::mean(loss.loss, 0);
        let error = Trainer::new(FitConfig::new(1)).fit(Odd::new(&device, empty), loader(&FINE));
        assert_eq!(
            error.expect_err("no predictions").to_string(),
            "step 1 (epoch 1): expected a loss that is a mean over at least 1 prediction, found 0",
            "{name}"
        );
        let error = evaluate(&Odd::new(&device, empty), &loader(&FINE));
        assert_eq!(
            error.expect_err("no predictions").to_string(),
            "the evaluation data hold no predictions: the losses of all batches are means over 0",
            "{name}"
        );

        // Validation leaves such a batch out, though its loss is NaN, and needs another one.
        let in_training = |loss: BatchLoss| match loss.loss.device().is_autodiff() {
            true => loss,
            false => BatchLoss::mean(loss.loss * f32::NAN, 0),
        };
        let trainer = Trainer::new(FitConfig::new(1)).with_validation(loader(&FINE));
        let error = trainer.fit(Odd::new(&device, in_training), loader(&FINE));
        assert_eq!(
            error.expect_err("no predictions").to_string(),
            "the validation data hold no predictions: the losses of all batches are means over 0",
            "{name}"
        );
    }
}

#[test]
fn a_monitored_metric_without_a_value_is_an_error() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        monitor: Monitor::highest("odd"),
        ..FitConfig::new(2)
    };
    let uncounted = |loss: BatchLoss| {
        let value = loss.loss.clone();
        loss.with_counted_metric("odd", value, 0)
    };
    let not_a_number = |loss: BatchLoss| {
        let value = loss.loss.clone() * f32::NAN;
        loss.with_metric("odd", value)
    };
    for (loss, says) in [
        (
            uncounted as fn(BatchLoss) -> BatchLoss,
            "was counted in no batch before the first report",
        ),
        (
            not_a_number,
            "is NaN in the first report, expected a number",
        ),
    ] {
        let error = Trainer::new(config.clone()).fit(Odd::new(&device, loss), loader(&FINE));
        let error = error.expect_err("no value").to_string();
        assert_eq!(error, format!("the metric odd to monitor {says}"));
    }
    let error = Trainer::new(config)
        .with_epoch_hook(|epoch| {
            epoch.add_metric("odd", f64::NAN);
            Ok(())
        })
        .fit(Layer::new(&device), loader(&FINE));
    assert!(
        matches!(
            error,
            Err(TrainError::MonitoredValue { value: Some(_), .. })
        ),
        "{error:?}"
    );
}
