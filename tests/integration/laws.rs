//! Properties that hold for any weights: a sequence may be split, an omitted state is zero, the
//! reverse direction reads the flipped sequence, gradients match finite differences.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use rnn_model::{
    Cell, GruConfig, GruStep, LstmConfig, LstmState, LstmStep, ModuleState, Recurrent,
    RecurrentConfig, RnnConfig, RnnStep, StateDict,
};
use tests::{devices, relative_error};

const TOLERANCE: f64 = 1e-5;

fn random(shape: [usize; 3], device: &Device) -> Tensor<3> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn assert_close<const D: usize>(found: Tensor<D>, expected: Tensor<D>, what: &str) {
    let error = relative_error(&found.into_data(), &expected.into_data());
    assert!(error <= TOLERANCE, "{what}: off by {error:e}");
}

/// Calls `$law::<Step>(device)` for each cell on each device.
macro_rules! for_all_cells {
    ($($law:ident),+) => {$(
        #[test]
        fn $law() {
    let _alone = tests::seeded();
            for (name, device) in devices() {
                law::$law::<RnnStep>(&device, &format!("rnn on {name}"));
                law::$law::<LstmStep>(&device, &format!("lstm on {name}"));
                law::$law::<GruStep>(&device, &format!("gru on {name}"));
            }
        }
    )+};
}

for_all_cells!(
    two_halves_with_carried_state_are_the_whole,
    an_omitted_state_is_zero,
    the_reverse_direction_is_the_forward_one_on_the_flipped_sequence,
    time_first_is_batch_first_transposed,
    items_of_a_batch_do_not_see_each_other,
    weights_survive_the_way_through_a_file
);

mod law {
    use super::*;

    pub fn two_halves_with_carried_state_are_the_whole<C: Cell + Default>(
        device: &Device,
        what: &str,
    ) {
        let module = RecurrentConfig::<C>::new(3, 4)
            .with_num_layers(2)
            .init(device);
        let input = random([2, 9, 3], device);
        let (whole, end) = module.forward(input.clone(), None);
        let (first, middle) = module.forward(input.clone().narrow(1, 0, 4), None);
        let (second, last) = module.forward(input.narrow(1, 4, 5), Some(middle));
        assert_close(Tensor::cat(vec![first, second], 1), whole, what);
        let ((h, c), (expected_h, expected_c)) = (last.into_parts(), end.into_parts());
        assert_close(h, expected_h, what);
        assert_eq!(c.is_some(), C::HAS_CELL_STATE, "{what}");
        for (c, expected_c) in c.into_iter().zip(expected_c) {
            assert_close(c, expected_c, what);
        }
    }

    pub fn an_omitted_state_is_zero<C: Cell + Default>(device: &Device, what: &str) {
        let config = RecurrentConfig::<C>::new(3, 4).with_bidirectional(true);
        let module = config.init(device);
        let input = random([2, 5, 3], device);
        let zeros = Tensor::zeros([2, 2, 4], device);
        let cell = C::HAS_CELL_STATE.then(|| zeros.clone());
        let zeros = ModuleState::from_parts(zeros, cell).expect("what the cell has");
        let (given, _) = module.forward(input.clone(), Some(zeros));
        let (omitted, _) = module.forward(input, None);
        assert_close(omitted, given, what);
    }

    pub fn the_reverse_direction_is_the_forward_one_on_the_flipped_sequence<C: Cell + Default>(
        device: &Device,
        what: &str,
    ) {
        let both = RecurrentConfig::<C>::new(3, 4)
            .with_bidirectional(true)
            .init(device);
        let mut forward = StateDict::default();
        let weights = StateDict::of(&both);
        for name in weights.names().filter(|name| name.ends_with("_reverse")) {
            let data = weights.get(name).expect("a listed name").clone();
            forward.insert(name.trim_end_matches("_reverse"), data);
        }
        let one = RecurrentConfig::<C>::new(3, 4).init(device);
        let one = forward.load_into(one).expect("the same names");

        let input = random([2, 5, 3], device);
        let (output, end) = both.forward(input.clone(), None);
        let (flipped, flipped_end) = one.forward(input.flip([1]), None);
        assert_close(output.narrow(2, 4, 4), flipped.flip([1]), what);
        let reverse_end = end.hidden().clone().narrow(0, 1, 1);
        assert_close(reverse_end, flipped_end.hidden().clone(), what);
    }

    pub fn time_first_is_batch_first_transposed<C: Cell + Default>(device: &Device, what: &str) {
        let config = RecurrentConfig::<C>::new(3, 4).with_num_layers(2);
        let batch_first = config.init(device);
        let time_first = config.with_batch_first(false).init(device);
        let time_first = StateDict::of(&batch_first)
            .load_into(time_first)
            .expect("the same names");
        let input = random([2, 5, 3], device);
        let (expected, _) = batch_first.forward(input.clone(), None);
        let (found, _) = time_first.forward(input.swap_dims(0, 1), None);
        assert_close(found.swap_dims(0, 1), expected, what);
    }

    pub fn items_of_a_batch_do_not_see_each_other<C: Cell + Default>(device: &Device, what: &str) {
        let module = RecurrentConfig::<C>::new(3, 4)
            .with_bidirectional(true)
            .init(device);
        let input = random([3, 5, 3], device);
        let (together, _) = module.forward(input.clone(), None);
        let (alone, _) = module.forward(input.narrow(0, 1, 1), None);
        assert_close(alone, together.narrow(0, 1, 1), what);
    }

