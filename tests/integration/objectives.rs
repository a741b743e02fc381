//! Custom objectives: any loss, and named metrics with their own counts, which are reported and
//! monitored.

use std::sync::{Arc, Mutex};

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rnn_data::Strokes;
use rnn_model::{ClassifierConfig, GruConfig};
use rnn_train::config::Monitor;
use rnn_train::objective::Transform;
use rnn_train::optim::{Optimizer, Schedule};
use rnn_train::progress::{EpochReport, Observer, StartReport, StepReport};
use rnn_train::{
    BatchLoss, FitConfig, ImageLoader, Loader, Objective, StopReason, TrainError, Trainer, evaluate,
};
use tests::devices;

/// A model with one parameter, trained to be near all numbers.
#[derive(Module, Debug)]
struct Constant {
    p: Param<Tensor<1>>,
}

impl Constant {
    fn new(value: f32, device: &Device) -> Self {
        Self {
            p: Param::from_tensor(Tensor::from_data([value], device)),
        }
    }
}

/// A number, and whether it is marked.
type Marked = (f32, bool);

struct Numbers;

impl Batcher<Marked, (Tensor<1>, Tensor<1>)> for Numbers {
    /// Tensors of all numbers, and of those that are marked.
    fn batch(&self, items: Vec<Marked>, device: &Device) -> (Tensor<1>, Tensor<1>) {
        let tensor = |values: Vec<f32>| Tensor::<1>::from_data(values.as_slice(), device);
        let marked = items.iter().filter(|item| item.1).map(|item| item.0);
        (
            tensor(items.iter().map(|item| item.0).collect()),
            tensor(marked.collect()),
        )
    }
}

impl Objective for Constant {
    type Batch = (Tensor<1>, Tensor<1>);
    type State = ();

    fn score(&self, (all, marked): Self::Batch, _: Option<()>) -> (BatchLoss, ()) {
        let ([count], [marks]) = (all.dims(), marked.dims());
        let mean_square = (all - self.p.val()).square().mean();
        let mean_mark = match marks {
            0 => Tensor::zeros([1], &marked.device()),
            _ => marked.mean(),
        };
        let loss = BatchLoss::mean(mean_square.clone(), count)
            .with_metric("offset", self.p.val())
            .with_counted_metric("mark", mean_mark, marks)
            .with_transformed_metric("rmse", mean_square, Transform::Sqrt)
            .with_perplexity();
        (loss, ())
    }
}

fn loader() -> Loader<(Tensor<1>, Tensor<1>)> {
    let items = vec![
        (1.0, true),
        (2.0, false),
        (3.0, true),
        (4.0, false),
        (6.0, true),
    ];
    Loader::new(Arc::new(InMemDataset::new(items)), Arc::new(Numbers), 2)
}

fn still(epochs: usize) -> FitConfig {
    FitConfig {
        // Too small to change the parameter.
        learning_rate: 1e-12,
        ..FitConfig::new(epochs)
    }
}

#[test]
fn a_metric_is_a_mean_over_its_own_predictions() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let model = Constant::new(1.0, &device);
        let fitted = Trainer::new(still(1))
            .with_validation(loader())
            .fit(model.clone(), loader())
            .expect("a training");
        let report = &fitted.history[0];
        let result = evaluate(&model, &loader()).expect("a result");
        // Squares of 0, 1, 2, 3, 5; marks of 1, 3, 6, one in each batch.
        let mean_square = 39.0 / 5.0;
        for (metric, expected) in [
            ("offset", 1.0),
            ("mark", 10.0 / 3.0),
            ("rmse", f64::sqrt(mean_square)),
            ("perplexity", f64::exp(mean_square)),
        ] {
            for found in [
                report.train_metric(metric),
                report.valid_metric(metric),
                result.metric(metric),
            ] {
                let found = found.expect(metric);
                assert!(
                    (found / expected - 1.0).abs() < 1e-6,
                    "{name}: {metric} {found}"
                );
            }
        }
        assert!((report.train_loss - mean_square).abs() < 1e-6, "{name}");
        assert!((result.loss - mean_square).abs() < 1e-6, "{name}");
        assert_eq!((report.targets, result.count), (5, 5), "{name}");
        assert!(result.predictions.is_empty(), "{name}");
    }
}

#[test]
fn a_batch_without_predictions_of_a_metric_does_not_count_in_it() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let numbers =
        |items: Vec<Marked>| Loader::new(Arc::new(InMemDataset::new(items)), Arc::new(Numbers), 1);
    let model = Constant::new(0.0, &device);
    let one = numbers(vec![(1.0, false), (5.0, true), (2.0, false)]);
    let result = evaluate(&model, &one).expect("a result");
    assert_eq!(result.metric("mark"), Some(5.0));
    let none = numbers(vec![(1.0, false), (2.0, false)]);
    let result = evaluate(&model, &none).expect("a result");
    assert_eq!(result.metric("mark"), None);
}

