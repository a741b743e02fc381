//! Flags from a file: `--config FILE`.
//!
//! What the file says becomes arguments in front of the user's own, which the same definition
//! reads: what a value may be, and which flags exclude each other, is said once.

mod entries;
mod flags;
mod keys;
mod merge;
mod print;

pub use merge::matches;
pub use print::to_toml;

#[cfg(test)]
mod tests;
