//! What runs through a kernel, and that it gives what the steps one by one give, in value and in every
//! gradient.

use std::cell::Cell as Counter;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Distribution, Tensor};

use crate::cell::{Cell, LstmState, LstmStep};
use crate::noise::Noise;
use crate::recurrent::Lstm;
use crate::sequence::Layer;
use crate::{Lengths, LstmCellConfig, LstmConfig};

thread_local! {
    /// Calls of the LSTM's kernel on this thread.
    static CALLS: Counter<usize> = const { Counter::new(0) };
}

pub fn count() {
    CALLS.set(CALLS.get() + 1);
}

fn calls<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = CALLS.get();
    let done = work();
    (CALLS.get() - before, done)
}

fn devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "ndarray")]
        Device::ndarray(),
        #[cfg(feature = "flex")]
        Device::flex(),
    ]
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn assert_close<const D: usize>(what: &str, found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let off: f64 = (found - expected.clone()).abs().max().into_scalar();
    let largest: f64 = expected.abs().max().into_scalar();
    assert!(
        off <= 1e-5 * largest.max(1.0),
        "{what}: off by {off:e} of {largest}"
    );
}

/// Tensors of a layer that gradients are taken by.
struct Leaves {
    input: Tensor<3>,
    state: LstmState<2>,
}

/// What `loss` weighs: output, h_n and c_n.
type Outputs = (Tensor<3>, LstmState<2>);

#[test]
fn a_layer_is_its_steps_in_value_and_gradients() {
    type Loss = fn(Outputs) -> Tensor<1>;
    let losses: [(&str, Loss); 5] = [
        ("output", |(output, _)| output.powi_scalar(2).sum()),
        ("last output", |(output, _)| {
            let last = output.dims()[0] - 1;
            output.narrow(0, last, 1).powi_scalar(2).sum()
        }),
        ("h_n", |(_, state)| state.h.powi_scalar(2).sum()),
        ("c_n", |(_, state)| state.c.powi_scalar(2).sum()),
        ("all", |(output, state)| {
            let transposed = output.swap_dims(0, 2);
            transposed.powi_scalar(3).sum() + state.h.powi_scalar(2).sum() + state.c.sum()
        }),
    ];
    for device in devices() {
        let device = device.autodiff();
        for (bias, reverse) in [(true, false), (false, true)] {
            let lstm = LstmConfig::new(5, 7).with_bias(bias).init(&device);
            for (what, loss) in losses {
                // As it comes from a batch-first tensor: sequences lie one after another.
                let input = random([3, 6, 5], &device).swap_dims(0, 1);
                let leaves = Leaves {
                    input: input.require_grad(),
                    state: LstmState {
                        h: random([3, 7], &device).require_grad(),
                        c: random([3, 7], &device).require_grad(),
                    },
                };
                let (kernel_calls, fused) =
                    calls(|| gradients(&lstm, &leaves, loss, reverse, true));
                assert_eq!(kernel_calls, 1, "{what}");
                let (kernel_calls, steps) =
                    calls(|| gradients(&lstm, &leaves, loss, reverse, false));
                assert_eq!(kernel_calls, 0, "{what}");
                assert_eq!(fused.len(), steps.len(), "{what}");
                for ((name, fused), (_, steps)) in fused.into_iter().zip(steps) {
                    assert_close(&format!("{name} by {what} on {device:?}"), fused, steps);
                }
            }
        }
    }
}

