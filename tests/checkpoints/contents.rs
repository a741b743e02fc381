//! What a checkpoint has besides a place to resume from: states of any kind, and the weights.

use burn::module::Module;
use burn::tensor::Tensor;
use rnn_data::CharBatch;
use rnn_model::{GruConfig, LstmConfig, LstmState, TokenModel, TokenModelConfig};
use rnn_model::{Lstm, linear};
use rnn_train::config::Monitor;
use rnn_train::objective::RecurrentState;
use rnn_train::{BatchLoss, evaluate};

use super::*;

/// Two recurrent modules, of which the second one is left out of some models.
#[derive(Module, Debug)]
struct Pair {
    first: Lstm,
    second: Option<Gru>,
    third: TokenModel<Gru>,
}

impl Pair {
    fn new(has_second: bool, device: &Device) -> Self {
        device.seed(4);
        let model = Self {
            first: LstmConfig::new(5, 6).init(device),
            second: has_second.then(|| GruConfig::new(6, 6).init(device)),
            third: TokenModelConfig::new(GruConfig::new(6, 4), 6, 5)
                .with_one_hot(true)
                .init(device),
        };
        StateDict::of(&model);
        model
    }
}

impl Objective for Pair {
    type Batch = CharBatch;
    type State = (LstmState<3>, (Option<Tensor<3>>, Vec<Tensor<3>>));

    fn score(&self, batch: CharBatch, state: Option<Self::State>) -> (BatchLoss, Self::State) {
        let state = state.map(|state| state.restart(&batch.starts));
        let (first, second, third) = match state {
            Some((first, (second, mut third))) => (Some(first), second, third.pop()),
            None => (None, None, None),
        };
        let (hidden, first) = self.first.forward(batch.input, first);
        let (hidden, second) = match &self.second {
            Some(gru) => {
                let (hidden, state) = gru.forward(hidden, second);
                (hidden, Some(state))
            }
            None => (hidden, None),
        };
        let (logits, third) = self.third.forward_vectors(hidden, third);
        let loss = BatchLoss::cross_entropy(logits.flatten(0, 1), batch.targets);
        (loss, (first, (second, vec![third])))
    }
}

#[test]
fn states_of_several_modules_are_kept() {
    let _alone = tests::seeded();
    // Two rows of 44 steps each.
    let ids: Vec<usize> = (0..89).map(|i| (i * i + i / 7) % 5).collect();
    let streams = Streams::new(vec![ids], 2, 4).expect("streams");
    let config = FitConfig {
        learning_rate: 0.02,
        carry_state: true,
        ..FitConfig::new(2)
    };
    for (name, device) in devices() {
        for has_second in [false, true] {
            let model = || Pair::new(has_second, &device);
            let loader = || CharLoader::streams(streams.clone(), 5);
            let whole = Trainer::new(config.clone()).fit(model(), loader());
            let whole = whole.expect("a training");

            let folder = tempfile::tempdir().expect("a folder");
            let checkpoints = Checkpoints::new(folder.path());
            let stop = Arc::new(AtomicBool::new(false));
            Trainer::new(config.clone())
                .with_checkpoints(checkpoints.clone())
                .with_stop(stop.clone())
                .with_observer(StopAfter(7, stop))
                .fit(model(), loader())
                .expect("a training");
            let resume = |has_second| {
                let checkpoint = checkpoints.latest().expect("a whole one").expect("one");
                Trainer::new(config.clone())
                    .resume(checkpoint)
                    .fit(Pair::new(has_second, &device), loader())
            };
            let rest = resume(has_second).expect("a training");
            assert!(weights(&rest) == weights(&whole), "{name}");
            assert_eq!(untimed(&rest), untimed(&whole), "{name}");
            let error = resume(!has_second).expect_err("another model");
            let is_model = matches!(error, TrainError::Checkpoint(CheckpointError::Model { .. }));
            assert!(is_model, "{error}");
        }
    }
}

#[test]
fn the_best_checkpoints_weights_are_those_of_the_best_epoch() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(folder.path());
        assert!(checkpoints.best().expect("no folder yet").is_none());
        let config = FitConfig {
            learning_rate: 0.01,
            monitor: Monitor::highest("score"),
            patience: Some(9),
            ..FitConfig::new(4)
        };
        // The second epoch is the best.
        let fitted = trainer(&config, folder.path())
            .with_epoch_hook(|epoch| {
                let number = epoch.report().epoch as f64;
                epoch.add_metric("score", -(number - 2.0).abs());
                Ok(())
            })
            .fit(model(&device), loader())
            .expect("a training");
        assert_eq!(fitted.best_epoch, Some(2), "{name}");
        let best = checkpoints.best().expect("a folder").expect("one");
        assert_eq!((best.steps_done(), best.epochs_done()), (10, 2), "{name}");

        let loaded = best.load_model(model(&device)).expect("the same names");
        let found = evaluate(&loaded, &loader()).expect("a result");
        let expected = evaluate(&fitted.model, &loader()).expect("a result");
        assert_eq!(found, expected, "{name}");
        let bytes = best.weights().to_safetensors().expect("f32 weights");
        assert!(bytes == weights(&fitted), "{name}");
        let last = checkpoints.latest().expect("a folder").expect("one");
        let last = last.weights().to_safetensors().expect("f32 weights");
        assert!(last != bytes, "{name}");

        let other = best.load_model(linear(3, 2, &device));
        let error = tests::chain(&other.expect_err("another model"));
        assert!(
            error.contains("best-00000010.safetensors: of another model: "),
            "{error}"
        );
    }
}