    pub fn weights_survive_the_way_through_a_file<C: Cell + Default>(device: &Device, what: &str) {
        let config = RecurrentConfig::<C>::new(3, 4)
            .with_num_layers(2)
            .with_bidirectional(true);
        let module = config.init(device);
        let bytes = StateDict::of(&module)
            .to_safetensors()
            .expect("f32 weights");
        let read = StateDict::from_safetensors(&bytes).expect("our own file");
        let other = read.load_into(config.init(device)).expect("the same names");
        let input = random([2, 5, 3], device);
        let (expected, _) = module.forward(input.clone(), None);
        let (found, _) = other.forward(input, None);
        assert_eq!(found.into_data(), expected.into_data(), "{what}");
    }
}

/// Compares the gradient with respect to each weight with finite differences of the loss.
#[test]
fn gradients_match_finite_differences() {
    let _alone = tests::seeded();
    fn check<C: Cell>(config: RecurrentConfig<C>, device: &Device, what: &str) {
        let config = config.with_num_layers(2).with_bidirectional(true);
        let module = config.init(&device.clone().autodiff());
        let input = random([2, 4, 2], device);
        let loss = |module: &Recurrent<C>, input: Tensor<3>| {
            let (output, end) = module.forward(input, None);
            output.square().sum() + end.hidden().clone().square().sum()
        };
        let grads = loss(&module, input.clone().autodiff()).backward();
        let plain = module.valid();
        let weights = StateDict::of(&plain);
        for (name, gradient) in tests::gradients(&module, &grads) {
            let data = weights.get(&name).expect("a parameter").clone();
            let values: Vec<f32> = data.iter().collect();
            let slopes: Vec<f32> = (0..values.len())
                .map(|i| {
                    // The four-point formula: its error is of the fourth order, so that the step
                    // can be large enough for 32-bit losses.
                    const STEP: f32 = 0.03;
                    let at = |steps: f32| -> f64 {
                        let mut moved = values.clone();
                        moved[i] += steps * STEP;
                        let mut weights = weights.clone();
                        weights.insert(&name, TensorData::new(moved, data.shape().clone()));
                        let module = weights.load_into(plain.clone()).expect("the same names");
                        loss(&module, input.clone()).into_scalar()
                    };
                    let near = at(1.0) - at(-1.0);
                    let far = at(2.0) - at(-2.0);
                    ((8.0 * near - far) / f64::from(12.0 * STEP)) as f32
                })
                .collect();
            let slopes = TensorData::new(slopes, gradient.shape().clone());
            let error = relative_error(&gradient, &slopes);
            // The rounding error of 32-bit losses at small gradients.
            assert!(error < 1e-2, "{what}: {name} is off by {error:e}");
        }
    }
    for (name, device) in devices() {
        let (rnn, gru) = (RnnConfig::new(2, 3), GruConfig::new(2, 3));
        let lstm = LstmConfig::new(2, 3);
        check(rnn, &device, &format!("rnn on {name}"));
        check(lstm.clone(), &device, &format!("lstm on {name}"));
        check(gru, &device, &format!("gru on {name}"));
        let proj = lstm.with_proj_size(2);
        check(proj, &device, &format!("lstm with proj_size on {name}"));
    }
}

#[test]
fn dropout_acts_between_layers_and_in_training_only() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let same = |layers: usize, device: &Device| {
            let config = RnnConfig::new(3, 32)
                .with_num_layers(layers)
                .with_dropout(0.5);
            let module = config.init(device);
            let input = random([2, 5, 3], device);
            let (first, _) = module.forward(input.clone(), None);
            let (second, _) = module.forward(input, None);
            first.into_data() == second.into_data()
        };
        assert!(!same(2, &training), "{name}: two layers, training");
        assert!(same(1, &training), "{name}: one layer has no between");
        assert!(same(2, &device), "{name}: two layers, prediction");
    }
}

#[test]
fn a_detached_state_ends_back_propagation() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let device = device.autodiff();
        let module = RecurrentConfig::<LstmStep>::new(3, 4).init(&device);
        let reaches = |detach: bool| {
            let first = random([1, 2, 3], &device).require_grad();
            let (_, state) = module.forward(first.clone(), None);
            let state: LstmState<3> = if detach { state.detach() } else { state };
            let (output, _) = module.forward(random([1, 2, 3], &device), Some(state));
            first.grad(&output.sum().backward()).is_some()
        };
        assert!(reaches(false), "{name}");
        assert!(!reaches(true), "{name}");
    }
}

#[test]
#[should_panic(expected = "the input has 4 features, expected input_size 3")]
fn a_wrong_number_of_features_is_an_error_that_names_it() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    RnnConfig::new(3, 4)
        .init(&device)
        .forward(random([1, 2, 4], &device), None);
}

#[test]
#[should_panic(
    expected = "the state is [1, 2, 4], expected [layers·directions, batch, features] = [1, 1, 4]"
)]
fn a_wrong_state_is_named() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let state = random([1, 2, 4], &device);
    RnnConfig::new(3, 4)
        .init(&device)
        .forward(random([1, 2, 3], &device), Some(state));
}

#[test]
#[should_panic(expected = "Lstm: c of the state is [1, 1, 4], expected")]
fn a_wrong_cell_state_is_named() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let state = LstmState {
        h: random([1, 2, 4], &device),
        c: random([1, 1, 4], &device),
    };
    let lstm = RecurrentConfig::<LstmStep>::new(3, 4).init(&device);
    lstm.forward(random([2, 5, 3], &device), Some(state));
}
