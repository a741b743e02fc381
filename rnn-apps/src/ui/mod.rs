//! The user interface: lines and JSON on standard output, progress, images as text, signals.

pub mod interrupt;
pub mod json;
pub mod line;
pub mod output;
mod plain;
pub mod preview;
pub mod progress;
mod quoted;

pub use output::{Grouped, Loss, Output, Seconds, SixDigits};
pub use plain::plain;
pub use quoted::quoted;
