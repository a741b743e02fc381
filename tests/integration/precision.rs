//! Training in mixed precision: 16 bits in the passes, 32 bits for weights, loss and optimiser.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor};
use rnn_data::{Strokes, TaggedItem, one_hot};
use rnn_model::{
    CharRnnConfig, ClassifierConfig, GruConfig, LstmConfig, LstmTaggerConfig, RnnConfig,
};
use rnn_train::optim::Precision;
use rnn_train::{
    CharLoader, FitConfig, Fitted, ImageLoader, Loader, Objective, TaggedLoader, TrainError,
    Trainer,
};
use tests::devices;

/// Trains in both precisions on each device that supports them, and compares the results.
fn check<M: Objective>(
    config: FitConfig,
    model: impl Fn(&Device) -> M,
    loader: impl Fn() -> Loader<M::Batch>,
    also: impl Fn(Fitted<M>, &Device),
) {
    for (name, device) in devices() {
        let fit = |precision| -> Result<Fitted<M>, TrainError> {
            let _alone = tests::seeded();
            let config = FitConfig {
                precision,
                learning_rate: 0.01,
                ..config.clone()
            };
            Trainer::new(config).fit(model(&device), loader())
        };
        let whole = fit(Precision::F32).expect("trained").history;
        if Precision::Bf16.check(&device).is_err() {
            let error = fit(Precision::Bf16).expect_err("no such numbers");
            assert!(error.to_string().contains("bf16"), "{error}");
            assert_ne!(name, "libtorch");
            continue;
        }
        let half = fit(Precision::Bf16).expect("trained");
        let (first, last) = (&whole[0], &whole[config.epochs - 1]);
        assert!(
            last.train_loss < 0.95 * first.train_loss,
            "{name}: {} learns",
            last.train_loss
        );
        for (half, whole) in half.history.iter().zip(&whole) {
            let off = (half.train_loss - whole.train_loss).abs();
            assert!(
                off < 0.1 * first.train_loss,
                "{name}, epoch {}: {} in bf16, {} in f32",
                whole.epoch,
                half.train_loss,
                whole.train_loss
            );
            assert_ne!(
                half.train_loss, whole.train_loss,
                "{name} has other numbers"
            );
        }
        half.model.visit(&mut Wide);
        also(half, &device);
    }
}

/// Checks that the weights have 32 bits, and use more precision than 16 bits have.
struct Wide;

impl ModuleVisitor for Wide {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        assert_eq!(weight.dtype(), DType::F32);
        let narrow = weight.clone().cast(DType::BF16).cast(DType::F32);
        let lost: f64 = (weight - narrow).abs().max().into_scalar();
        assert!(lost > 0.0, "all of it fits into 16 bits");
    }
}

#[test]
fn settings_without_a_precision_are_of_thirty_two_bits() {
    let mut settings = serde_json::to_value(FitConfig::new(3)).expect("JSON");
    assert_eq!(settings["precision"], "f32");
    settings
        .as_object_mut()
        .expect("an object")
        .remove("precision");
    let settings: FitConfig = serde_json::from_value(settings).expect("settings");
    assert_eq!(settings, FitConfig::new(3));
    assert!("f16".parse::<Precision>().is_err());
}

#[test]
fn step_by_step_layers_compute_in_sixteen_bits() {
    for (name, device) in devices() {
        if Precision::Bf16.check(&device).is_err() {
            continue;
        }
        let _alone = tests::seeded();
        let device = device.autodiff();
        let lstm = LstmConfig::new(5, 7)
            .with_layer_norm(true)
            .with_recurrent_dropout(0.5)
            .with_zoneout(0.1, 0.1)
            .init(&device)
            .map(&mut Narrow);
        let input: Tensor<3> = Tensor::ones([2, 4, 5], &device);
        let input = input.cast(DType::BF16);
        let (output, state) = lstm.forward(input, None);
        assert_eq!(output.dtype(), DType::BF16, "{name}");
        assert_eq!(state.c.dtype(), DType::BF16, "{name}");
        assert!(
            output
                .sum()
                .cast(DType::F32)
                .into_scalar::<f32>()
                .is_finite()
        );
    }
}

struct Narrow;

impl ModuleMapper for Narrow {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(DType::BF16))
    }
}

#[test]
fn images_are_learnt_in_sixteen_bits_as_in_thirty_two() {
    let digits = Strokes::new(1).generate(300).expect("digits");
    let loader = || ImageLoader::images(&digits, 25).shuffled(1);
    let config = FitConfig {
        clip_norm: Some(1.0),
        ..FitConfig::new(10)
    };
    let lstm = LstmConfig::new(28, 16).with_num_layers(2);
    let lstm = ClassifierConfig::new(lstm, 10);
    check(config.clone(), |d| lstm.init(d), loader, |_, _| {});
    let gru = ClassifierConfig::new(GruConfig::new(28, 16), 10);
    check(config.clone(), |d| gru.init(d), loader, |_, _| {});
    let rnn = ClassifierConfig::new(RnnConfig::new(28, 16), 10);
    check(config, |d| rnn.init(d), loader, |_, _| {});
}

#[test]
fn sentences_of_several_lengths_are_learnt_in_sixteen_bits_too() {
    let items: Vec<TaggedItem> = (2..12)
        .map(|length| {
            let words: Vec<usize> = (0..length).map(|place| place * length % 7).collect();
            TaggedItem {
                tags: words.iter().map(|word| word / 3).collect(),
                sentence: words.into(),
            }
        })
        .collect();
    let lstm = LstmConfig::new(6, 8).with_bidirectional(true);
    let config = LstmTaggerConfig::over(lstm, 7, 3);
    let loader = || TaggedLoader::sentences(items.clone(), 5);
    check(FitConfig::new(10), |d| config.init(d), loader, |_, _| {});
}

#[test]
fn the_final_state_of_sixteen_bit_training_fits_the_trained_model() {
    let ids = [0, 1, 0, 2, 3, 3];
    let sequences = vec![(ids.to_vec(), vec![1, 0, 2, 3, 3, 4])];
    let loader = || CharLoader::sequences(sequences.clone(), 5, 1);
    let config = FitConfig {
        carry_state: true,
        ..FitConfig::new(20)
    };
    check(
        config,
        |device| CharRnnConfig::new(5, 16, 5).init(device),
        loader,
        |fitted, device| {
            let state = fitted.state.expect("a carried state").without_autodiff();
            let input = one_hot(&[&ids], 5, device);
            let (logits, _) = fitted.model.forward(input, Some(state));
            assert_eq!(logits.dtype(), DType::F32);
        },
    );
}
