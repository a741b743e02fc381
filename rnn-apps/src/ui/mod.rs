//! What a person or a script sees: lines and JSON, progress, pictures as text, signals.

pub mod interrupt;
pub mod json;
pub mod output;
pub mod preview;
pub mod progress;

pub use output::{Grouped, Loss, Output, Seconds, SixDigits};
