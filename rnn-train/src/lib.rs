#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

mod classification;
mod clip;
mod device;
mod error;
mod evaluate;
mod fingerprint;
mod fit;
mod language;
mod loader;
mod metrics;
mod objective;
mod observe;
mod precision;
mod run;
mod schedule;
mod strategy;
mod tagging;

pub use classification::ImageLoader;
pub use clip::clip_global_norm;
pub use device::{
    DeviceError, DeviceKind, Presence, Selected, available, check_device_name, select, set_threads,
    survey,
};
pub use error::TrainError;
pub use evaluate::{Evaluation, evaluate};
pub use fingerprint::{fingerprint, fingerprint_sentences};
pub use fit::{FitConfig, Fitted, Trainer};
pub use language::CharLoader;
pub use loader::{Carry, Loader};
pub use objective::{Objective, Scores};
pub use observe::{EpochReport, Observer, StepReport};
pub use precision::Precision;
pub use run::{RunDir, RunError};
pub use schedule::{OneCycle, Schedule};
pub use tagging::{TaggedLoader, TaggingScore, tag};
