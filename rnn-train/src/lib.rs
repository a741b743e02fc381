#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

mod classification;
mod clip;
mod device;
mod error;
mod evaluate;
mod fit;
mod language;
mod loader;
mod metrics;
mod objective;
mod observe;
mod run;
mod schedule;
mod strategy;

pub use classification::ImageLoader;
pub use clip::clip_global_norm;
pub use device::{DeviceError, Selected, available, check_device_name, select, set_threads};
pub use error::TrainError;
pub use evaluate::{Evaluation, evaluate};
pub use fit::{FitConfig, Fitted, Trainer};
pub use language::{CharBatch, CharLoader, one_hot};
pub use loader::{Carry, Loader};
pub use objective::{Objective, Scores};
pub use observe::{EpochReport, Observer, StepReport};
pub use run::{RunDir, RunError, fingerprint};
pub use schedule::{OneCycle, Schedule};
