//! The same seed gives the same weights and the same history, to the last bit, on every CPU backend,
//! whatever else the process does.

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use rnn_data::{ImageSet, Strokes};
use rnn_model::{Classifier, ClassifierConfig, Lstm, LstmConfig, StateDict};
use rnn_train::optim::Schedule;
use rnn_train::progress::EpochReport;
use rnn_train::{FitConfig, ImageLoader, Trainer};

fn digits() -> ImageSet {
    Strokes::new(9).generate(300).expect("digits")
}

/// A model with every kind of noise, all of its weights drawn.
fn model(device: &Device) -> Classifier<Lstm> {
    let rnn = LstmConfig::new(28, 16)
        .with_num_layers(2)
        .with_dropout(0.3)
        .with_recurrent_dropout(0.2)
        .with_zoneout(0.1, 0.05);
    let model = ClassifierConfig::new(rnn, 10).init(device);
    // Some are drawn when they are first used.
    StateDict::of(&model);
    model
}

/// The history without its times, and the weights.
fn train(model: Classifier<Lstm>, seed: u64) -> (Vec<EpochReport>, Vec<u8>) {
    let config = FitConfig {
        learning_rate: 0.01,
        schedule: Schedule::OneCycle,
        clip_norm: Some(1.0),
        seed,
        ..FitConfig::new(2)
    };
    let loader = ImageLoader::images(&digits(), 32).shuffled(seed);
    let fitted = Trainer::new(config).fit(model, loader).expect("a training");
    let untimed = |report: EpochReport| EpochReport {
        seconds: 0.0,
        step_seconds: 0.0,
        ..report
    };
    let history = fitted.history.into_iter().map(untimed).collect();
    let weights = StateDict::of(&fitted.model).to_safetensors();
    (history, weights.expect("f32 weights"))
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let _alone = tests::seeded();
    for (name, device) in tests::devices() {
        let train = |seed: u64| {
            device.seed(seed);
            train(model(&device), seed)
        };
        let (first, second, other) = (train(1), train(1), train(2));
        assert_eq!(first.0, second.0, "{name}");
        assert!(first.1 == second.1, "{name}: the weights differ");
        assert!(first.1 != other.1, "{name}: another seed, the same weights");
    }
}

#[test]
fn trainings_side_by_side_are_as_each_alone() {
    let _alone = tests::seeded();
    for (name, device) in tests::devices() {
        let models = [1, 2].map(|seed| (seed, model(&device)));
        let alone = models.clone().map(|(seed, model)| train(model, seed));
        let together = std::thread::scope(|scope| {
            let threads = models.map(|(seed, model)| {
                scope.spawn(move || {
                    // LibTorch's number of threads is each thread's own.
                    rnn_train::device::set_threads(None).expect("the pool is there");
                    train(model, seed)
                })
            });
            threads.map(|thread| thread.join().expect("no panic"))
        });
        for (alone, together) in alone.iter().zip(&together) {
            assert_eq!(alone.0, together.0, "{name}");
            assert!(alone.1 == together.1, "{name}: the weights differ");
        }
    }
}

#[test]
fn a_training_leaves_the_devices_random_state_alone() {
    let _alone = tests::seeded();
    for (name, device) in tests::devices() {
        let draw = || -> TensorData {
            Tensor::<1>::random([8], Distribution::Default, &device).into_data()
        };
        let trained = model(&device);
        device.seed(7);
        let without = [draw(), draw()];
        device.seed(7);
        let first = draw();
        train(trained, 1);
        assert_eq!([first, draw()], without, "{name}");

        // So what is drawn after a training is new: three restarts begin with three losses.
        let mut losses: Vec<f64> = Vec::new();
        for _ in 0..3 {
            let loss = train(model(&device), 1).0[0].train_loss;
            assert!(!losses.contains(&loss), "{name}: {loss} again");
            losses.push(loss);
        }
    }
}
