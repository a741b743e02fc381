//! How to train, and when to save.

mod save_interval;

pub use save_interval::Every;
