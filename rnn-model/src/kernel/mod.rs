//! Whole layers over whole sequences as single operations.
//!
//! The reference is the loop over time steps in `recurrent/layer.rs`, made of the backend's
//! own operations. Where a backend has a kernel for what a layer is to do, the kernel does it, with a
//! backward pass written by hand; `docs/kernels.md` explains how it works and what it costs.
//!
//! | file | knows |
//! |---|---|
//! | `cpu` | processors: memory in, memory out, no tensors |
//! | `host` | tensors that lie in the process's own memory |
//! | `ndarray`, `flex` | the backends of which that is true, one each |
//! | `libtorch` | LibTorch, which has kernels of its own |
//! | `recurrent`, `linear`, `embedding` | one operation each, on a backend's tensors and in the graph of gradients |
//! | `adam` | a step of the optimiser, which is outside of the graph |

#![allow(
    deprecated,
    reason = "burn-ndarray and burn-tch are deprecated as a whole; both are asked for here"
)]

#[cfg(feature = "optim")]
mod adam;
#[cfg(feature = "cpu-kernel")]
mod cpu;
#[cfg(feature = "cpu-kernel")]
mod embedding;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "cpu-kernel")]
mod host;
#[cfg(feature = "tch")]
mod libtorch;
#[cfg(feature = "cpu-kernel")]
mod linear;
#[cfg(feature = "ndarray")]
mod ndarray;
mod recurrent;
#[cfg(all(test, feature = "cpu-kernel"))]
mod tests;

#[cfg(feature = "optim")]
pub use adam::{Step, adam, has_adam};
#[cfg(feature = "cpu-kernel")]
pub use embedding::embedding;
#[cfg(feature = "cpu-kernel")]
pub use linear::linear;
pub use recurrent::{Cache, CellKind, Layer, recurrent};

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor};

/// Whose kernels, and for which numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kernels {
    /// Ours, for 32-bit numbers.
    #[cfg(feature = "cpu-kernel")]
    Cpu,
    #[cfg(feature = "tch")]
    LibTorch(DType),
}

/// The kernels that there are for a tensor.
fn kernels<const D: usize>(tensor: &Tensor<D>) -> Option<Kernels> {
    let device = match tensor.device().as_dispatch().clone() {
        DispatchDevice::Autodiff(device) => device.inner(),
        device => device,
    };
    #[cfg(feature = "cpu-kernel")]
    let on_cpu = (tensor.dtype() == DType::F32).then_some(Kernels::Cpu);
    match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => on_cpu,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => on_cpu,
        #[cfg(feature = "tch")]
        DispatchDevice::LibTorch(_) => Some(Kernels::LibTorch(tensor.dtype())),
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => None,
    }
}

/// Whether there is a kernel of ours for what this tensor is.
#[cfg(feature = "cpu-kernel")]
fn covers<const D: usize>(tensor: &Tensor<D>) -> bool {
    kernels(tensor) == Some(Kernels::Cpu)
}
