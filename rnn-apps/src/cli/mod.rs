//! Command-line flags that commands share, parsers for their values, and files of flags.

pub mod config_file;
pub mod values;

mod common;
mod length;
mod run_args;
mod run_settings;
mod train_args;
mod wrong_usage;

pub use common::{Common, TrainedRun};
pub use config_file::to_toml;
pub use length::Length;
pub use run_args::{RunArgs, refused_on_resume};
pub use run_settings::{for_display, measure_of, name_as_flags};
pub use train_args::FitArgs;
pub use wrong_usage::WrongUsage;
