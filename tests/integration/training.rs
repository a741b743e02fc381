//! The parts of a training, compared with values computed by hand.

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::Dataset;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use rnn_data::{ImageBatcher, ImageSet, Strokes};
use rnn_model::{CharRnnConfig, ClassifierConfig, GruConfig, RnnConfig, StateDict};
use rnn_train::data::Split;
use rnn_train::optim::{clip_global_norm, clip_value};
use rnn_train::{CharLoader, FitConfig, ImageLoader, Objective, TrainError, Trainer, evaluate};
use tests::devices;

#[test]
fn clipping_scales_all_gradients_by_one_factor() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let device = device.autodiff();
        let model = CharRnnConfig::new(3, 4, 2).init(&device);
        let gradients = || {
            let (logits, _) = model.forward(Tensor::ones([2, 3, 3], &device), None);
            GradientsParams::from_grads((logits.square().sum() * 10.0).backward(), &model)
        };
        let (before, norm) = clip_global_norm(&model, gradients(), f64::MAX);
        let norm: f64 = norm.expect("gradients").into_scalar();
        let by_hand = total_norm(&model, before);
        assert!(
            (norm / by_hand - 1.0).abs() < 1e-5,
            "{name}: {norm}, by hand {by_hand}"
        );
        assert!(norm > 1.0, "{name}: too small to be clipped: {norm}");

        let clipped = total_norm(&model, clip_global_norm(&model, gradients(), 0.5).0);
        assert!((clipped - 0.5).abs() < 1e-4, "{name}: {clipped}");
        let kept = total_norm(&model, clip_global_norm(&model, gradients(), 2.0 * norm).0);
        assert!((kept / norm - 1.0).abs() < 1e-6, "{name}: {kept}");
    }
}

#[test]
fn clipping_by_value_limits_every_entry() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let device = device.autodiff();
        let model = CharRnnConfig::new(3, 4, 2).init(&device);
        let (logits, _) = model.forward(Tensor::ones([2, 3, 3], &device), None);
        let gradients = GradientsParams::from_grads((logits.sum() * 10.0).backward(), &model);
        let clipped = clip_value(&model, gradients, 0.5);
        let bias = find_bias(&model, clipped);
        assert_eq!(bias, [0.5, 0.5], "{name}"); // 60 each, by hand
    }
}

fn find_bias<M: Module>(model: &M, gradients: GradientsParams) -> Vec<f32> {
    struct Find(GradientsParams, Vec<f32>);
    impl burn::module::ModuleVisitor for Find {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id).expect("a gradient");
            // The last visited parameter is the output layer's bias.
            self.1 = gradient.into_data().iter().collect();
        }
    }
    let mut find = Find(gradients, Vec::new());
    model.visit(&mut find);
    find.1
}

fn total_norm<M: Module>(model: &M, gradients: GradientsParams) -> f64 {
    struct Sum(GradientsParams, f64);
    impl burn::module::ModuleVisitor for Sum {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id).expect("a gradient");
            self.1 += gradient
                .into_data()
                .iter::<f64>()
                .map(|x| x * x)
                .sum::<f64>();
        }
    }
    let mut sum = Sum(gradients, 0.0);
    model.visit(&mut sum);
    sum.1.sqrt()
}

#[test]
fn the_reported_loss_counts_every_prediction_once() {
    let _alone = tests::seeded();
    // A learning rate too small to change the weights: the epoch's loss is that of the initial
    // model.
    let digits = Strokes::new(5).generate(70).expect("digits");
    for (name, device) in devices() {
        let model = ClassifierConfig::new(GruConfig::new(28, 8), 10).init(&device);
        let train = ImageLoader::images(&digits, 32);
        let expected = evaluate(&model, &train).expect("a result");
        let config = FitConfig {
            learning_rate: 1e-12,
            ..FitConfig::new(1)
        };
        let fitted = Trainer::new(config)
            .with_validation(train.clone())
            .fit(model, train)
            .expect("a training");
        let report = &fitted.history[0];
        assert!((report.train_loss - expected.loss).abs() < 1e-5, "{name}");
        assert!(
            report.train_metric("accuracy") == Some(expected.accuracy()),
            "{name}"
        );
        assert!(
            (report.valid_loss.expect("a loss") - expected.loss).abs() < 1e-5,
            "{name}"
        );
        let accuracy = report.valid_metric("accuracy");
        assert_eq!(accuracy, expected.metric("accuracy"), "{name}");
    }
}