/// The loss and its gradients, in rows of one.
fn gradients(
    lstm: &Lstm,
    leaves: &Leaves,
    loss: fn(Outputs) -> Tensor<1>,
    reverse: bool,
    fused: bool,
) -> Vec<(&'static str, Tensor<1>)> {
    let noise = Noise::new(0.0, 0.0, [0.0; 2]);
    let weights = &lstm.weights[0];
    let layer = Layer::new(&lstm.cell, weights, &noise, 3);
    let (input, state) = (leaves.input.clone(), leaves.state.clone());
    let outputs = match fused {
        true => layer.run(input, state, reverse, None),
        false => layer.run_steps(input, state, reverse, None),
    };
    let loss = loss(outputs);
    let all = loss.backward();
    let flat = |tensor: &Tensor<2>| tensor.grad(&all).map(|gradient| gradient.flatten(0, 1));
    let mut found = vec![
        ("loss", Some(loss.clone().inner())),
        ("d_input", leaves.input.grad(&all).map(|d| d.flatten(0, 2))),
        ("d_h_0", flat(&leaves.state.h)),
        ("d_c_0", flat(&leaves.state.c)),
        ("d_weight_ih", flat(&weights.weight_ih.val())),
        ("d_weight_hh", flat(&weights.weight_hh.val())),
    ];
    for (name, bias) in [
        ("d_bias_ih", &weights.bias_ih),
        ("d_bias_hh", &weights.bias_hh),
    ] {
        if let Some(bias) = bias {
            found.push((name, bias.val().grad(&all)));
        }
    }
    let found = found.into_iter();
    found
        .map(|(name, gradient)| (name, gradient.expect(name)))
        .collect()
}

#[test]
fn a_linear_layer_is_burns_own_in_value_and_gradients() {
    for device in devices() {
        let device = device.autodiff();
        // Few rows, rows that are not side by side, and work for several threads along each axis.
        let sizes = [
            [1, 1, 5, 3],
            [2, 2, 33, 17],
            [3, 7, 16, 65],
            [2, 300, 64, 70],
            [300, 2, 64, 70],
        ];
        for [batch, time, features, outputs] in sizes {
            let layer = crate::linear::linear(features, outputs, &device);
            let input = random([time, batch, features], &device).swap_dims(0, 1);
            let input = input.require_grad();
            let weights = random([batch, time, outputs], &device);
            let gradients = |output: Tensor<3>| {
                let all = (output.clone() * weights.clone()).sum().backward();
                let bias = layer.bias.as_ref().expect("a bias").val();
                [
                    Some(output.inner().flatten::<1>(0, 2)),
                    input.grad(&all).map(|d| d.flatten(0, 2)),
                    layer.weight.val().grad(&all).map(|d| d.flatten(0, 1)),
                    bias.grad(&all),
                ]
                .map(|tensor| tensor.expect("a gradient"))
            };
            let fused = super::linear(&input, &layer).expect("a kernel");
            let expected = layer.forward(input.clone());
            let names = ["output", "d_input", "d_weight", "d_bias"];
            for (name, (found, expected)) in names
                .into_iter()
                .zip(gradients(fused).into_iter().zip(gradients(expected)))
            {
                assert_close(&format!("{name} of {batch}·{time}"), found, expected);
            }
        }
    }
}

/// Whatever shape of memory a tensor has: a view with an offset, a reversed or a repeated one.
#[test]
fn inputs_may_lie_anyhow() {
    for device in devices() {
        let lstm = LstmConfig::new(5, 7).init(&device);
        let base = random([3, 6, 10], &device);
        let views = [
            base.clone().narrow(2, 3, 5).narrow(1, 1, 4),
            base.clone().narrow(2, 0, 5).flip([1]),
            base.clone().narrow(2, 0, 5).flip([2]),
            base.clone()
                .narrow(2, 0, 5)
                .narrow(0, 1, 1)
                .expand([4, 6, 5]),
            base.narrow(2, 0, 1).expand([3, 6, 5]),
        ];
        for (i, view) in views.into_iter().enumerate() {
            let copy = Tensor::from_data(view.to_data(), &device);
            let (found, _) = lstm.forward(view, None);
            let (expected, _) = lstm.forward(copy, None);
            assert_close(&format!("view {i} on {device:?}"), found, expected);
        }
    }
}

/// A module that is used twice, whose input weights are frozen, and gradients with recomputation.
#[test]
fn gradients_of_a_module_that_is_used_twice_add_up() {
    for device in devices() {
        for device in [
            device.clone().autodiff(),
            device.autodiff().gradient_checkpointing(),
        ] {
            let mut lstm = LstmConfig::new(7, 7).init(&device);
            let frozen = lstm.weights[0].weight_ih.clone().set_require_grad(false);
            lstm.weights[0].weight_ih = frozen;
            let input = random([3, 6, 7], &device);
            let gradient = |fused: bool| {
                let noise = Noise::new(0.0, 0.0, [0.0; 2]);
                let layer = Layer::new(&lstm.cell, &lstm.weights[0], &noise, 6);
                let run = |input, state| match fused {
                    true => layer.run(input, state, false, None),
                    false => layer.run_steps(input, state, false, None),
                };
                let start = LstmStep::zeros([6, 7], [6, 7], &device);
                let (output, state) = run(input.clone(), start);
                let (output, state) = run(output, state);
                let all = (output.sum() + state.c.sum()).backward();
                let weight_hh = lstm.weights[0].weight_hh.val();
                assert!(lstm.weights[0].weight_ih.val().grad(&all).is_none());
                weight_hh.grad(&all).expect("a gradient")
            };
            assert_close("d_weight_hh", gradient(true), gradient(false));
        }
    }
}

