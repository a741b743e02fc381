//! Tests across crates, on every backend that is compiled in.

mod allocations;
mod any_cell;
mod backends;
mod checkpoint_folders;
mod classifier_head;
mod hihello;
mod initial_weights;
mod laws;
mod lengths;
mod loaders;
mod objectives;
mod optimizers;
mod parity;
mod precision;
mod regularization;
mod run_dirs;
mod sampling;
mod state_dicts;
mod step_allocations;
mod steps;
mod streams;
mod strokes;
mod tagging;
mod training;
