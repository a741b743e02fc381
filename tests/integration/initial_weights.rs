//! The initial weights.

use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{
    Cell, GruConfig, GruStep, LstmConfig, LstmStep, RecurrentConfig, RecurrentInit, RnnStep,
    StateDict,
};
use tests::devices;

fn values(weights: &StateDict, name: &str) -> Vec<f32> {
    let data: &TensorData = weights.get(name).unwrap_or_else(|| panic!("no {name}"));
    data.iter().collect()
}

#[test]
fn the_default_is_pytorchs_uniform_distribution() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let hidden = 64;
        let weights = StateDict::of(&LstmConfig::new(20, hidden).init(&device));
        let bound = 1.0 / (hidden as f32).sqrt();
        for parameter in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"] {
            let drawn = values(&weights, parameter);
            let count = drawn.len() as f32;
            let mean = drawn.iter().sum::<f32>() / count;
            let variance = drawn.iter().map(|x| x * x).sum::<f32>() / count;
            assert!(
                drawn.iter().all(|x| x.abs() <= bound),
                "{name}: {parameter}"
            );
            // Five standard errors of a uniform distribution's mean; its variance is k²/3.
            assert!(
                mean.abs() < 5.0 * bound / (3.0 * count).sqrt(),
                "{name}: {parameter}"
            );
            assert!(
                (variance / (bound * bound / 3.0) - 1.0).abs() < 0.25,
                "{name}: {parameter}"
            );
        }
    }
}

#[test]
fn orthogonal_recurrent_weights_have_an_orthogonal_block_per_gate() {
    let _alone = tests::seeded();
    fn check<C: Cell + Default>(device: &Device, what: &str) {
        let hidden = 16;
        let config = RecurrentConfig::<C>::new(5, hidden)
            .with_num_layers(2)
            .with_recurrent_init(RecurrentInit::Orthogonal);
        let weights = StateDict::of(&config.init(device));
        for parameter in ["weight_hh_l0", "weight_hh_l1"] {
            let data = weights.get(parameter).expect("a parameter").clone();
            let weight = Tensor::<2>::from_data(data, device);
            assert_eq!(weight.dims(), [C::GATES * hidden, hidden]);
            for block in weight.chunk(C::GATES, 0) {
                let product = block.clone().matmul(block.transpose());
                let off: f32 = (product - Tensor::eye(hidden, device))
                    .abs()
                    .max()
                    .into_scalar();
                assert!(off < 1e-4, "{what}: {parameter} is off by {off}");
            }
        }
    }
    for (name, device) in devices() {
        check::<RnnStep>(&device, &format!("rnn on {name}"));
        check::<LstmStep>(&device, &format!("lstm on {name}"));
        check::<GruStep>(&device, &format!("gru on {name}"));
    }
}

#[test]
fn identity_recurrent_weights_are_an_identity_per_gate() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let config = GruConfig::new(2, 3).with_recurrent_init(RecurrentInit::Identity);
        let weights = StateDict::of(&config.init(&device));
        let eye = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].concat();
        assert_eq!(values(&weights, "weight_hh_l0"), eye.repeat(3), "{name}");
    }
}

#[test]
fn with_a_projection_the_columns_of_a_block_are_orthonormal() {
    let _alone = tests::seeded();
    let (hidden, proj) = (12, 5);
    for (name, device) in devices() {
        let config = LstmConfig::new(3, hidden)
            .with_proj_size(proj)
            .with_recurrent_init(RecurrentInit::Orthogonal);
        let weights = StateDict::of(&config.init(&device));
        let data = weights.get("weight_hh_l0").expect("a parameter").clone();
        let weight = Tensor::<2>::from_data(data, &device);
        assert_eq!(weight.dims(), [4 * hidden, proj], "{name}");
        for block in weight.chunk(4, 0) {
            let product = block.clone().transpose().matmul(block);
            let off: f32 = (product - Tensor::eye(proj, &device))
                .abs()
                .max()
                .into_scalar();
            assert!(off < 1e-4, "{name}: off by {off}");
        }
        assert_eq!(
            values(&weights, "weight_hr_l0").len(),
            proj * hidden,
            "{name}"
        );
    }
}

#[test]
fn invalid_settings_are_refused() {
    for (config, message) in [
        (LstmConfig::new(3, 0), "Lstm: hidden_size must be from 1 to"),
        (
            LstmConfig::new(3, 4).with_num_layers(0),
            "num_layers must be from 1",
        ),
        (
            LstmConfig::new(3, 4).with_dropout(1.0),
            "dropout must be from 0 to below 1, found 1",
        ),
        (
            LstmConfig::new(3, 4).with_recurrent_dropout(-0.1),
            "recurrent_dropout must be from 0 to below 1, found -0.1",
        ),
        (
            LstmConfig::new(3, 4).with_zoneout(0.0, f64::NAN),
            "zoneout of c must be",
        ),
        (
            LstmConfig::new(3, 4).with_proj_size(4),
            "proj_size must be below hidden_size, which is 4, found 4",
        ),
        (
            LstmConfig::new(3, 4).with_proj_size(0),
            "proj_size must be from 1",
        ),
        (
            LstmConfig::new(3, 4).with_forget_bias(1.0).with_bias(false),
            "Lstm: forget_bias needs biases, found bias = false",
        ),
        (
            LstmConfig::new(3, 4).with_forget_bias(f64::NAN),
            "Lstm: forget_bias must be finite in 32 bits, found NaN",
        ),
        (
            LstmConfig::new(3, 4).with_forget_bias(-1e39),
            "Lstm: forget_bias must be finite in 32 bits, found -1000000000000000000000000000000000000000",
        ),
    ] {
        let error = config.validate().expect_err(message).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_forget_bias_is_the_sum_of_both_biases_at_the_forget_gate() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let hidden = 8;
        let config = LstmConfig::new(3, hidden)
            .with_num_layers(2)
            .with_forget_bias(1.0);
        let weights = StateDict::of(&config.init(&device));
        for layer in 0..2 {
            let ih = values(&weights, &format!("bias_ih_l{layer}"));
            let hh = values(&weights, &format!("bias_hh_l{layer}"));
            let sums: Vec<f32> = ih.iter().zip(&hh).map(|(a, b)| a + b).collect();
            let forget = hidden..2 * hidden;
            assert!(sums[forget.clone()].iter().all(|&sum| sum == 1.0), "{name}");
            assert!(sums[..forget.start].iter().all(|&sum| sum != 1.0), "{name}");
            assert!(sums[forget.end..].iter().all(|&sum| sum != 1.0), "{name}");
        }
    }
}
