//! Flags from a file: `--config FILE`.
//!
//! The file's entries become arguments in front of the user's own, and clap parses both together.
//! So the permitted values, and the flags that exclude each other, are defined only once.

mod entries;
mod flags;
mod keys;
mod merge;
mod print;

pub use merge::{Merged, matches};
pub use print::to_toml;

#[cfg(test)]
mod tests;
