//! What runs through a kernel, and that it gives what the steps one by one give, in value and in every
//! gradient.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Tensor};

use super::{assert_close, devices, ours, random};
use crate::kernel::counters;
use crate::recurrent::{Cell, Layer, Lstm, LstmState, Noise, Parts, Recurrent};
use crate::{
    GruCellConfig, GruConfig, Lengths, LstmCellConfig, LstmConfig, Nonlinearity, RnnCellConfig,
    RnnConfig, with_noise_seed,
};

fn calls<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = counters::calls();
    let done = work();
    (counters::calls() - before, done)
}

/// Tensors of a layer that gradients are taken by.
struct Leaves {
    input: Tensor<3>,
    state: Parts<3>,
}

/// What `loss` weighs: output, h_n and, if there is one, c_n.
type Outputs = (Tensor<3>, Tensor<3>, Option<Tensor<3>>);

#[test]
fn a_layer_is_its_steps_in_value_and_gradients() {
    for device in devices() {
        let device = device.autodiff();
        for (bias, bidirectional) in [(true, false), (false, true), (true, true)] {
            let lstm = LstmConfig::new(5, 7)
                .with_bias(bias)
                .with_bidirectional(bidirectional);
            check_layer(&lstm.init(&device), &device);
            check_layer(&lstm.with_proj_size(3).init(&device), &device);
            let gru = GruConfig::new(5, 7)
                .with_bias(bias)
                .with_bidirectional(bidirectional);
            check_layer(&gru.init(&device), &device);
            for nonlinearity in [Nonlinearity::Tanh, Nonlinearity::Relu] {
                let rnn = RnnConfig::new(5, 7)
                    .with_nonlinearity(nonlinearity)
                    .with_bias(bias)
                    .with_bidirectional(bidirectional);
                check_layer(&rnn.init(&device), &device);
            }
        }
    }
}

fn check_layer<C: Cell>(module: &Recurrent<C>, device: &Device) {
    type Loss = fn(Outputs) -> Tensor<1>;
    let losses: [(&str, Loss); 6] = [
        ("output", |(output, ..)| output.powi_scalar(2).sum()),
        ("last output", |(output, ..)| {
            let last = output.dims()[0] - 1;
            output.narrow(0, last, 1).powi_scalar(2).sum()
        }),
        ("h_n", |(_, h_n, _)| h_n.powi_scalar(2).sum()),
        ("c_n", |(_, h_n, c_n)| {
            c_n.unwrap_or(h_n).powi_scalar(2).sum()
        }),
        // As soon as these tensors have no other owner, Burn multiplies in place.
        ("each times something", |(output, h_n, c_n)| {
            let sum = (output * 2.0).sum() + (h_n * 3.0).sum();
            c_n.into_iter()
                .fold(sum, |sum, c_n| sum + (c_n * 5.0).sum())
        }),
        ("all", |(output, h_n, c_n)| {
            let transposed = output.swap_dims(0, 2);
            let sum = transposed.powi_scalar(3).sum() + h_n.clone().powi_scalar(2).sum();
            sum + c_n.unwrap_or(h_n).sum()
        }),
    ];
    let directions = module.directions();
    let state = |size| random([directions, 3, size], device).require_grad();
    let lengths = Lengths::new([4, 6, 1], 6).expect("valid");
    for (what, loss) in losses {
        for lengths in [None, Some(&lengths)] {
            // As it comes from a batch-first tensor: sequences lie one after another.
            let input = random([3, 6, 5], device).swap_dims(0, 1);
            let leaves = Leaves {
                input: input.require_grad(),
                state: Parts {
                    h: state(module.output_size()),
                    c: C::HAS_CELL_STATE.then(|| state(7)),
                },
            };
            let noise = || Noise::new(0.0, 0.0, [0.0; 2]);
            // With the same elements dropped from the recurrent weights, too.
            for noise in [noise(), noise().with_weight_dropout(0.4)] {
                let run = |fused| {
                    with_noise_seed(1, || {
                        gradients(module, &noise, &leaves, loss, lengths, fused)
                    })
                };
                let (kernel_calls, fused) = calls(|| run(true));
                assert_eq!(kernel_calls, 1, "{what} of {module}");
                let (kernel_calls, steps) = calls(|| run(false));
                assert_eq!(kernel_calls, 0, "{what} of {module}");
                assert_eq!(fused.len(), steps.len(), "{what} of {module}");
                for ((name, fused), (_, steps)) in fused.into_iter().zip(steps) {
                    let name = format!("{name} by {what}, {lengths:?}, {module} on {device:?}");
                    assert_close(&name, fused, steps);
                }
            }
        }
    }
}

