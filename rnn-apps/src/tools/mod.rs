//! Commands for runs of any task, for weights and for devices.

pub mod bench;
pub mod devices;
pub mod export;
pub mod import;
pub mod info;
pub mod names;
pub mod report;
pub mod runs;
