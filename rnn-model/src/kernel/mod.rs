//! Whole layers over whole sequences as single operations.
//!
//! The reference is the loop over time steps in `recurrent/layer.rs`, made of the backend's
//! own operations. Where a backend has a kernel for what a layer is to do, the kernel does it, with a
//! backward pass written by hand; `docs/kernels.md` explains how it works and what it costs. Nothing
//! here knows the layers: they hand over tensors, sizes and the kind of cell.
//!
//! | file | knows |
//! |---|---|
//! | `coverage` | which tensors there are kernels for |
//! | `shapes` | shapes, without taking memory for them |
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
#[cfg(all(test, feature = "cpu-kernel"))]
pub mod counters;
mod coverage;
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
pub mod shapes;

#[cfg(feature = "optim")]
pub use adam::{Step, adam, has_adam};
#[cfg(feature = "cpu-kernel")]
pub use embedding::embedding;
#[cfg(feature = "cpu-kernel")]
pub use linear::linear;
pub use recurrent::{Cache, CellKind, DirectionWeights, Layer, recurrent};