/// The module's only layer.
fn layer<'a, C: Cell>(module: &'a Recurrent<C>, noise: &'a Noise) -> Layer<'a, C> {
    Layer {
        cell: &module.cell,
        weights: &module.weights,
        noise,
        cache: None,
    }
}

/// The loss and its gradients, in rows of one.
fn gradients<C: Cell>(
    module: &Recurrent<C>,
    noise: &Noise,
    leaves: &Leaves,
    loss: fn(Outputs) -> Tensor<1>,
    lengths: Option<&Lengths>,
    fused: bool,
) -> Vec<(String, Tensor<1>)> {
    let layer = layer(module, noise);
    let (input, state) = (leaves.input.clone(), leaves.state.clone());
    let device = input.device();
    let padding = lengths.and_then(|lengths| lengths.padding(&device));
    let (output, state) = match fused {
        true => layer.run(input, state, padding.as_ref()),
        false => layer.run_steps(input, state, padding.as_ref()),
    };
    let loss = loss((output, state.h, state.c));
    let all = loss.backward();
    let mut found = vec![("loss".to_owned(), Some(loss.clone().inner()))];
    let mut add = |name: &str, gradient: Option<Tensor<1>>| found.push((name.to_owned(), gradient));
    add("d_input", leaves.input.grad(&all).map(|d| d.flatten(0, 2)));
    let Parts { h, c } = &leaves.state;
    add("d_h_0", h.grad(&all).map(|d| d.flatten(0, 2)));
    if let Some(c) = c {
        add("d_c_0", c.grad(&all).map(|d| d.flatten(0, 2)));
    }
    for weights in &module.weights {
        let flat = |weight: &Param<Tensor<2>>| weight.val().grad(&all).map(|d| d.flatten(0, 1));
        add("d_weight_ih", flat(&weights.weight_ih));
        add("d_weight_hh", flat(&weights.weight_hh));
        if let (Some(bias_ih), Some(bias_hh)) = (&weights.bias_ih, &weights.bias_hh) {
            add("d_bias_ih", bias_ih.val().grad(&all));
            add("d_bias_hh", bias_hh.val().grad(&all));
        }
        if let Some(weight_hr) = &weights.weight_hr {
            add("d_weight_hr", flat(weight_hr));
        }
    }
    found
        .into_iter()
        .map(|(name, gradient)| {
            let gradient = gradient.unwrap_or_else(|| panic!("no {name}"));
            (name, gradient)
        })
        .collect()
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
                let layer = layer(&lstm, &noise);
                let run = |input, state| match fused {
                    true => layer.run(input, state, None),
                    false => layer.run_steps(input, state, None),
                };
                let start = Parts::zeros([1, 6, 7], Some([1, 6, 7]), &device);
                let (output, state) = run(input.clone(), start);
                let (output, state) = run(output, state);
                let all = (output.sum() + state.c.expect("a cell state").sum()).backward();
                let weight_hh = lstm.weights[0].weight_hh.val();
                assert!(lstm.weights[0].weight_ih.val().grad(&all).is_none());
                weight_hh.grad(&all).expect("a gradient")
            };
            assert_close("d_weight_hh", gradient(true), gradient(false));
        }
    }
}

#[test]
fn every_layer_runs_through_the_kernel() {
    for device in devices() {
        for device in [device.clone(), device.autodiff()] {
            for layers in [1, 3] {
                for (bidirectional, bias, batch_first) in [
                    (false, true, true),
                    (true, false, true),
                    (true, true, false),
                ] {
                    let dropout = if layers > 1 { 0.5 } else { 0.0 };
                    let lstm = LstmConfig::new(5, 9)
                        .with_num_layers(layers)
                        .with_bidirectional(bidirectional)
                        .with_bias(bias)
                        .with_batch_first(batch_first)
                        .with_dropout(dropout)
                        .with_weight_dropout(dropout);
                    check_calls(&lstm.init(&device), &device);
                    check_calls(&lstm.with_proj_size(4).init(&device), &device);
                    let gru = GruConfig::new(5, 9)
                        .with_num_layers(layers)
                        .with_bidirectional(bidirectional)
                        .with_bias(bias)
                        .with_batch_first(batch_first)
                        .with_dropout(dropout)
                        .with_weight_dropout(dropout);
                    check_calls(&gru.init(&device), &device);
                    let rnn = RnnConfig::new(5, 9)
                        .with_num_layers(layers)
                        .with_bidirectional(bidirectional)
                        .with_bias(bias)
                        .with_batch_first(batch_first)
                        .with_dropout(dropout)
                        .with_weight_dropout(dropout);
                    check_calls(&rnn.init(&device), &device);
                }
            }
            let one = || random([2, 5], &device);
            let (lstm, gru, rnn) = (
                LstmCellConfig::new(5, 9).init(&device),
                GruCellConfig::new(5, 9).init(&device),
                RnnCellConfig::new(5, 9).init(&device),
            );
            let (kernel_calls, _) = calls(|| {
                lstm.forward(one(), None);
                gru.forward(one(), None);
                rnn.forward(one(), None);
            });
            assert_eq!(kernel_calls, 3, "cells");
        }
    }
}

