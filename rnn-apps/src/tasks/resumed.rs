//! A run to resume: its recorded settings and results.

use std::path::Path;

use anyhow::ensure;
use rnn_train::RunDir;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::settings::{self, Settings, Versions};
use crate::cli::{Common, RunArgs};
use crate::context::Context;
use crate::ui::Output;

/// The recorded settings that a resumed run takes over unless the command line sets them.
#[derive(Deserialize)]
struct Recorded {
    device: String,
    threads: usize,
    seed: u64,
}

/// Sets the common flags that were not given to the values recorded in the run of `folder`.
pub fn fill_in_recorded(folder: &Path, common: &mut Common) -> anyhow::Result<()> {
    let recorded: Recorded = RunDir::open(folder)?.read_config()?;
    common.device.get_or_insert(recorded.device);
    common.threads.get_or_insert(recorded.threads);
    common.seed.get_or_insert(recorded.seed);
    Ok(())
}

/// A run to resume, with its settings and results.
pub struct Resumed<S> {
    pub run: RunDir,
    pub settings: S,
    /// Present if the training is finished.
    pub results: Option<Value>,
}

impl<M: DeserializeOwned, T: DeserializeOwned> Resumed<Settings<M, T>> {
    /// Opens the run in `folder`.
    pub fn open(folder: &Path, command: &str) -> anyhow::Result<Self> {
        let (run, settings) = settings::open::<Settings<M, T>>(folder, command)?;
        ensure!(
            settings.training.is_some(),
            "{}: the weights were imported: there is no training to go on with",
            folder.display()
        );
        Ok(Self {
            results: run.read_metrics()?,
            run,
            settings,
        })
    }

    /// Warns about differences of device, threads, instruction set and versions, with which the resumed
    /// training is not bit-identical to an uninterrupted one.
    pub fn warn_of_differences(&self, context: &Context, out: &Output) {
        let settings = &self.settings;
        let (threads, here) = (settings.threads.to_string(), context.threads.to_string());
        let set = rnn_train::device::instruction_set();
        for (what, there, here) in [
            (
                "device",
                settings.device.as_str(),
                context.device_name.as_str(),
            ),
            ("number of threads", &threads, &here),
            ("instruction set", &settings.instruction_set, set),
        ] {
            // Runs of older versions do not record all of these.
            if there != here && !there.is_empty() {
                out.warn(format_args!(
                    "the {what} was {there}, and is {here} now: the run will not be, to the last bit, \
                     what it would have been if it had not stopped"
                ));
            }
        }
        if settings.versions != Versions::of_this_program() {
            out.warn("the run was begun by another version of this program");
        }
    }

    /// Whether the training is finished; if so, prints the results.
    pub fn is_finished(&self, args: &RunArgs, out: &mut Output) -> anyhow::Result<bool> {
        let Some(results) = &self.results else {
            return Ok(false);
        };
        ensure!(
            args.from.is_none(),
            "{}: the training is finished: --from has no effect",
            self.run.path().display()
        );
        out.line(format_args!(
            "{}: the training is finished; `info` shows its results",
            self.run.path().display()
        ))?;
        out.results(results)?;
        Ok(true)
    }
}
