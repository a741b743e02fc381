//! What a training or an evaluation can't be made with is an error that says what and where.

mod losses;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::{Dataset, DatasetError, InMemDataset};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor};
use rnn_data::Strokes;
use rnn_model::{ClassifierConfig, GruConfig, linear};
use rnn_train::checkpoint::Checkpoints;
use rnn_train::config::{Monitor, SaveInterval};
use rnn_train::metrics::{evaluate_carrying, for_each_batch};
use rnn_train::{
    BatchLoss, FitConfig, ImageLoader, Loader, Objective, TrainError, Trainer, evaluate,
};
use tests::devices;

/// A number and its class.
type Item = (f32, i64);

struct Items;

impl Batcher<Item, (Tensor<2>, Tensor<1, Int>)> for Items {
    fn batch(&self, items: Vec<Item>, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
        let numbers: Vec<f32> = items.iter().map(|item| item.0).collect();
        let classes: Vec<i64> = items.iter().map(|item| item.1).collect();
        let numbers = Tensor::<1>::from_data(numbers.as_slice(), device);
        (
            numbers.unsqueeze_dim(1),
            Tensor::from_data(classes.as_slice(), device),
        )
    }
}

fn loader(items: &[Item]) -> Loader<(Tensor<2>, Tensor<1, Int>)> {
    Loader::new(
        Arc::new(InMemDataset::new(items.to_vec())),
        Arc::new(Items),
        2,
    )
}

/// Three classes of numbers.
#[derive(Module, Debug)]
struct Layer {
    fc: Linear,
}

impl Layer {
    fn new(device: &Device) -> Self {
        Self {
            fc: linear(1, 3, device),
        }
    }
}

impl Objective for Layer {
    type Batch = (Tensor<2>, Tensor<1, Int>);
    type State = ();

    fn score(&self, (numbers, classes): Self::Batch, _: Option<()>) -> (BatchLoss, ()) {
        let loss = BatchLoss::cross_entropy(self.fc.forward(numbers), classes);
        (loss, ())
    }
}

/// The same with a loss of its own, made of the right one.
#[derive(Module, Debug)]
struct Odd {
    layer: Layer,
    #[module(skip)]
    loss: fn(BatchLoss) -> BatchLoss,
}

impl Odd {
    fn new(device: &Device, loss: fn(BatchLoss) -> BatchLoss) -> Self {
        let layer = Layer::new(device);
        Self { layer, loss }
    }
}

impl Objective for Odd {
    type Batch = (Tensor<2>, Tensor<1, Int>);
    type State = ();

    fn score(&self, batch: Self::Batch, state: Option<()>) -> (BatchLoss, ()) {
        let (loss, ()) = self.layer.score(batch, state);
        ((self.loss)(loss), ())
    }
}

const FINE: [Item; 4] = [(0.1, 0), (0.2, 1), (0.3, 2), (0.4, 0)];

fn fit(model: Layer, items: &[Item], valid: &[Item]) -> Result<(), TrainError> {
    let config = FitConfig {
        clip_norm: Some(1.0),
        ..FitConfig::new(1)
    };
    let trainer = Trainer::new(config).with_validation(loader(valid));
    trainer.fit(model, loader(items)).map(|_| ())
}

#[test]
fn a_target_that_is_no_class_is_named() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        for (class, found) in [(3, "3"), (-1, "-1")] {
            let mut items = FINE;
            items[3].1 = class;
            let target = format!("target 1: expected a class below 3, found {found}");
            let model = Layer::new(&device);
            for (result, batch) in [
                (fit(model.clone(), &items, &FINE), "batch 1"),
                (
                    fit(model.clone(), &FINE, &items),
                    "batch 1 of the validation data",
                ),
                (evaluate(&model, &loader(&items)).map(|_| ()), "batch 1"),
            ] {
                let error = result.expect_err("no class");
                assert!(matches!(error, TrainError::Class { .. }), "{name}: {error}");
                assert_eq!(tests::chain(&error), format!("{batch}: {target}"), "{name}");
            }
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_done() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        learning_rate: -0.5,
        ..FitConfig::new(1)
    };
    let error = Trainer::new(config).fit(Layer::new(&device), loader(&FINE));
    let error = error.expect_err("an error");
    assert_eq!(
        error.to_string(),
        "learning_rate: expected a finite number of at least 0, found -0.5"
    );
}

#[test]
fn a_state_can_not_be_carried_where_there_is_none() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        carry_state: true,
        ..FitConfig::new(1)
    };
    let digits = ImageLoader::images(&Strokes::new(1).generate(4).expect("digits"), 2);
    let model = ClassifierConfig::new(GruConfig::new(28, 4), 10).init(&device);
    let error = Trainer::new(config)
        .fit(model, digits)
        .expect_err("an error");
    assert!(matches!(error, TrainError::Setting(_)), "{error}");
    assert!(
        error.to_string().starts_with("carry_state: expected false"),
        "{error}"
    );
}

