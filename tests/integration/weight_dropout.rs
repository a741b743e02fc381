//! Dropout of recurrent weights: which elements are dropped, and that nothing else is another than with
//! the weights that are left.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use rnn_model::{
    Cell, GruConfig, LstmConfig, Nonlinearity, Recurrent, RecurrentConfig, Rnn, RnnConfig,
    StateDict, dropout, with_noise_seed,
};
use tests::{devices, gradients, relative_error};

const UNITS: usize = 40;

/// A network whose state is multiplied by its recurrent weight, each element of which is 0.03.
fn multiplier(prob: f64, device: &Device) -> Rnn {
    let config = RnnConfig::new(2, UNITS).with_nonlinearity(Nonlinearity::Relu);
    let module = config.with_weight_dropout(prob).init(device);
    let mut weights = StateDict::of(&module);
    for name in ["weight_ih_l0", "bias_ih_l0", "bias_hh_l0"] {
        let shape = weights.get(name).expect("a parameter").shape().clone();
        weights.insert(name, TensorData::zeros::<f32, _>(shape));
    }
    weights.insert("weight_hh_l0", TensorData::full([UNITS, UNITS], 0.03f32));
    weights.load_into(module).expect("the same names")
}

/// The states after one step and after two, from a row for each unit in which it is 1: the weight
/// transposed, and its square.
fn powers(module: &Rnn, device: &Device) -> [Tensor<2>; 2] {
    let start = Tensor::<2>::eye(UNITS, device).unsqueeze();
    let (output, _) = module.forward(Tensor::zeros([UNITS, 2, 2], device), Some(start));
    [0, 1].map(|step| {
        output
            .clone()
            .narrow(1, step, 1)
            .squeeze_dim::<2>(1)
            .inner()
    })
}

#[test]
fn elements_of_the_recurrent_weights_are_dropped_the_same_ones_at_all_steps() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let module = multiplier(0.25, &training);
        let [once, twice] = powers(&module, &training);
        let error = relative_error(
            &twice.into_data(),
            &once.clone().matmul(once.clone()).into_data(),
        );
        assert!(error < 1e-5, "{name}: other elements at the second step");
        let drawn = once.into_data();
        let dropped = drawn
            .iter::<f32>()
            .filter(|&element| element == 0.0)
            .count();
        for element in drawn.iter::<f32>() {
            let is_one = element == 0.0 || (element - 0.04).abs() < 1e-6;
            assert!(is_one, "{name}: {element}");
        }
        // Of 1600, each with probability 0.25: within five standard deviations.
        assert!((314..=486).contains(&dropped), "{name}: {dropped}");
        let [again, _] = powers(&module, &training);
        assert_ne!(again.into_data(), drawn, "{name}: each call has its own");
    }
}

#[test]
fn predictions_have_all_recurrent_weights() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let input = Tensor::<3>::random([2, 5, 3], Distribution::Default, &device);
        let lstm = LstmConfig::new(3, 8).with_num_layers(2).init(&device);
        let (expected, _) = lstm.forward(input.clone(), None);
        let config = LstmConfig::new(3, 8).with_num_layers(2);
        let dropping = StateDict::of(&lstm)
            .load_into(config.with_weight_dropout(0.5).init(&training))
            .expect("the same names");
        let (found, _) = dropping.valid().forward(input.clone(), None);
        assert_eq!(found.into_data(), expected.clone().into_data(), "{name}");
        let (found, _) = dropping.forward(input.autodiff(), None);
        assert_ne!(found.into_data(), expected.into_data(), "{name}: training");
    }
}

/// What a module gives for an input, and the gradients of its parameters.
fn trained<C: Cell>(module: &Recurrent<C>, input: Tensor<3>) -> Vec<(String, TensorData)> {
    let (output, _) = module.forward(input, None);
    let grads = output.clone().square().sum().backward();
    let mut found = gradients(module, &grads);
    found.push(("output".to_owned(), output.into_data()));
    found
}

/// A training step with dropped weights is one with the weights that are left, and the gradient of a
/// dropped element is zero.
fn check<C: Cell>(config: RecurrentConfig<C>, device: &Device, what: &str) {
    let device = device.clone().autodiff();
    let config = config.with_num_layers(2);
    let layer = DropoutConfig::new(0.4).init();
    let module = config.clone().with_weight_dropout(0.4).init(&device);
    let mut weights = StateDict::of(&module);
    let mut masks = Vec::new();
    // They are drawn in this order, and nothing else is.
    with_noise_seed(5, || {
        for suffix in ["l0", "l0_reverse", "l1", "l1_reverse"] {
            let name = format!("weight_hh_{suffix}");
            let Some(weight) = weights.get(&name).cloned() else {
                continue;
            };
            let weight = Tensor::<2>::from_data(weight, &device);
            let mask = dropout(&layer, weight.ones_like());
            weights.insert(&name, (weight * mask.clone()).into_data());
            masks.push((name, mask.inner()));
        }
    });
    let masked = weights.load_into(config.init(&device)).expect("the names");
    let input = Tensor::random([3, 6, 3], Distribution::Default, &device);
    let found = with_noise_seed(5, || trained(&module, input.clone()));
    let expected = trained(&masked, input);
    assert_eq!(found.len(), expected.len(), "{what}");
    for ((name, found), (_, mut expected)) in found.into_iter().zip(expected) {
        if let Some((_, mask)) = masks.iter().find(|(masked, _)| *masked == name) {
            let gradient = Tensor::<2>::from_data(expected, &mask.device());
            expected = (gradient * mask.clone()).into_data();
        }
        let error = relative_error(&found, &expected);
        assert!(error < 1e-4, "{what}: {name} is off by {error:e}");
    }
}

#[test]
fn a_step_is_one_with_the_weights_that_are_left() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        for both in [false, true] {
            let what = |cell| format!("{cell} on {name}, bidirectional: {both}");
            let lstm = LstmConfig::new(3, 6).with_bidirectional(both);
            let gru = GruConfig::new(3, 6).with_bidirectional(both);
            let rnn = RnnConfig::new(3, 6).with_bidirectional(both);
            check(lstm.clone(), &device, &what("lstm"));
            check(lstm.clone().with_proj_size(4), &device, &what("projection"));
            // It has no kernel.
            check(lstm.with_layer_norm(true), &device, &what("layer norm"));
            check(gru, &device, &what("gru"));
            check(rnn, &device, &what("rnn"));
        }
    }
}
