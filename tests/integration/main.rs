//! Laws that hold across crates, on every backend that is compiled in.

mod backends;
mod hihello;
mod initial_weights;
mod laws;
mod lengths;
mod notebook_table;
mod parity;
mod run_dirs;
mod sampling;
mod strokes;
mod tagging;
mod training;
