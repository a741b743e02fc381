//! One file per command.

pub mod bench;
pub mod devices;
pub mod export;
pub mod hihello;
pub mod import;
pub mod info;
pub mod mnist;
mod run;
pub mod shapes;
pub mod tagger;
pub mod tour;

use burn::tensor::Device;

use crate::cli::Common;

/// What all commands start with: a device, threads, a seed.
pub struct Context {
    pub device: Device,
    pub device_name: String,
    pub threads: usize,
    pub seed: u64,
}

impl Context {
    pub fn start(common: &Common) -> anyhow::Result<Self> {
        let threads = rnn_train::set_threads(common.threads)?;
        let selected = rnn_train::select(&common.device)?;
        Ok(Self {
            threads,
            device: selected.device,
            device_name: selected.name,
            seed: common.seed,
        })
    }
}
