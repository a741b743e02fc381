//! One file per command.

pub mod devices;
pub mod hihello;
pub mod info;
pub mod mnist;
pub mod shapes;
pub mod tagger;
pub mod tour;

use std::path::Path;

use anyhow::ensure;
use burn::tensor::Device;
use rnn_train::RunDir;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
            // Burn's ndarray computes on one thread, however many there could be.
            threads: if selected.name == "ndarray" {
                1
            } else {
                threads
            },
            device: selected.device,
            device_name: selected.name,
            seed: common.seed,
        })
    }
}

/// What every run's settings begin with.
#[derive(Deserialize)]
struct Head {
    command: String,
}

/// A run of `command` and its settings.
fn open_run<S: DeserializeOwned>(path: &Path, command: &str) -> anyhow::Result<(RunDir, S)> {
    let run = RunDir::open(path)?;
    let head: Head = run.read_config()?;
    ensure!(
        head.command == command,
        "{}: expected a run of {command}, found one of {}",
        path.display(),
        head.command
    );
    let settings = run.read_config()?;
    Ok((run, settings))
}
