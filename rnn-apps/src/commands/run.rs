//! What the commands that make a run, and those that use one, have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use rnn_train::RunDir;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Who made a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// This program.
    pub rnn: String,
    pub burn: String,
}

impl Versions {
    pub fn of_this_program() -> Self {
        Self {
            rnn: env!("CARGO_PKG_VERSION").to_owned(),
            burn: "0.22".to_owned(),
        }
    }
}

/// Where weights came from that were not trained here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The file.
    pub weights: PathBuf,
    /// What all names began with that were taken, and were cut off.
    pub strip_prefix: String,
    /// What names began with, and what they begin with here.
    pub rename: BTreeMap<String, String>,
}

/// What every run's settings begin with.
#[derive(Deserialize)]
struct Head {
    command: String,
}

/// Makes the folder of a run of `command`, with its settings: `path`, or else the next free one.
pub fn create(
    path: Option<&Path>,
    command: &str,
    settings: &impl Serialize,
) -> anyhow::Result<RunDir> {
    let run = match path {
        Some(path) => RunDir::create(path)?,
        None => RunDir::create_next("runs", command)?,
    };
    run.write_config(settings)?;
    Ok(run)
}

/// A run of `command` and its settings.
pub fn open<S: DeserializeOwned>(path: &Path, command: &str) -> anyhow::Result<(RunDir, S)> {
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
