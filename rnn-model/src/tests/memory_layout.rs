//! Tensors of any memory layout: views with an offset, reversed, transposed and repeated ones.

use burn::tensor::Tensor;

use super::{assert_close, devices, random};
use crate::{GruConfig, LstmConfig};

#[test]
fn inputs_may_have_any_strides() {
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

#[test]
fn states_may_have_any_strides() {
    for device in devices() {
        let gru = GruConfig::new(5, 7).init(&device);
        let input = random([3, 6, 5], &device);
        let one = random([1, 1, 7], &device);
        let states = [
            one.expand([1, 3, 7]),
            random([1, 7, 3], &device).swap_dims(1, 2),
            random([1, 3, 9], &device).narrow(2, 1, 7),
        ];
        for (i, state) in states.into_iter().enumerate() {
            let copy = Tensor::from_data(state.to_data(), &device);
            let (found, _) = gru.forward(input.clone(), Some(state));
            let (expected, _) = gru.forward(input.clone(), Some(copy));
            assert_close(&format!("state {i} on {device:?}"), found, expected);
        }
    }
}
