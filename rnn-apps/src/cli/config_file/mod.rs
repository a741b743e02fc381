//! Flags from a file: `--config FILE`.

mod entries;
mod merge;

pub use merge::{expanded, to_toml};