fn check_calls<C: Cell>(module: &Recurrent<C>, device: &Device) {
    let expected = module.num_layers();
    let input = random([2, 4, 5], device);
    let (kernel_calls, (_, state)) = calls(|| module.forward(input.clone(), None));
    assert_eq!(kernel_calls, expected, "{module}");
    let [batch, time] = if module.batch_first { [2, 4] } else { [4, 2] };
    let (kernel_calls, _) = calls(|| module.forward(input.clone(), Some(state)));
    assert_eq!(kernel_calls, expected, "{module} with a state");
    let mut lengths = vec![time; batch];
    lengths[0] = 1;
    let lengths = Lengths::new(lengths, time).expect("valid");
    let (kernel_calls, _) = calls(|| module.forward_with_lengths(input, &lengths, None));
    assert_eq!(kernel_calls, expected, "{module} with lengths");
    let one = random([4, 5], device);
    let (kernel_calls, _) = calls(|| module.forward_unbatched(one.clone(), None));
    assert_eq!(kernel_calls, expected, "{module} without a batch");
    if module.directions() == 1 {
        let (kernel_calls, _) = calls(|| module.step(one, None));
        assert_eq!(kernel_calls, expected, "{module} step by step");
    }
}

#[test]
fn what_has_no_kernel_runs_step_by_step() {
    for device in devices() {
        let device = device.autodiff();
        let input = random([2, 4, 5], &device);
        let lstm = || LstmConfig::new(5, 9);
        for config in [
            lstm().with_layer_norm(true),
            lstm().with_recurrent_dropout(0.5),
            lstm().with_zoneout(0.1, 0.1),
        ] {
            let lstm = config.init(&device);
            let (kernel_calls, _) = calls(|| lstm.forward(input.clone(), None));
            assert_eq!(kernel_calls, 0, "{lstm}");
        }

        let lstm = lstm().init(&device);
        let precise = lstm.clone().map(&mut Precise);
        let input_64 = input.clone().cast(DType::F64);
        let (kernel_calls, (output, _)) = calls(|| precise.forward(input_64, Some(zeros(&device))));
        let expected_calls = usize::from(!ours().contains(&device.clone().inner()));
        assert_eq!(kernel_calls, expected_calls, "64-bit numbers");
        assert_eq!(output.dtype(), DType::F64);
        let (expected, _) = lstm.forward(input, None);
        assert_close("64-bit numbers", output.cast(DType::F32), expected);
    }
}

/// What was made of the weights is used again, until the weights are others.
#[test]
fn weights_may_change_between_passes() {
    for device in devices() {
        // LibTorch on a CPU takes them as they are.
        let are_prepared = ours().contains(&device);
        let mut lstm = LstmConfig::new(5, 9).with_num_layers(2).init(&device);
        let input = random([7, 4, 5], &device);
        let mut made = counters::preparations();
        let mut run = |lstm: &Lstm, expected_made: usize| {
            let (output, _) = lstm.forward(input.clone(), None);
            let expected_made = if are_prepared { expected_made } else { 0 };
            assert_eq!(
                counters::preparations() - made,
                expected_made,
                "on {device:?}"
            );
            made = counters::preparations();
            output
        };
        let mut first = run(&lstm, 2);
        for _ in 0..3 {
            let again = run(&lstm, 0);
            again
                .into_data()
                .assert_eq(&first.clone().into_data(), true);
            // An operation on a tensor without another owner writes into its memory.
            let none = Param::from_tensor(Tensor::zeros([1, 1], &device));
            let weight = std::mem::replace(&mut lstm.weights[1].weight_hh, none);
            lstm.weights[1].weight_hh = weight.map(|weight| weight * 1.5);
            let changed = run(&lstm, 1);
            // A copy starts with an empty cache.
            let expected = run(&lstm.clone(), 2);
            changed
                .clone()
                .into_data()
                .assert_eq(&expected.into_data(), true);
            let difference: f64 = (changed.clone() - first).abs().max().into_scalar();
            assert!(difference > 1e-4, "the weights were changed");
            first = changed;
        }
    }
}

fn zeros(device: &Device) -> LstmState<3> {
    let zeros = Parts::zeros([1, 2, 9], Some([1, 2, 9]), device);
    zeros.map(|part| part.cast(DType::F64)).into_state()
}

/// Makes parameters 64 bits wide.
struct Precise;

impl ModuleMapper for Precise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(DType::F64))
    }
}