#[test]
fn the_monitored_metric_decides_which_epoch_is_best() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        // The parameter rises from 3 to the mean of all numbers, 3.2. So the loss improves, and
        // `offset` improves if the highest value is the best, but not if the lowest is.
        let fit = |monitor| {
            let config = FitConfig {
                learning_rate: 0.01,
                optimizer: Optimizer::Sgd {
                    momentum: 0.0,
                    weight_decay: 0.0,
                },
                accumulate: 3,
                patience: Some(2),
                monitor,
                ..FitConfig::new(6)
            };
            Trainer::new(config)
                .with_validation(loader())
                .fit(Constant::new(3.0, &device), loader())
                .expect("a training")
        };
        let by_loss = fit(Monitor::loss());
        assert_eq!(by_loss.stop_reason, StopReason::Finished, "{name}");
        assert_eq!(by_loss.best_epoch, Some(6), "{name}");
        let low = fit(Monitor::lowest("offset"));
        assert_eq!(low.stop_reason, StopReason::OutOfPatience, "{name}");
        assert_eq!((low.best_epoch, low.history.len()), (Some(1), 3), "{name}");
        assert_eq!(low.report().map(|report| report.epoch), Some(1), "{name}");
        let high = fit(Monitor::highest("offset"));
        assert_eq!(high.best_epoch, Some(6), "{name}");
        assert!(high.history.iter().all(|report| report.best), "{name}");
    }
}

#[test]
fn a_plateau_of_the_monitored_metric_reduces_the_rate() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        schedule: Schedule::ReduceOnPlateau {
            factor: 0.5,
            patience: 0,
        },
        monitor: Monitor::highest("accuracy"),
        ..still(3)
    };
    let digits = ImageLoader::images(&Strokes::new(5).generate(20).expect("digits"), 10);
    let model = ClassifierConfig::new(GruConfig::new(28, 4), 10).init(&device);
    let fitted = Trainer::new(config).fit(model, digits).expect("a training");
    let rates: Vec<f64> = fitted.history.iter().map(|r| r.learning_rate).collect();
    // The accuracy stays the same.
    assert_eq!(rates, [1e-12, 1e-12, 0.5e-12]);
}

#[test]
fn an_unknown_monitored_metric_is_an_error() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        monitor: Monitor::lowest("mean_squared_error"),
        ..still(1)
    };
    let result = Trainer::new(config).fit(Constant::new(1.0, &device), loader());
    let error = result.expect_err("an error");
    assert!(matches!(error, TrainError::NoMetric { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "there is no metric mean_squared_error to monitor, expected loss or offset or mark or rmse \
         or perplexity"
    );
}

#[test]
fn invalid_metric_names_are_refused() {
    /// A model with a metric of the given name.
    #[derive(Module, Debug)]
    struct Misnamed {
        constant: Constant,
        #[module(skip)]
        name: String,
    }

    impl Objective for Misnamed {
        type Batch = (Tensor<1>, Tensor<1>);
        type State = ();

        fn score(&self, batch: Self::Batch, _: Option<()>) -> (BatchLoss, ()) {
            let (loss, ()) = self.constant.score(batch, None);
            let value = loss.loss.clone();
            (loss.with_metric(self.name.clone(), value), ())
        }
    }

    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    for (name, is_taken) in [
        ("f1_score", true),
        ("", false),
        ("loss", false),
        ("a,b", false),
        ("top 5", false),
    ] {
        let model = Misnamed {
            constant: Constant::new(1.0, &device),
            name: name.to_owned(),
        };
        let result = evaluate(&model, &loader());
        assert_eq!(result.is_ok(), is_taken, "{name:?}");
        if let Err(error) = result {
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
    }
}

/// Records the calls of its methods.
#[derive(Clone)]
struct Note(&'static str, Arc<Mutex<Vec<String>>>);

impl Note {
    fn add(&self, what: &str) {
        let note = format!("{} {what}", self.0);
        self.1.lock().expect("one thread").push(note);
    }
}

impl Observer for Note {
    fn start(&mut self, _: &StartReport) {
        self.add("start");
    }

    fn step(&mut self, report: &StepReport) {
        assert_eq!(report.num_classes, None);
        self.add(&format!("step {}", report.step));
    }

    fn epoch(&mut self, _: &EpochReport) {
        self.add("epoch");
    }
}

#[test]
fn several_observers_are_called_in_order() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let notes = Arc::default();
    Trainer::new(still(1))
        .with_observer(Note("a", Arc::clone(&notes)))
        .with_observer(Note("b", Arc::clone(&notes)))
        .fit(Constant::new(1.0, &device), loader())
        .expect("a training");
    let told = ["start", "step 1", "step 2", "step 3", "epoch"];
    let expected: Vec<String> = told
        .iter()
        .flat_map(|what| [format!("a {what}"), format!("b {what}")])
        .collect();
    assert_eq!(*notes.lock().expect("one thread"), expected);
}
