//! The device, threads and seed of a command that computes.

use anyhow::Context as _;
use burn::tensor::Device;
use rnn_data::dataset;
use rnn_train::optim::Precision;

use crate::cli::Common;

/// The device to compute on, the number of threads, and the seed.
pub struct Context {
    pub device: Device,
    pub device_name: String,
    pub threads: usize,
    pub seed: u64,
    /// Where datasets by name are looked for, and how they are downloaded.
    pub datasets: dataset::Options,
}

impl Context {
    /// Selects the device, and sets the number of threads.
    pub fn start(common: &Common) -> anyhow::Result<Self> {
        let threads = rnn_train::device::set_threads(common.threads)?;
        let selected = rnn_train::select(common.device.as_deref().unwrap_or("auto"))?;
        Ok(Self {
            threads,
            device: selected.device,
            device_name: selected.name,
            seed: common.seed.unwrap_or(1),
            datasets: dataset::Options {
                mirror: common.mirror.clone(),
                offline: common.offline,
                ..dataset::Options::default()
            },
        })
    }

    /// Checks that the device can compute in `precision`.
    pub fn check_precision(&self, precision: Precision) -> anyhow::Result<()> {
        let named = || format!("--device {}", self.device_name);
        precision.check(&self.device).with_context(named)
    }
}