#[test]
fn the_causes_of_errors_are_errors() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    for error in [
        TrainError::Learner(Box::new(std::fmt::Error)),
        TrainError::Device(Box::new(std::fmt::Error)),
    ] {
        let source = error.source().expect("a cause");
        assert!(source.is::<std::fmt::Error>(), "{error}");
        tests::chain(&error);
    }
    // An error of a visitor's own ends the visit.
    let mut visited = 0;
    let result = for_each_batch(&Layer::new(&device), &loader(&FINE), false, |_, _, _| {
        visited += 1;
        Err::<(), Box<dyn Error>>(std::fmt::Error.into())
    });
    assert!(result.expect_err("on fire").is::<std::fmt::Error>());
    assert_eq!(visited, 1);
}

#[test]
fn every_batch_is_visited_in_order_with_the_state_of_the_one_before() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let model = GruConfig::new(1, 3)
            .with_dropout(0.0)
            .init(&device.clone().autodiff());
        for carry in [false, true] {
            let (mut seen, mut states) = (Vec::new(), Vec::new());
            // Without states to carry, the order of a shuffled loader is the dataset's too.
            let batches = match carry {
                true => loader(&FINE),
                false => loader(&FINE).shuffled(1),
            };
            for_each_batch(&model, &batches, carry, |model, (numbers, _), state| {
                assert!(!numbers.device().is_autodiff(), "{name}");
                states.push(state.is_some());
                seen.extend(numbers.to_data().iter::<f32>());
                let (_, state) = model.forward(numbers.unsqueeze_dim(1), state);
                Ok::<_, TrainError>(state)
            })
            .expect("no error");
            assert_eq!(seen, FINE.map(|item| item.0), "{name}");
            assert_eq!(states, [false, carry], "{name}");
        }
    }
}

#[test]
fn what_is_to_be_trained_can_be_printed() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let train = loader(&FINE).shuffled(3);
    assert_eq!(
        format!("{train:?}"),
        "Loader { num_items: 4, batch_size: 2, shuffle: Some(3), .. }"
    );
    let trainer = Trainer::new(FitConfig::new(1));
    assert!(format!("{trainer:?}").contains("config: FitConfig { epochs: 1"));
    let fitted = trainer.fit(Layer::new(&device), train).expect("a training");
    assert!(
        format!("{fitted:?}").contains("stop_reason: Finished"),
        "{fitted:?}"
    );
    // One size of batches is all that carrying needs: without a state it changes nothing.
    let whole = evaluate(&fitted.model, &loader(&FINE)).expect("a result");
    let carried = evaluate_carrying(&fitted.model, &loader(&FINE)).expect("a result");
    assert_eq!(whole, carried);
}

#[test]
fn data_without_items_are_named() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let model = Layer::new(&device);
    let patient = FitConfig {
        patience: Some(1),
        ..FitConfig::new(1)
    };
    let patient = Trainer::new(patient).with_validation(loader(&[]));
    for (error, data) in [
        (fit(model.clone(), &[], &FINE).err(), "training"),
        (fit(model.clone(), &FINE, &[]).err(), "validation"),
        (
            patient.fit(model.clone(), loader(&FINE)).err(),
            "validation",
        ),
        (evaluate(&model, &loader(&[])).err(), "evaluation"),
    ] {
        let error = error.expect("no items");
        let expected = format!("the {data} data hold no items");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn an_interval_of_nothing_is_refused() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    for (interval, expected) in [
        (SaveInterval::Steps(0), "at least 1 step, found 0 steps"),
        (
            SaveInterval::Time(Duration::ZERO),
            "a time above 0, found 0s",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(folder.path()).every(interval);
        let error = Trainer::new(FitConfig::new(1))
            .with_checkpoints(checkpoints)
            .fit(Layer::new(&device), loader(&FINE))
            .expect_err("refused");
        let expected = format!("the checkpoints' interval: expected {expected}");
        assert_eq!(error.to_string(), expected);
    }
}

/// Items of which the last can't be read.
struct Broken;

impl Dataset<Item> for Broken {
    fn get(&self, index: usize) -> Result<Item, DatasetError> {
        match FINE.get(index) {
            Some(item) if index < 3 => Ok(*item),
            _ => Err(DatasetError::new(std::fmt::Error)),
        }
    }

    fn len(&self) -> usize {
        4
    }
}

#[test]
fn a_batch_that_can_not_be_read_has_its_number_and_its_cause_once() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let broken = || Loader::new(Arc::new(Broken), Arc::new(Items), 2);
    let model = Layer::new(&device);
    let trainer = || Trainer::new(FitConfig::new(1));
    let valid = trainer().with_validation(broken());
    for (error, batch) in [
        (trainer().fit(model.clone(), broken()).err(), "batch 1"),
        (
            valid.fit(model.clone(), loader(&FINE)).err(),
            "batch 1 of the validation data",
        ),
        (evaluate(&model, &broken()).err(), "batch 1"),
    ] {
        let error = error.expect("an error");
        let source = error.source().expect("a cause");
        assert!(source.is::<std::fmt::Error>(), "{error}");
        let expected = format!("{batch} can't be read: {source}");
        assert_eq!(tests::chain(&error), expected);
    }
}
