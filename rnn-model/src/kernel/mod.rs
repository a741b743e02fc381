//! Whole layers over whole sequences as single operations.
//!
//! The reference is the loop over time steps in [`sequence`](crate::sequence), made of the backend's
//! own operations. Where a backend has a kernel for what a layer is to do, the kernel does it, with a
//! backward pass written by hand; `docs/kernels.md` explains how it works and what it costs.
//!
//! | file | knows |
//! |---|---|
//! | `cpu` | processors: memory in, memory out, no tensors |
//! | `host` | tensors that lie in the process's own memory |
//! | `ndarray`, `flex` | the backends of which that is true, one each |
//! | `recurrent`, `linear`, `embedding` | one operation each, on a host's tensors and in the graph of gradients |
//! | `adam` | a step of the optimiser, which is outside of the graph |

#![allow(
    deprecated,
    reason = "burn-ndarray is deprecated as a whole; it is the default backend here"
)]

#[cfg(feature = "optim")]
mod adam;
mod cpu;
mod embedding;
#[cfg(feature = "flex")]
mod flex;
mod host;
mod linear;
#[cfg(feature = "ndarray")]
mod ndarray;
mod recurrent;
#[cfg(test)]
mod tests;

#[cfg(feature = "optim")]
pub use adam::{Step, adam, has_adam};
pub use embedding::embedding;
pub use linear::linear;
pub use recurrent::{Cache, CellKind, Layer, recurrent};

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor};

/// Whether there is a kernel for what this tensor is: 32-bit numbers on a processor's backend.
fn covers<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = match tensor.device().as_dispatch().clone() {
        DispatchDevice::Autodiff(device) => device.inner(),
        device => device,
    };
    let has_kernels = match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => false,
    };
    has_kernels && tensor.dtype() == DType::F32
}