#[test]
fn every_layer_and_direction_runs_through_the_kernel() {
    for device in devices() {
        for device in [device.clone(), device.autodiff()] {
            for layers in [1, 3] {
                for (bidirectional, bias, batch_first) in [
                    (false, true, true),
                    (true, false, true),
                    (true, true, false),
                ] {
                    let lstm = LstmConfig::new(5, 9)
                        .with_num_layers(layers)
                        .with_bidirectional(bidirectional)
                        .with_bias(bias)
                        .with_batch_first(batch_first)
                        .with_dropout(if layers > 1 { 0.5 } else { 0.0 })
                        .init(&device);
                    let expected = layers * lstm.directions();
                    let input = random([2, 4, 5], &device);
                    let (kernel_calls, (_, state)) = calls(|| lstm.forward(input.clone(), None));
                    assert_eq!(kernel_calls, expected, "{lstm}");
                    if batch_first {
                        let (kernel_calls, _) = calls(|| lstm.forward(input, Some(state)));
                        assert_eq!(kernel_calls, expected, "{lstm} with a state");
                    }
                    let one = random([4, 5], &device);
                    let (kernel_calls, _) = calls(|| lstm.forward_unbatched(one.clone(), None));
                    assert_eq!(kernel_calls, expected, "{lstm} without a batch");
                    if !bidirectional {
                        let (kernel_calls, _) = calls(|| lstm.step(one, None));
                        assert_eq!(kernel_calls, expected, "{lstm} step by step");
                    }
                }
            }
            let cell = LstmCellConfig::new(5, 9).init(&device);
            let (kernel_calls, _) = calls(|| cell.forward(random([2, 5], &device), None));
            assert_eq!(kernel_calls, 1, "a cell");
        }
    }
}

#[test]
fn what_has_no_kernel_runs_step_by_step() {
    for device in devices() {
        let device = device.autodiff();
        let input = random([2, 4, 5], &device);
        let lstm = || LstmConfig::new(5, 9);
        for config in [
            lstm().with_proj_size(3),
            lstm().with_layer_norm(true),
            lstm().with_recurrent_dropout(0.5),
            lstm().with_zoneout(0.1, 0.1),
        ] {
            let lstm = config.init(&device);
            let (kernel_calls, _) = calls(|| lstm.forward(input.clone(), None));
            assert_eq!(kernel_calls, 0, "{lstm}");
        }
        let lengths = Lengths::new([2, 4], 4).expect("valid");
        let lstm = lstm().init(&device);
        let (kernel_calls, _) = calls(|| lstm.forward_with_lengths(input.clone(), &lengths, None));
        assert_eq!(kernel_calls, 0, "lengths");

        let precise = lstm.clone().map(&mut Precise);
        let input_64 = input.clone().cast(DType::F64);
        let (kernel_calls, (output, _)) = calls(|| precise.forward(input_64, Some(zeros(&device))));
        assert_eq!(kernel_calls, 0, "64-bit numbers");
        assert_eq!(output.dtype(), DType::F64);
        let (expected, _) = lstm.forward(input, None);
        assert_close("64-bit numbers", output.cast(DType::F32), expected);
    }
}

fn zeros(device: &Device) -> LstmState<3> {
    LstmStep::map_state(
        LstmStep::zeros([1, 2, 9], [1, 2, 9], device),
        |part: Tensor<3>| part.cast(DType::F64),
    )
}

/// Makes parameters 64 bits wide.
struct Precise;

impl ModuleMapper for Precise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(DType::F64))
    }
}
