//! Dropout with one mask a sequence, on networks whose outputs show the masks that were drawn.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{
    Nonlinearity, Rnn, RnnConfig, StateDict, TokenModel, TokenModelConfig, variational_dropout,
    with_noise_seed,
};
use tests::devices;

const UNITS: usize = 64;
const BATCH: usize = 6;
const TIME: usize = 5;

/// Two layers, the first of which gives ones, and the second what it reads.
fn two_layers(config: RnnConfig, device: &Device) -> Rnn {
    let config = config
        .with_num_layers(2)
        .with_nonlinearity(Nonlinearity::Relu);
    let module = config.init(device);
    let mut weights = zeros(&module);
    weights.insert("bias_ih_l0", TensorData::ones::<f32, _>([UNITS]));
    weights.insert("weight_ih_l1", eye());
    weights.load_into(module).expect("the same names")
}

/// A model that scores classes by what it reads.
fn mirror(config: TokenModelConfig<RnnConfig>, device: &Device) -> TokenModel<Rnn> {
    let model = config.init(device);
    let mut weights = zeros(&model);
    weights.insert("rnn.weight_ih_l0", eye());
    weights.insert("fc.weight", eye());
    weights.load_into(model).expect("the same names")
}

fn zeros(module: &impl Module) -> StateDict {
    let mut weights = StateDict::of(module);
    let names: Vec<String> = weights.names().map(str::to_owned).collect();
    for name in names {
        let shape = weights.get(&name).expect("a parameter").shape().clone();
        weights.insert(&name, TensorData::zeros::<f32, _>(shape));
    }
    weights
}

fn eye() -> TensorData {
    Tensor::<2>::eye(UNITS, &Default::default()).into_data()
}

/// The masks of a batch `[batch, time, features]`, each feature's over time: `[batch][feature][step]`.
fn masks(output: Tensor<3>) -> Vec<Vec<f32>> {
    let values: Vec<f32> = output.swap_dims(1, 2).into_data().iter().collect();
    values.chunks(TIME).map(<[f32]>::to_vec).collect()
}

/// Checks masks of dropout with probability 0.25.
fn check(name: &str, variational: bool, drawn: &[Vec<f32>]) {
    let mut dropped = 0;
    let mut constant = 0;
    for mask in drawn {
        for &value in mask {
            let is_one = value == 0.0 || (value - 1.0 / 0.75).abs() < 1e-5;
            assert!(is_one, "{name}: {mask:?}");
            dropped += usize::from(value == 0.0);
        }
        constant += usize::from(mask.iter().all(|&value| value == mask[0]));
    }
    if variational {
        assert_eq!(constant, drawn.len(), "{name}: another mask at a step");
        // Of 384, each with probability 0.25: within five standard deviations.
        let dropped = dropped / TIME;
        assert!((54..=138).contains(&dropped), "{name}: {dropped}");
    } else {
        // 0.75⁵ + 0.25⁵ are a quarter of them.
        assert!(constant < drawn.len() / 2, "{name}: the same mask");
        assert!((380..=580).contains(&dropped), "{name}: {dropped}");
    }
    // Each row has a mask of its own.
    for row in 1..BATCH {
        let rows = [&drawn[..UNITS], &drawn[row * UNITS..][..UNITS]];
        assert_ne!(rows[0], rows[1], "{name}: row {row}");
    }
}

#[test]
fn between_layers() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        for (variational, batch_first) in [(true, true), (true, false), (false, true)] {
            let config = RnnConfig::new(2, UNITS)
                .with_dropout(0.25)
                .with_variational_dropout(variational)
                .with_batch_first(batch_first);
            let module = two_layers(config, &training);
            let run = |module: &Rnn, device: &Device| {
                let input = Tensor::zeros([BATCH, TIME, 2], device);
                match batch_first {
                    true => masks(module.forward(input, None).0),
                    false => {
                        let (output, _) = module.forward(input.swap_dims(0, 1), None);
                        masks(output.swap_dims(0, 1))
                    }
                }
            };
            let name = format!("{name}, batch_first: {batch_first}");
            let drawn = run(&module, &training);
            check(&name, variational, &drawn);
            assert_ne!(
                run(&module, &training),
                drawn,
                "{name}: each call has its own"
            );
            let all = run(&module.valid(), &device).concat();
            assert!(all.iter().all(|&value| value == 1.0), "{name}: prediction");
        }
    }
}

#[test]
fn before_and_after_the_recurrent_part() {
    let _alone = tests::seeded();
    let config = |input, output, variational| {
        let rnn = RnnConfig::new(UNITS, UNITS).with_nonlinearity(Nonlinearity::Relu);
        TokenModelConfig::new(rnn, UNITS, UNITS)
            .with_one_hot(true)
            .with_input_dropout(input)
            .with_output_dropout(output)
            .with_variational_dropout(variational)
    };
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let ones = |device: &Device| Tensor::ones([BATCH, TIME, UNITS], device);
        for (input, output, what) in [(0.25, 0.0, "before"), (0.0, 0.25, "after")] {
            for variational in [true, false] {
                let name = format!("{name}, {what}");
                let model = mirror(config(input, output, variational), &training);
                let (logits, _) = model.forward_vectors(ones(&training), None);
                check(&name, variational, &masks(logits));
                let (logits, _) = model.valid().forward_vectors(ones(&device), None);
                let all = masks(logits).concat();
                assert!(all.iter().all(|&value| value == 1.0), "{name}: prediction");
            }
        }
    }
}

#[test]
fn masks_follow_from_the_seed() {
    let layer = DropoutConfig::new(0.5).init();
    for (name, device) in devices() {
        let ones = Tensor::<3>::ones([2, TIME, 8], &device.autodiff());
        let drop = |seed, time| {
            let input = match time {
                1 => ones.clone(),
                _ => ones.clone().swap_dims(0, 1),
            };
            with_noise_seed(seed, || variational_dropout(&layer, input, time))
        };
        let first = drop(1, 1).into_data();
        assert_eq!(drop(1, 1).into_data(), first, "{name}");
        assert_ne!(drop(2, 1).into_data(), first, "{name}");
        // Whichever axis the steps are.
        let by_step = drop(1, 0).swap_dims(0, 1);
        assert_eq!(by_step.into_data(), first, "{name}");
    }
}

#[test]
#[should_panic(expected = "the axis of time is 2, expected 0 or 1")]
fn the_features_are_no_axis_of_time() {
    let layer = DropoutConfig::new(0.5).init();
    variational_dropout(&layer, Tensor::ones([1, 2, 3], &Default::default()), 2);
}
