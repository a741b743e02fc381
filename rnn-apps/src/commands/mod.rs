//! One file per command.

pub mod bench;
pub mod devices;
pub mod export;
pub mod hihello;
pub mod import;
pub mod info;
pub mod mnist;
mod report;
mod run;
pub mod runs;
mod session;
pub mod shapes;
pub mod tagger;
pub mod tour;

use anyhow::Context as _;
use burn::tensor::Device;
use rnn_train::optim::Precision;

use crate::cli::Common;

pub use session::as_recorded;

/// What all commands start with: a device, threads, a seed.
pub struct Context {
    pub device: Device,
    pub device_name: String,
    pub threads: usize,
    pub seed: u64,
}

impl Context {
    pub fn start(common: &Common) -> anyhow::Result<Self> {
        let threads = rnn_train::device::set_threads(common.threads)?;
        let selected = rnn_train::select(common.device.as_deref().unwrap_or("auto"))?;
        Ok(Self {
            threads,
            device: selected.device,
            device_name: selected.name,
            seed: common.seed.unwrap_or(1),
        })
    }

    /// Whether the device computes in such numbers.
    pub fn check_precision(&self, precision: Precision) -> anyhow::Result<()> {
        let named = || format!("--device {}", self.device_name);
        precision.check(&self.device).with_context(named)
    }
}
