//! Laws that hold across crates, on every backend that is compiled in.

mod any_cell;
mod backends;
mod hihello;
mod initial_weights;
mod laws;
mod lengths;
mod noise;
mod objectives;
mod optimizers;
mod parity;
mod precision;
mod run_dirs;
mod sampling;
mod steps;
mod streams;
mod strokes;
mod tagging;
mod training;
