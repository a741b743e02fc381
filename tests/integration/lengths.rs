//! In a padded batch, each sequence gives the same as alone.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Gradients, Tensor, TensorData};
use rnn_model::{
    Cell, GruConfig, GruStep, Lengths, LengthsError, LstmStep, ModuleState, Recurrent,
    RecurrentConfig, RnnConfig, RnnStep,
};
use tests::{devices, gradients, relative_error};

const TOLERANCE: f64 = 1e-5;
/// Unsorted, and all shorter than the batch's time axis.
const LENGTHS: [usize; 4] = [3, 6, 1, 5];
const TIME: usize = 7;

fn module<C: Cell + Default>(device: &Device) -> Recurrent<C> {
    RecurrentConfig::<C>::new(3, 4)
        .with_num_layers(2)
        .with_bidirectional(true)
        .init(device)
}

fn random(shape: [usize; 3], device: &Device) -> Tensor<3> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn assert_close(found: Tensor<3>, expected: Tensor<3>, what: &str) {
    let error = relative_error(&found.into_data(), &expected.into_data());
    assert!(error <= TOLERANCE, "{what}: off by {error:e}");
}

/// The batch with `value` in the padding.
fn padded<const B: usize>(input: &Tensor<3>, lengths: [usize; B], value: f32) -> Tensor<3> {
    let [batch, time, features] = input.dims();
    let mut data: Vec<f32> = input.to_data().iter().collect();
    for (row, length) in data.chunks_mut(time * features).zip(lengths) {
        row[length * features..].fill(value);
    }
    let data = TensorData::new(data, [batch, time, features]);
    Tensor::from_data(data, &input.device())
}

/// Calls `law` for each cell on each device.
fn for_all(law: impl Fn(&Device, &str, &dyn Fn(&Device) -> Box<dyn Padded>)) {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        law(&device, &format!("rnn on {name}"), &|device| {
            Box::new(module::<RnnStep>(device))
        });
        law(&device, &format!("lstm on {name}"), &|device| {
            Box::new(module::<LstmStep>(device))
        });
        law(&device, &format!("gru on {name}"), &|device| {
            Box::new(module::<GruStep>(device))
        });
        // Without a kernel.
        law(&device, &format!("normalised lstm on {name}"), &|device| {
            let config = RecurrentConfig::<LstmStep>::new(3, 4);
            let config = config.with_num_layers(2).with_bidirectional(true);
            Box::new(config.with_layer_norm(true).init(device))
        });
    }
}

/// A module as a trait object, with h and c concatenated as its state.
trait Padded {
    fn run(&self, input: Tensor<3>, lengths: Option<&Lengths>, state: Tensor<3>) -> [Tensor<3>; 2];
    fn gradients(&self, grads: &Gradients) -> Vec<(String, TensorData)>;
}

impl<C: Cell> Padded for Recurrent<C> {
    fn run(&self, input: Tensor<3>, lengths: Option<&Lengths>, state: Tensor<3>) -> [Tensor<3>; 2] {
        let cell = C::HAS_CELL_STATE.then(|| state.clone() * 2.0);
        let state = ModuleState::from_parts(state, cell).expect("what the cell has");
        let (output, last) = match lengths {
            Some(lengths) => self.forward_with_lengths(input, lengths, Some(state)),
            None => self.forward(input, Some(state)),
        };
        let (h, c) = last.into_parts();
        let parts = [Some(h), c].into_iter().flatten().collect();
        [output, Tensor::cat(parts, 2)]
    }

    fn gradients(&self, grads: &Gradients) -> Vec<(String, TensorData)> {
        gradients(self, grads)
    }
}

#[test]
fn a_padded_batch_gives_what_each_sequence_gives_alone() {
    for_all(|device, what, make| {
        let module = make(device);
        let input = random([LENGTHS.len(), TIME, 3], device);
        let state = random([4, LENGTHS.len(), 4], device);
        let lengths = Lengths::new(LENGTHS, TIME).expect("good lengths");
        let [output, last] = module.run(input.clone(), Some(&lengths), state.clone());
        for (row, length) in LENGTHS.into_iter().enumerate() {
            let [alone, alone_last] = module.run(
                input.clone().slice([row..row + 1, 0..length]),
                None,
                state.clone().narrow(1, row, 1),
            );
            let found = output.clone().slice([row..row + 1, 0..length]);
            assert_close(found, alone, what);
            assert_close(last.clone().narrow(1, row, 1), alone_last, what);
            if length < TIME {
                let past = output.clone().slice([row..row + 1, length..TIME]);
                let past: Vec<f32> = past.into_data().iter().collect();
                assert!(past.iter().all(|&x| x == 0.0), "{what}: {past:?}");
            }
        }
    });
}

