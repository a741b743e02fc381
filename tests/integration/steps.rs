//! Single steps, whole sequences, and sequences without a batch axis give the same.

use burn::tensor::{Device, Distribution, Tensor};
use rnn_model::{
    Cell, GruConfig, GruStep, LstmConfig, LstmStep, ModuleState, Recurrent, RecurrentConfig,
    RnnConfig, RnnStep,
};
use tests::{devices, relative_error};

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn assert_close<const D: usize>(found: Tensor<D>, expected: Tensor<D>, what: &str) {
    let error = relative_error(&found.into_data(), &expected.into_data());
    assert!(error <= 1e-5, "{what}: off by {error:e}");
}

/// The tensors of a state.
fn parts<const D: usize>(state: impl ModuleState<D>) -> Vec<Tensor<D>> {
    let (h, c) = state.into_parts();
    [Some(h), c].into_iter().flatten().collect()
}

fn steps_are_the_sequence<C: Cell>(module: &Recurrent<C>, device: &Device, what: &str) {
    let input = random([2, 7, 3], device);
    let (whole, end) = module.forward(input.clone(), None);
    let mut state = None;
    let mut outputs = Vec::new();
    for t in 0..7 {
        let x = input.clone().narrow(1, t, 1).squeeze_dim(1);
        let (output, next) = module.step(x, state);
        outputs.push(output);
        state = Some(next);
    }
    assert_close(Tensor::stack(outputs, 1), whole, what);
    let last = state.expect("a state");
    for (found, expected) in parts(last).into_iter().zip(parts(end)) {
        assert_close(found, expected, what);
    }
}

#[test]
fn n_steps_equal_one_sequence() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let device = &device;
        let rnn = RnnConfig::new(3, 4).with_num_layers(2);
        steps_are_the_sequence(&rnn.init(device), device, &format!("rnn on {name}"));
        let gru = GruConfig::new(3, 4).with_num_layers(3).with_bias(false);
        steps_are_the_sequence(&gru.init(device), device, &format!("gru on {name}"));
        let lstm = LstmConfig::new(3, 4).with_num_layers(2).with_proj_size(2);
        steps_are_the_sequence(&lstm.init(device), device, &format!("lstm on {name}"));
        let all = lstm
            .with_layer_norm(true)
            .with_zoneout(0.2, 0.1)
            .with_dropout(0.5);
        steps_are_the_sequence(&all.init(device), device, &format!("all on {name}"));
    }
}

fn unbatched_is_a_batch_of_one<C: Cell + Default>(device: &Device, what: &str) {
    for batch_first in [true, false] {
        let module = RecurrentConfig::<C>::new(3, 4)
            .with_num_layers(2)
            .with_bidirectional(true)
            .with_batch_first(batch_first)
            .init(device);
        let input = random([6, 3], device);
        let (output, end) = module.forward_unbatched(input.clone(), None);
        assert_eq!(output.dims(), [6, 8], "{what}");
        let axis = usize::from(!batch_first);
        let (batch, batch_end) = module.forward(input.unsqueeze_dim(axis), None);
        assert_close(output, batch.squeeze_dim(axis), what);
        let ends = parts(end).into_iter().zip(parts(batch_end));
        for (found, expected) in ends {
            assert_eq!(found.dims(), [4, 4], "{what}");
            assert_close(found, expected.squeeze_dim(1), what);
        }
    }
}

#[test]
fn a_sequence_without_a_batch_axis_equals_a_batch_of_one() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        unbatched_is_a_batch_of_one::<RnnStep>(&device, &format!("rnn on {name}"));
        unbatched_is_a_batch_of_one::<LstmStep>(&device, &format!("lstm on {name}"));
        unbatched_is_a_batch_of_one::<GruStep>(&device, &format!("gru on {name}"));
    }
}

#[test]
fn shapes_with_a_projection_match_pytorch() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let lstm = LstmConfig::new(3, 6)
            .with_num_layers(2)
            .with_bidirectional(true)
            .with_proj_size(2)
            .init(&device);
        let (output, state) = lstm.forward(random([5, 4, 3], &device), None);
        assert_eq!(output.dims(), [5, 4, 4], "{name}");
        assert_eq!(state.h.dims(), [4, 5, 2], "{name}");
        assert_eq!(state.c.dims(), [4, 5, 6], "{name}");
        assert_eq!((lstm.hidden_size(), lstm.output_size()), (6, 2));
    }
}

#[test]
#[should_panic(expected = "a bidirectional module has no single steps")]
fn bidirectional_modules_have_no_single_steps() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let rnn = RnnConfig::new(3, 4).with_bidirectional(true).init(&device);
    rnn.step(random([1, 3], &device), None);
}
