//! The flags of every command.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::values::{mirror, seed, threads};

/// What every command takes.
#[derive(Args, Clone, Debug, Serialize)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Where to compute
    #[arg(
        long,
        help = "Where to compute: cuda[:N], libtorch:cuda[:N], wgpu, libtorch, flex or ndarray; \
                auto is the first of these that is compiled in and present [default: auto]",
        global = true,
        value_name = "NAME",
        value_parser = |name: &str| rnn_train::device::check_name(name)
    )]
    pub device: Option<String>,
    /// Threads of the CPU backends; of ndarray, its kernels [default: as many as processors]
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// What all randomness comes from: weights, order of the data, dropout, samples [default: 1]
    #[arg(long, global = true, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Print the results as one JSON object on the last line
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but errors (and the JSON line, if asked for)
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Download datasets by name from here, and not from the places that are known: a URL to which a file's
    /// name is appended
    #[arg(long, global = true, value_name = "URL", value_parser = mirror, conflicts_with = "offline")]
    pub mirror: Option<String>,
    /// Download nothing: datasets by name are looked for on this machine alone
    #[arg(long, global = true)]
    pub offline: bool,
}

impl Common {
    /// Flags that a file for `--config` may not set: they say what one call prints.
    pub const NOT_IN_A_FILE: &[&str] = &["json", "quiet", "mirror", "offline"];
    /// Flags that may be given with `--resume`. Another device or number of threads is a warning.
    pub const ALLOWED_WITH_RESUME: &[&str] =
        &["device", "threads", "json", "quiet", "mirror", "offline"];
}

/// What a command takes that uses a run.
#[derive(Args, Debug)]
pub struct TrainedRun {
    /// The folder of a run
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
}
