//! Command-line flags that commands share, parsers for their values, and files of flags.

pub mod config_file;
pub mod values;

mod common;
mod run_settings;
mod train_args;
mod wrong_usage;

pub use common::{Common, TrainedRun};
pub use config_file::to_toml;
pub use run_settings::name_as_flags;
pub use train_args::{FitArgs, RunArgs, refused_on_resume};
pub use wrong_usage::WrongUsage;
