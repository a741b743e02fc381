//! Laws that hold across crates, on every backend that is compiled in.

mod hihello;
mod initial_weights;
mod laws;
mod parity;
mod run_dirs;
mod strokes;
mod training;
