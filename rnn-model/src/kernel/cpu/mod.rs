//! Sequence kernels for processors: plain memory in, plain memory out, no tensors.
//!
//! The unsafe code of the project is here: in `rows`, which cuts memory into rows for threads, and in
//! `product`, whose inner loop checks its bounds once before it starts.

#![allow(
    unsafe_code,
    reason = "checked slices would cost the inner loop its speed"
)]

mod activation;
mod buffer;
pub mod linear;
pub mod lstm;
mod product;
mod rows;
#[cfg(test)]
mod tests;
mod threads;

pub use rows::Rows;
