#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

mod checkpoint;
mod config;
mod data;
mod device;
mod error;
mod fit;
mod metrics;
mod objective;
mod optim;
mod progress;
mod run;

pub use checkpoint::{Checkpoint, CheckpointError, Checkpoints};
pub use config::Every;
pub use data::{Carry, Loader, fingerprint, fingerprint_sentences};
pub use device::{
    DeviceError, DeviceKind, Presence, Selected, available, check_device_name, instruction_set,
    select, set_threads, survey,
};
pub use error::TrainError;
pub use fit::{End, FitConfig, Fitted, Trainer};
pub use metrics::{Confusion, Evaluation, evaluate};
pub use objective::{
    Carried, CharLoader, ImageLoader, Objective, Scores, TaggedLoader, TaggingScore, tag,
};
pub use optim::{OneCycle, Optimizer, Precision, Schedule, clip_global_norm, clip_value};
pub use progress::{EpochReport, Observer, StartReport, StepReport};
pub use run::{Picture, RunDir, RunError, RunLock};
