#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod config;
pub mod data;
pub mod device;
mod error;
mod fit;
pub mod language;
pub mod metrics;
pub mod objective;
pub mod optim;
pub mod progress;
pub mod run;
pub mod tagging;

pub use config::{FitConfig, StopReason};
pub use data::{CharLoader, ImageLoader, Loader, TaggedLoader};
pub use device::select;
pub use error::TrainError;
pub use fit::{Fitted, Trainer};
pub use metrics::{Evaluation, evaluate};
pub use objective::{BatchLoss, Objective};
pub use run::RunDir;
