//! Models on autodiff devices, and models with frozen parts, are trained and evaluated as they are.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, TensorData};
use rnn_data::{ImageBatch, Strokes};
use rnn_model::{ClassifierConfig, Lstm, LstmConfig, StateDict, linear};
use rnn_train::checkpoint::Checkpoints;
use rnn_train::optim::Optimizer;
use rnn_train::{
    BatchLoss, FitConfig, Fitted, ImageLoader, Objective, TrainError, Trainer, evaluate,
};
use tests::devices;

fn digits() -> ImageLoader {
    ImageLoader::images(&Strokes::new(5).generate(40).expect("digits"), 10)
}

/// Two parts, of which one can be frozen.
#[derive(Module, Debug)]
struct Parts {
    rnn: Lstm,
    fc: Linear,
}

impl Parts {
    fn new(device: &Device) -> Self {
        device.seed(3);
        let model = Self {
            rnn: LstmConfig::new(28, 8).init(device),
            fc: linear(8, 10, device),
        };
        // The linear layer's weights are drawn when they are first used.
        StateDict::of(&model);
        model
    }

    fn with_frozen_rnn(self) -> Self {
        Self {
            rnn: self.rnn.no_grad(),
            ..self
        }
    }
}

impl Objective for Parts {
    type Batch = ImageBatch;
    type State = ();

    fn score(&self, batch: ImageBatch, _: Option<()>) -> (BatchLoss, ()) {
        let (_, state) = self.rnn.forward(batch.images, None);
        let logits = self.fc.forward(state.h.squeeze_dim::<2>(0));
        (BatchLoss::cross_entropy(logits, batch.labels), ())
    }
}

fn weights(model: &impl Module) -> Vec<(String, TensorData)> {
    let weights = StateDict::of(model);
    let names = weights.names();
    names
        .map(|name| {
            (
                name.to_owned(),
                weights.get(name).expect("an entry").clone(),
            )
        })
        .collect()
}

fn fit<M: Objective<Batch = ImageBatch>>(model: M, config: FitConfig) -> Fitted<M> {
    Trainer::new(config)
        .fit(model, digits())
        .expect("a training")
}

#[test]
fn a_model_on_an_autodiff_device_is_trained_and_evaluated_like_any_other() {
    let _alone = tests::seeded();
    let config = ClassifierConfig::new(LstmConfig::new(28, 8), 10);
    for (name, device) in devices() {
        let plain = config.init(&device);
        let autodiff = StateDict::of(&plain)
            .load_into(config.init(&device.clone().autodiff()))
            .expect("the same names");
        let expected = evaluate(&plain, &digits()).expect("a result");
        let found = evaluate(&autodiff, &digits()).expect("a result");
        assert_eq!(found, expected, "{name}");

        let settings = FitConfig {
            clip_norm: Some(1.0),
            ..FitConfig::new(2)
        };
        let expected = fit(plain, settings.clone());
        let found = fit(autodiff, settings);
        assert_eq!(weights(&found.model), weights(&expected.model), "{name}");
        assert_eq!(
            found.history[1].train_loss, expected.history[1].train_loss,
            "{name}"
        );
        // The result can be trained further, and so can one that was put back on an autodiff device.
        fit(found.model.train(), FitConfig::new(1));
    }
}

#[test]
fn frozen_parameters_stay_as_they_are_whatever_the_optimiser() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        for optimizer in [
            Optimizer::Adam,
            Optimizer::AdamW { weight_decay: 0.1 },
            Optimizer::Sgd {
                momentum: 0.9,
                weight_decay: 0.1,
            },
            Optimizer::RmsProp {
                momentum: 0.9,
                weight_decay: 0.1,
            },
        ] {
            for on in [device.clone(), device.clone().autodiff()] {
                let model = Parts::new(&on).with_frozen_rnn();
                let before = weights(&model);
                let settings = FitConfig {
                    optimizer,
                    clip_norm: Some(0.1),
                    clip_value: Some(0.1),
                    accumulate: 2,
                    ..FitConfig::new(1)
                };
                let after = weights(&fit(model, settings).model);
                for ((parameter, before), (_, after)) in before.iter().zip(&after) {
                    let is_frozen = parameter.starts_with("rnn.");
                    let context = format!("{name} {optimizer:?} {parameter}");
                    assert_eq!(before == after, is_frozen, "{context}");
                }
            }
        }
    }
}

#[test]
fn frozen_parameters_have_no_part_in_the_gradients_norm() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let norm = |model| {
            let settings = FitConfig {
                learning_rate: 0.0,
                clip_norm: Some(1.0),
                ..FitConfig::new(1)
            };
            fit(model, settings).history[0].grad_norm.expect("a norm")
        };
        let whole = norm(Parts::new(&device));
        let head = norm(Parts::new(&device).with_frozen_rnn());
        let body = Parts::new(&device);
        let body = norm(Parts {
            fc: body.fc.no_grad(),
            ..body
        });
        assert!(head < whole && body < whole, "{name}: {head}, {whole}");
    }
}

#[test]
fn what_is_frozen_stays_so_in_a_resumed_training() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(folder.path());
        let trainer =
            |epochs| Trainer::new(FitConfig::new(epochs)).with_checkpoints(checkpoints.clone());
        let model = || Parts::new(&device).with_frozen_rnn();
        let before = weights(&model().rnn);
        trainer(1).fit(model(), digits()).expect("a training");
        let last = checkpoints.latest().expect("a folder").expect("one");
        let extended = trainer(2).extend(last).fit(model(), digits());
        let extended = extended.expect("a training").model;
        assert_eq!(weights(&extended.rnn), before, "{name}");
        let whole = fit(model(), FitConfig::new(2)).model;
        assert_eq!(weights(&extended), weights(&whole), "{name}");
    }
}

#[test]
fn a_model_without_anything_to_train_is_refused() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    for on in [device.clone(), device.autodiff()] {
        let result = Trainer::new(FitConfig::new(1)).fit(Parts::new(&on).no_grad(), digits());
        let error = result.expect_err("an error");
        assert!(matches!(error, TrainError::Frozen), "{error}");
    }
}
