#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

mod capture;
mod carried;
mod checkpoint;
mod classification;
mod confusion;
mod device;
mod error;
mod evaluate;
mod every;
mod fingerprint;
mod fit;
mod gradients;
mod language;
mod loader;
mod objective;
mod observe;
mod optimizer;
mod params;
mod position;
mod precision;
mod processor;
mod renderer;
mod run;
mod schedule;
mod strategy;
mod tagging;
mod tally;
mod training;

pub use carried::Carried;
pub use checkpoint::{Checkpoint, CheckpointError, Checkpoints};
pub use classification::ImageLoader;
pub use confusion::Confusion;
pub use device::{
    DeviceError, DeviceKind, Presence, Selected, available, check_device_name, select, set_threads,
    survey,
};
pub use error::TrainError;
pub use evaluate::{Evaluation, evaluate};
pub use every::Every;
pub use fingerprint::{fingerprint, fingerprint_sentences};
pub use fit::{End, FitConfig, Fitted, Trainer};
pub use gradients::{clip_global_norm, clip_value};
pub use language::CharLoader;
pub use loader::{Carry, Loader};
pub use objective::{Objective, Scores};
pub use observe::{EpochReport, Observer, StartReport, StepReport};
pub use optimizer::Optimizer;
pub use precision::Precision;
pub use processor::instruction_set;
pub use run::{Picture, RunDir, RunError, RunLock};
pub use schedule::{OneCycle, Schedule};
pub use tagging::{TaggedLoader, TaggingScore, tag};
