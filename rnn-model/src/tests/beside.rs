//! The kernels beside the recurrent layers': linear layer, embedding, Adam.

use burn::module::Module;
use burn::nn::EmbeddingConfig;
use burn::tensor::{Int, Tensor};

use super::{assert_close, devices, ours, random};

#[test]
fn a_linear_layer_is_burns_own_in_value_and_gradients() {
    for device in ours() {
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
            let layer = crate::linear(features, outputs, &device);
            let input = random([time, batch, features], &device).swap_dims(0, 1);
            let input = input.require_grad();
            let weights = random([batch, time, outputs], &device);
            let bias = layer.bias.as_ref().expect("a bias");
            let gradients = |output: Tensor<3>| {
                let all = (output.clone() * weights.clone()).sum().backward();
                [
                    Some(output.inner().flatten::<1>(0, 2)),
                    input.grad(&all).map(|d| d.flatten(0, 2)),
                    layer.weight.val().grad(&all).map(|d| d.flatten(0, 1)),
                    bias.val().grad(&all),
                ]
                .map(|tensor| tensor.expect("a gradient"))
            };
            let fused =
                crate::kernel::linear(&input, layer.weight.val(), bias.val()).expect("a kernel");
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

#[test]
fn an_embedding_is_burns_own_in_value_and_gradients() {
    for device in ours() {
        let device = device.autodiff();
        let layer = EmbeddingConfig::new(7, 5).init(&device).materialize();
        // A word that comes twice, words that never come, and ids that do not lie in order.
        let words = Tensor::<2, Int>::from_data([[3, 0], [6, 3], [1, 1]], &device).swap_dims(0, 1);
        let weights = random([2, 3, 5], &device);
        let gradients = |output: Tensor<3>| {
            let all = (output.clone() * weights.clone()).sum().backward();
            let gradient = layer.weight.val().grad(&all).expect("a gradient");
            (output.inner(), gradient)
        };
        let fused = crate::kernel::embedding(layer.weight.val(), &words).expect("a kernel");
        let (found, found_gradient) = gradients(fused);
        let (expected, expected_gradient) = gradients(layer.forward(words));
        assert_close("rows", found, expected);
        assert_close("gradient", found_gradient, expected_gradient);
    }
}

#[cfg(feature = "optim")]
#[test]
fn adam_is_burns_own() {
    use burn::optim::{AdamConfig, Optimizer};

    let (ours, burns) = (
        crate::Adam::default(),
        AdamConfig::new().with_epsilon(1e-8).build(),
    );
    for device in devices() {
        // One number, a few vectors with a rest, work for several threads.
        for [rows, columns] in [[1, 1], [7, 33], [300, 700]] {
            let start = random([columns, rows], &device).swap_dims(0, 1);
            let (mut found, mut found_state) = (start.clone(), None);
            let (mut expected, mut expected_state) = (start.clone(), None);
            let before = start.to_data();
            assert!(crate::kernel::has_adam([&start; 4]), "a kernel");
            for _ in 0..5 {
                let gradient = random([columns, rows], &device).swap_dims(0, 1);
                (found, found_state) = ours.step(0.1, found, gradient.clone(), found_state);
                (expected, expected_state) = burns.step(0.1, expected, gradient, expected_state);
                let (Some(found_state), Some(expected_state)) = (&found_state, &expected_state)
                else {
                    panic!("Adam has a state")
                };
                let (ours, burns) = (&found_state.momentum, &expected_state.momentum);
                assert_close("parameter", found.clone(), expected.clone());
                assert_close("moment 1", ours.moment_1.clone(), burns.moment_1.clone());
                assert_close("moment 2", ours.moment_2.clone(), burns.moment_2.clone());
                assert_eq!(ours.time, burns.time);
            }
            // A copy stays as it was.
            start.to_data().assert_eq(&before, true);
        }
    }
}
