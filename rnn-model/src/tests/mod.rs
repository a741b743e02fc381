//! The kernels, called through the layers and models, against Burn's own operations.

#![allow(
    deprecated,
    reason = "burn-ndarray and burn-tch are deprecated as a whole; both are tested here"
)]

mod beside;
mod callers;
mod layers;
mod memory_layout;

use burn::tensor::{Device, Distribution, Tensor};

/// Devices whose layers are single operations.
pub fn devices() -> Vec<Device> {
    let libtorch = [
        #[cfg(feature = "tch")]
        Device::libtorch(),
    ];
    ours().into_iter().chain(libtorch).collect()
}

/// Those for which this crate has kernels of its own.
pub fn ours() -> Vec<Device> {
    vec![
        #[cfg(feature = "ndarray")]
        Device::ndarray(),
        #[cfg(feature = "flex")]
        Device::flex(),
    ]
}

pub fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

pub fn assert_close<const D: usize>(what: &str, found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let off: f64 = (found - expected.clone()).abs().max().into_scalar();
    let largest: f64 = expected.abs().max().into_scalar();
    assert!(
        off <= 1e-5 * largest.max(1.0),
        "{what}: off by {off:e} of {largest}"
    );
}