#[test]
fn what_the_padding_holds_changes_neither_values_nor_gradients() {
    for_all(|device, what, make| {
        let device = device.clone().autodiff();
        let module = make(&device);
        let input = random([LENGTHS.len(), TIME, 3], &device);
        let state = random([4, LENGTHS.len(), 4], &device);
        let lengths = Lengths::new(LENGTHS, TIME).expect("good lengths");
        let run = |value: f32| {
            let input = padded(&input, LENGTHS, value).require_grad();
            let [output, last] = module.run(input.clone(), Some(&lengths), state.clone());
            let loss = output.clone().powi_scalar(2).sum() + last.clone().powi_scalar(2).sum();
            let grads = loss.backward();
            let of_input = input.grad(&grads).expect("a gradient").into_data();
            (
                output.into_data(),
                last.into_data(),
                of_input,
                module.gradients(&grads),
            )
        };
        let zeros = run(0.0);
        for value in [f32::NAN, f32::INFINITY, 1e30] {
            let found = run(value);
            zeros.0.assert_eq(&found.0, true);
            zeros.1.assert_eq(&found.1, true);
            zeros.2.assert_eq(&found.2, true);
            for ((name, expected), (_, found)) in zeros.3.iter().zip(&found.3) {
                assert!(
                    relative_error(found, expected) <= TOLERANCE,
                    "{what}: {name} with {value}"
                );
            }
        }
        // The gradient with respect to the padding is zero.
        let of_input: Vec<f32> = zeros.2.iter().collect();
        for (row, length) in of_input.chunks(TIME * 3).zip(LENGTHS) {
            assert!(row[..length * 3].iter().all(|&g| g != 0.0), "{what}");
            assert!(row[length * 3..].iter().all(|&g| g == 0.0), "{what}");
        }
    });
}

#[test]
fn gradients_are_the_sums_of_those_of_each_sequence_alone() {
    for_all(|device, what, make| {
        let device = device.clone().autodiff();
        let module = make(&device);
        let input = random([LENGTHS.len(), TIME, 3], &device);
        let state = random([4, LENGTHS.len(), 4], &device);
        let loss_of = |[output, last]: [Tensor<3>; 2]| {
            output.powi_scalar(2).sum() + last.powi_scalar(2).sum()
        };
        let lengths = Lengths::new(LENGTHS, TIME).expect("good lengths");
        let together = loss_of(module.run(input.clone(), Some(&lengths), state.clone()));
        let alone = LENGTHS.into_iter().enumerate().map(|(row, length)| {
            let input = input.clone().slice([row..row + 1, 0..length]);
            loss_of(module.run(input, None, state.clone().narrow(1, row, 1)))
        });
        let alone = alone.reduce(|sum, loss| sum + loss).expect("sequences");
        let expected = module.gradients(&alone.backward());
        for ((name, found), (_, expected)) in
            module.gradients(&together.backward()).iter().zip(&expected)
        {
            let error = relative_error(found, expected);
            assert!(error <= TOLERANCE, "{what}: {name} off by {error:e}");
        }
    });
}

#[test]
fn full_lengths_equal_no_lengths() {
    for_all(|device, what, make| {
        let module = make(device);
        let (input, state) = (random([2, 5, 3], device), random([4, 2, 4], device));
        let lengths = Lengths::new([5, 5], 5).expect("good lengths");
        let [found, found_last] = module.run(input.clone(), Some(&lengths), state.clone());
        let [expected, expected_last] = module.run(input, None, state);
        assert_close(found, expected, what);
        assert_close(found_last, expected_last, what);
    });
}

#[test]
fn invalid_lengths_are_refused() {
    for (lengths, error, message) in [
        (vec![], LengthsError::Empty, "found none"),
        (
            vec![2, 4, 6],
            LengthsError::TooLong {
                index: 2,
                found: 6,
                time: 5,
            },
            "length 2 is 6, expected at most the 5 time steps",
        ),
    ] {
        let found = Lengths::new(lengths, 5).expect_err("refused");
        assert_eq!(found, error);
        assert!(found.to_string().contains(message), "{found}");
    }
}