#[test]
fn a_carried_state_is_where_the_next_batch_starts() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let model = CharRnnConfig::new(3, 4, 3).init(&device);
        let (first, second) = (vec![0, 1, 2], vec![2, 2, 0]);
        let pairs = vec![
            (first.clone(), first.clone()),
            (second.clone(), second.clone()),
        ];
        let config = FitConfig {
            learning_rate: 1e-12,
            carry_state: true,
            ..FitConfig::new(1)
        };
        let loader = CharLoader::sequences(pairs, 3, 1);
        let fitted = Trainer::new(config).fit(model.clone(), loader);
        let fitted = fitted.expect("a training");

        // Both sequences in one pass give the loss and the state of the two batches.
        let both = [first, second].concat();
        let joined = CharLoader::sequences(vec![(both.clone(), both)], 3, 1);
        let batch = joined.batches(&device, 0).next().expect("a batch");
        let (loss, state) = model.score(batch.expect("a batch"), None);
        let loss: f64 = loss.loss.into_scalar();
        assert!((fitted.history[0].train_loss - loss).abs() < 1e-5, "{name}");
        let carried = fitted.state.expect("a state").without_autodiff();
        let off: f64 = (carried - state).abs().max().into_scalar();
        assert!(off < 1e-5, "{name}: {off}");
    }
}

#[test]
fn nothing_to_train_on_is_an_error() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let model = CharRnnConfig::new(3, 4, 3).init(&device);
    let loader = CharLoader::sequences(Vec::new(), 3, 1);
    let result = Trainer::new(FitConfig::new(1)).fit(model, loader);
    assert!(matches!(
        result.err(),
        Some(TrainError::NoData {
            data: Split::Training
        })
    ));
}

#[test]
fn a_non_finite_loss_is_an_error() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let digits = Strokes::new(5).generate(20).expect("digits");
    let model = ClassifierConfig::new(RnnConfig::new(28, 4), 10).init(&device);
    let mut weights = StateDict::of(&model);
    let bias = weights.get("fc.bias").expect("a bias").clone();
    let poisoned = vec![f32::NAN; bias.num_elements()];
    weights.insert(
        "fc.bias",
        burn::tensor::TensorData::new(poisoned, bias.shape().clone()),
    );
    let model = weights.load_into(model).expect("the same names");
    let loader = ImageLoader::images(&digits, 10);
    let result = Trainer::new(FitConfig::new(2)).fit(model, loader);
    assert!(matches!(
        result.err(),
        Some(TrainError::NotFiniteAtStart {
            parameter: Some(name),
            ..
        }) if name == "fc.bias"
    ));
}

#[test]
fn carried_states_need_batches_of_one_size_in_their_order() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let model = CharRnnConfig::new(3, 4, 3).init(&device);
    let pairs = || vec![(vec![0, 1], vec![1, 2]); 5];
    let uneven = || CharLoader::sequences(pairs(), 3, 2);
    let even = || CharLoader::sequences(pairs(), 3, 5);
    let config = FitConfig {
        carry_state: true,
        ..FitConfig::new(1)
    };
    let fit = |train, valid| {
        let trainer = Trainer::new(config.clone()).with_validation(valid);
        trainer.fit(model.clone(), train).err()
    };
    let is_uneven = |error: Option<TrainError>| {
        let (items, batch_size) = (5, 2);
        let expected = TrainError::UnevenBatches { items, batch_size };
        error.map(|error| error.to_string()) == Some(expected.to_string())
    };
    assert!(is_uneven(fit(uneven(), even())));
    assert!(is_uneven(fit(even(), uneven())));
    let is_shuffled = |error| matches!(error, Some(TrainError::ShuffledStates));
    assert!(is_shuffled(fit(even().shuffled(1), even())));
    assert!(is_shuffled(fit(even(), even().shuffled(1))));
    assert!(is_shuffled(
        rnn_train::metrics::evaluate_carrying(&model, &even().shuffled(1)).err()
    ));
    assert!(fit(even(), even()).is_none());
}

#[test]
fn a_step_of_no_batches_is_an_error() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let model = CharRnnConfig::new(3, 4, 3).init(&device);
    let config = FitConfig {
        accumulate: 0,
        ..FitConfig::new(1)
    };
    let loader = CharLoader::sequences(vec![(vec![0, 1], vec![1, 2])], 3, 1);
    let error = Trainer::new(config).fit(model, loader).err();
    let error = error.expect("an error");
    assert_eq!(
        error.to_string(),
        "accumulate: expected at least 1, found 0"
    );
}

#[test]
fn a_batch_of_images_holds_their_pixels_row_by_row() {
    let pixels: Vec<u8> = (0..12).map(|i| i * 20).collect();
    let set = ImageSet::new(2, 3, pixels.clone(), vec![7, 1], 10).expect("a set");
    for (_, device) in devices() {
        let items = set.get_many(vec![1, 0]).expect("two images");
        let batch = ImageBatcher::default().batch(items, &device);
        assert_eq!(batch.images.dims(), [2, 2, 3]);
        let found: Vec<f32> = batch.images.into_data().iter().collect();
        let swapped = pixels[6..].iter().chain(&pixels[..6]);
        assert_eq!(
            found,
            swapped
                .map(|&grey| f32::from(grey) / 255.0)
                .collect::<Vec<_>>()
        );
        assert_eq!(
            batch.labels.into_data().iter::<i64>().collect::<Vec<_>>(),
            [1, 7]
        );
        assert!(set.get(2).is_err());
    }
}
