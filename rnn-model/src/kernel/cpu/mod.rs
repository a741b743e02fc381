//! Sequence kernels for processors: plain memory in, plain memory out, no tensors.
//!
//! The unsafe code of the project is here: in `rows`, which cuts memory into rows for threads, in
//! `product` and `transposed`, whose inner loop and whose call of `gemm` check their bounds before they
//! start, and in `threads`, which lends a caller's work to other threads until it is done.

#![allow(
    unsafe_code,
    reason = "slices can't say which rows a thread has, and checks would cost the inner loop its speed"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "counted loops over arrays are unrolled into registers; iterators not always"
)]

mod activation;
#[cfg(feature = "optim")]
pub mod adam;
mod buffer;
mod dots;
pub mod embedding;
pub mod linear;
mod packed;
mod positions;
mod product;
pub mod recurrent;
mod rows;
#[cfg(test)]
mod tests;
mod threads;
mod transposed;
mod vectors;

pub use rows::Rows;
