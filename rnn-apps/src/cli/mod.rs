//! What commands have in common on the command line: flags, their values, files of them.

pub mod config_file;
pub mod values;

mod common;
mod train_args;

pub use common::{Common, TrainedRun};
pub use config_file::to_toml;
pub use train_args::{FitArgs, RunArgs, refused_on_resume};