#[test]
#[should_panic(expected = "the batch has 2 sequences of 5 steps, the lengths are for (2, 6)")]
fn lengths_of_another_batch_are_refused() {
    let (_, device) = devices().remove(0);
    let rnn = RnnConfig::new(3, 4).init(&device).no_grad();
    let lengths = Lengths::new([6, 2], 6).expect("good lengths");
    rnn.forward_with_lengths(Tensor::zeros([2, 5, 3], &device), &lengths, None);
}

/// With rows that hold no sequence the others give what they give without them, and these rows' states
/// go through.
#[test]
fn rows_without_a_sequence_keep_their_state() {
    const WITH_NONE: [usize; 5] = [0, 3, 0, TIME, 1];
    for_all(|device, what, make| {
        let device = device.clone().autodiff();
        let module = make(&device);
        let input = random([5, TIME, 3], &device);
        let input = padded(&input, WITH_NONE, f32::NAN).require_grad();
        let state = random([4, 5, 4], &device).require_grad();
        let lengths = Lengths::new(WITH_NONE, TIME).expect("good lengths");
        let [output, last] = module.run(input.clone(), Some(&lengths), state.clone());
        let loss = output.clone().powi_scalar(2).sum() + last.clone().powi_scalar(2).sum();
        let grads = loss.backward();

        let rows = [1, 3, 4];
        let only = |tensor: Tensor<3>, axis| {
            let rows = rows.map(|row| tensor.clone().narrow(axis, row, 1));
            Tensor::cat(rows.to_vec(), axis)
        };
        let own_input = Tensor::from_inner(only(input.clone().inner(), 0)).require_grad();
        let own_state = Tensor::from_inner(only(state.clone().inner(), 1)).require_grad();
        let own_lengths = Lengths::new(rows.map(|row| WITH_NONE[row]), TIME).expect("lengths");
        let [own_output, own_last] =
            module.run(own_input.clone(), Some(&own_lengths), own_state.clone());
        let loss = own_output.clone().powi_scalar(2).sum() + own_last.clone().powi_scalar(2).sum();
        let own_grads = loss.backward();
        assert_close(only(output.clone(), 0), own_output, what);
        assert_close(only(last.clone(), 1), own_last, what);
        for ((name, found), (_, expected)) in
            (module.gradients(&grads).iter()).zip(&module.gradients(&own_grads))
        {
            let error = relative_error(found, expected);
            // Sums over other rows are rounded in other places.
            assert!(error <= 10.0 * TOLERANCE, "{what}: {name} off by {error:e}");
        }
        let d_input = input.grad(&grads).expect("a gradient");
        let own_d_input = own_input.grad(&own_grads).expect("a gradient");
        assert_close(only(d_input.clone(), 0), own_d_input, what);
        let d_state = state.grad(&grads).expect("a gradient");
        let own_d_state = own_state.grad(&own_grads).expect("a gradient");
        assert_close(only(d_state.clone(), 1), own_d_state, what);

        let zeros = |tensor: Tensor<3>| tensor.into_data().iter::<f32>().all(|x| x == 0.0);
        for row in [0, 2] {
            assert!(zeros(output.clone().narrow(0, row, 1)), "{what}: output");
            assert!(zeros(d_input.clone().narrow(0, row, 1)), "{what}: d_input");
            // What `run` gives as the state: h, and where there is one c, which starts as twice h.
            let before = state.clone().narrow(1, row, 1).inner();
            let after = last.clone().narrow(1, row, 1).inner();
            let [_, _, size] = after.dims();
            let (h, c) = (after.clone().narrow(2, 0, 4), size > 4);
            h.into_data().assert_eq(&before.clone().into_data(), true);
            // d/dh of h² + (2h)² is 10·h, of h² alone 2·h.
            let factor = if c { 10.0 } else { 2.0 };
            let d_row = d_state.clone().narrow(1, row, 1);
            assert_close(d_row, before.clone() * factor, what);
            if c {
                let c = after.narrow(2, 4, 4);
                c.into_data().assert_eq(&(before * 2.0).into_data(), true);
            }
        }
    });
}

#[test]
fn a_batch_may_be_without_any_sequence() {
    for (name, device) in devices() {
        let gru = GruConfig::new(3, 4).with_num_layers(2).init(&device);
        let state = random([2, 3, 4], &device);
        let lengths = Lengths::new([0, 0, 0], TIME).expect("good lengths");
        let input = Tensor::full([3, TIME, 3], f32::NAN, &device);
        let (output, last) = gru.forward_with_lengths(input, &lengths, Some(state.clone()));
        assert_eq!(output.abs().sum().into_scalar::<f32>(), 0.0, "{name}");
        last.into_data().assert_eq(&state.into_data(), true);
    }
}
