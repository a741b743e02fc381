//! Truncated back-propagation through time: windows with a carried state give the values of one
//! long sequence, and no state is carried from one document into the next.

use burn::tensor::{Device, Tensor};
use rnn_data::{Streams, one_hot};
use rnn_model::{CharRnn, CharRnnConfig, LstmState, RnnConfig};
use rnn_train::metrics::evaluate_carrying;
use rnn_train::objective::RecurrentState;
use rnn_train::{BatchLoss, CharLoader, FitConfig, Trainer};
use tests::devices;

const CHARACTERS: usize = 5;

fn document(length: usize, seed: usize) -> Vec<usize> {
    (0..length)
        .map(|i| (i * i * 3 + i / 2 + seed) % CHARACTERS)
        .collect()
}

/// The summed loss of a document in one pass, and its number of predictions.
fn in_one_go(model: &CharRnn, ids: &[usize], device: &Device) -> (f64, usize) {
    let (input, targets) = (&ids[..ids.len() - 1], &ids[1..]);
    let (logits, _) = model.forward(one_hot(&[input], CHARACTERS, device), None);
    let targets: Vec<i64> = targets.iter().map(|&id| id as i64).collect();
    let targets = Tensor::from_data(targets.as_slice(), device);
    let loss: f64 = BatchLoss::cross_entropy(logits.flatten(0, 1), targets)
        .loss
        .into_scalar();
    (loss * input.len() as f64, input.len())
}

#[test]
fn windows_with_a_carried_state_equal_one_long_sequence() {
    let _alone = tests::seeded();
    // Lengths that are no multiples of the window; one document has no pair of input and target,
    // one begins where a window ends.
    let documents: Vec<Vec<usize>> = [23, 1, 9, 2, 14, 30]
        .into_iter()
        .enumerate()
        .map(|(seed, length)| document(length, seed))
        .collect();
    for (name, device) in devices() {
        let rnn = RnnConfig::new(CHARACTERS, 7).with_num_layers(2);
        let model = CharRnnConfig::over(rnn, CHARACTERS).init(&device);
        let pairs = documents.iter().filter(|ids| ids.len() > 1);
        let sums = pairs.map(|ids| in_one_go(&model, ids, &device));
        let (sum, count) = sums.fold((0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let expected = sum / count as f64;
        for window in [1, 4, 7, 100] {
            // One row, so that no row begins within a document.
            let streams = Streams::new(documents.clone(), 1, window).expect("streams");
            let loader = CharLoader::streams(streams, CHARACTERS);
            // A learning rate too small to change the weights: each loss is that of the initial
            // model.
            let config = FitConfig {
                learning_rate: 1e-12,
                carry_state: true,
                ..FitConfig::new(2)
            };
            let validation = loader.clone();
            let fitted = Trainer::new(config)
                .with_validation(validation.clone())
                .fit(model.clone(), loader)
                .expect("a training");
            let carried = evaluate_carrying(&fitted.model, &validation).expect("a result");
            let last = fitted.history.last().expect("epochs");
            assert_eq!(Some(carried.loss), last.valid_loss, "{name}");
            assert_eq!(
                carried.metric("accuracy"),
                last.valid_metric("accuracy"),
                "{name}"
            );
            for report in &fitted.history {
                assert_eq!(report.targets, count, "{name}");
                // Both epochs give the same: no state is carried from one epoch into the next.
                for loss in [report.train_loss, report.loss()] {
                    assert!(
                        (loss - expected).abs() < 1e-5,
                        "{name}, windows of {window}: {loss}, expected {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn rows_of_a_batch_are_separate_streams() {
    let _alone = tests::seeded();
    let ids = document(62, 0); // 61 pairs: rows of 21, 21 and 19
    for (name, device) in devices() {
        let model = CharRnnConfig::new(CHARACTERS, 7, CHARACTERS).init(&device);
        let rows = [&ids[..22], &ids[21..43], &ids[42..]];
        let sums = rows.map(|ids| in_one_go(&model, ids, &device));
        let (sum, count) = sums.iter().fold((0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!(count, 61);
        for window in [1, 5, 8, 50] {
            let streams = Streams::new(vec![ids.clone()], 3, window).expect("streams");
            let config = FitConfig {
                learning_rate: 1e-12,
                carry_state: true,
                ..FitConfig::new(1)
            };
            let loader = CharLoader::streams(streams, CHARACTERS);
            let fitted = Trainer::new(config).fit(model.clone(), loader);
            let loss = fitted.expect("a training").history[0].train_loss;
            let expected = sum / count as f64;
            assert!(
                (loss - expected).abs() < 1e-5,
                "{name}: {loss}, expected {expected}"
            );
        }
    }
}

#[test]
fn a_state_starts_anew_in_the_rows_that_say_so() {
    for (name, device) in devices() {
        let part = |value: f32| Tensor::<3>::full([2, 3, 4], value, &device);
        let state = LstmState {
            h: part(1.5),
            c: part(f32::NAN),
        };
        let state = state.restart(&[false, true, false]);
        let h: Vec<f32> = state.h.clone().into_data().iter().collect();
        for (place, value) in h.into_iter().enumerate() {
            let expected = if place / 4 % 3 == 1 { 0.0 } else { 1.5 };
            assert_eq!(value, expected, "{name}");
        }
        let c: Vec<f32> = state.c.clone().into_data().iter().collect();
        assert_eq!(
            c.iter().filter(|value| value.is_nan()).count(),
            16,
            "{name}"
        );

        let restored = LstmState::from_data(RecurrentState::to_data(&state), &device);
        let h = restored.expect("a state").h;
        assert_eq!(h.into_data(), state.h.into_data(), "{name}");
        assert!(LstmState::from_data(Vec::new(), &device).is_none());
    }
}
