//! What a person or a script sees: lines and JSON, progress, pictures as text, signals.

pub mod flat;
pub mod interrupt;
pub mod output;
pub mod preview;
pub mod progress;

pub use output::{Grouped, Loss, Output, Seconds, SixDigits};
