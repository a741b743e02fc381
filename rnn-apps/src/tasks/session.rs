//! A training in a run's folder: new or resumed, with checkpoints, and saved when a signal stops
//! it.

use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::{Context as _, ensure};
use rnn_train::checkpoint::{Checkpoint, CheckpointError, Checkpoints};
use rnn_train::optim::{Optimizer, Schedule};
use rnn_train::run::RunLock;
use rnn_train::{FitConfig, Fitted, Loader, Objective, RunDir, StopReason, TrainError, Trainer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::history::History;
use super::settings::{self, Settings, Versions};
use crate::cli::{Common, RunArgs, to_toml};
use crate::context::Context;
use crate::ui::interrupt::{Interrupt, Interrupted};
use crate::ui::progress::Progress;
use crate::ui::{Grouped, Output};

/// A run that is being trained. It is locked against other programs until this value is dropped.
pub struct Session {
    pub run: RunDir,
    command: &'static str,
    checkpoints: Checkpoints,
    checkpoint: Option<Checkpoint>,
    dashboard: bool,
    _lock: RunLock,
}

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

/// Prints the settings as a TOML file for `--config`, without the task's flags that such a file can't
/// hold.
pub fn print_config(
    context: &Context,
    args: &impl Serialize,
    not_in_a_file: &[&str],
    out: &mut Output,
) -> anyhow::Result<()> {
    let common = Common {
        device: Some(context.device_name.clone()),
        threads: Some(context.threads),
        seed: Some(context.seed),
        json: false,
        quiet: false,
    };
    let common = to_toml(&common, Common::NOT_IN_A_FILE)?;
    let args = to_toml(args, &[RunArgs::NOT_IN_A_FILE, not_in_a_file].concat())?;
    out.print(format_args!("{}{}", common, args.trim_end()))?;
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
    /// Opens the run in `folder`. Warns about differences of device, threads, instruction set and
    /// versions, with which the resumed training is not bit-identical to an uninterrupted one.
    pub fn open(
        folder: &Path,
        command: &str,
        context: &Context,
        out: &Output,
    ) -> anyhow::Result<Self> {
        let (run, settings) = settings::open::<Settings<M, T>>(folder, command)?;
        ensure!(
            settings.training.is_some(),
            "{}: the weights were imported: there is no training to go on with",
            folder.display()
        );
        let results: Option<Value> = run.read_metrics()?;
        if results.is_none() {
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
                        "the {what} was {there}, and is {here} now: the run will not be, to the last \
                         bit, what it would have been if it had not stopped"
                    ));
                }
            }
            if settings.versions != Versions::of_this_program() {
                out.warn("the run was begun by another version of this program");
            }
        }
        Ok(Self {
            run,
            settings,
            results,
        })
    }

    /// Whether the training is finished; if so, prints the results.
    pub fn is_finished(&self, args: &RunArgs, out: &mut Output) -> anyhow::Result<bool> {
        let Some(results) = &self.results else {
            return Ok(false);
        };
        ensure!(
            args.from.is_none(),
            "{}: the training is finished: there is nothing to go on with, from wherever",
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

/// Refuses data whose fingerprint differs from the one recorded in the run in `folder`.
pub fn check_data(folder: &Path, what: &str, expected: &str, found: &str) -> anyhow::Result<()> {
    ensure!(
        found == expected,
        "{}: the {what} on have changed: expected SHA-256 {expected}, found {found}",
        folder.display()
    );
    Ok(())
}

impl Session {
    /// Creates a new run with these settings, or opens the one to resume, and locks it. `write_assets`
    /// writes what the trained model needs beside its weights.
    pub fn begin<M: Serialize, T: Serialize>(
        args: &RunArgs,
        command: &'static str,
        settings: &Settings<M, T>,
        write_assets: impl FnOnce(&RunDir) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        ensure!(
            !args.tui || cfg!(feature = "tui"),
            "--tui needs a build with the feature tui: cargo run -p rnn-apps --features tui -- \
             {command} train …"
        );
        ensure!(
            !args.tui || io::stdout().is_terminal(),
            "--tui needs a terminal, and standard output is none"
        );
        let (run, lock) = match &args.resume {
            Some(folder) => {
                let run = RunDir::open(folder)?;
                let lock = run.lock()?;
                // Older versions wrote the settings first, and may have been killed in between.
                write_assets(&run)?;
                (run, lock)
            }
            None => settings::create(args.run.as_deref(), command, settings, write_assets)?,
        };
        let checkpoints = run.checkpoints()?;
        let checkpoint = match (&args.from, &args.resume) {
            (Some(name), _) => Some(named(&checkpoints, name)?),
            (None, Some(_)) => latest(&checkpoints)?,
            (None, None) => None,
        };
        let every = args.checkpoint_every.unwrap_or(settings.checkpoint_every);
        Ok(Self {
            run,
            command,
            checkpoints: checkpoints.every(every),
            checkpoint,
            dashboard: args.tui,
            _lock: lock,
        })
    }

    /// Prints the run's folder and the checkpoint from which it is resumed.
    pub fn describe(&self, out: &mut Output) -> io::Result<()> {
        let run = self.run.path().display();
        match &self.checkpoint {
            None => out.field("run", format_args!("{run}\n")),
            Some(checkpoint) => {
                let name = checkpoint.path().file_stem().unwrap_or_default().display();
                out.field("run", format_args!("{run}, going on from {name}\n"))
            }
        }
    }

    /// Trains to the end, with checkpoints, history and progress. A signal stops the training with
    /// the error [`Interrupted`].
    pub fn fit<M: Objective>(
        &mut self,
        trainer: Trainer<M>,
        model: M,
        train: Loader<M::Batch>,
        out: &Output,
    ) -> anyhow::Result<Fitted<M>> {
        let interrupt = Interrupt::watch().context("signals can't be caught")?;
        let shown = match self.dashboard {
            true => out.silent(),
            false => *out,
        };
        let mut trainer = trainer
            .with_checkpoints(self.checkpoints.clone())
            .with_dashboard(self.dashboard)
            .with_stop(interrupt.stop())
            .with_observer(History::new(self.run.clone(), shown))
            .with_observer(Progress::new(shown));
        if let Some(checkpoint) = self.checkpoint.take() {
            trainer = trainer.resume(checkpoint);
        }
        let fitted = trainer.fit(model, train).map_err(|error| match error {
            TrainError::Checkpoint(error @ CheckpointError::Foreign { .. }) => {
                with_alternatives(error, &self.checkpoints)
            }
            error => error.into(),
        })?;
        if fitted.stop_reason == StopReason::Interrupted {
            return Err(anyhow::Error::new(Interrupted {
                code: interrupt.code(),
                steps: fitted.steps,
                command: self.command,
                run: self.run.path().to_owned(),
            }));
        }
        if fitted.stop_reason == StopReason::OutOfPatience {
            out.clone().line(format_args!(
                "no better loss for {} epochs: these are the weights of epoch {}",
                fitted.history.len() - fitted.best_epoch.unwrap_or(0),
                fitted.best_epoch.unwrap_or(0),
            ))?;
        }
        Ok(fitted)
    }
}

/// The latest checkpoint; if it is damaged, the error lists the others.
fn latest(checkpoints: &Checkpoints) -> anyhow::Result<Option<Checkpoint>> {
    match checkpoints.latest() {
        Err(error @ CheckpointError::Damaged { .. }) => Err(with_alternatives(error, checkpoints)),
        latest => Ok(latest?),
    }
}

/// The checkpoint with that name or file name; `best` is the best one.
fn named(checkpoints: &Checkpoints, name: &str) -> Result<Checkpoint, CheckpointError> {
    let names = checkpoints.names()?;
    let best = names
        .into_iter()
        .find(|found| name == "best" && found.starts_with("best-"));
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
    checkpoints.named(best.as_deref().or(stem).unwrap_or(name))
}

/// An error about the latest checkpoint that also lists the other checkpoints.
fn with_alternatives(error: CheckpointError, checkpoints: &Checkpoints) -> anyhow::Error {
    let mut others = checkpoints.names().unwrap_or_default();
    others.drain(..others.len().min(1));
    match others.is_empty() {
        true => error.into(),
        false => anyhow::anyhow!(
            "{error}; --from goes on from another one: {}",
            others.join(", ")
        ),
    }
}

/// Prints the optimiser, the schedule, the batch size and the number of steps.
pub fn describe_fit(
    out: &mut Output,
    fit: &FitConfig,
    batch_size: usize,
    batches: usize,
) -> io::Result<()> {
    let optimizer = match fit.optimizer {
        Optimizer::Adam => "adam",
        Optimizer::AdamW { .. } => "adamw",
        Optimizer::Sgd { .. } => "sgd",
        Optimizer::RmsProp { .. } => "rmsprop",
    };
    let schedule = match fit.schedule {
        Schedule::Constant => "at",
        Schedule::Step { .. } => "stepping down from",
        Schedule::Cosine { .. } => "on a cosine from",
        Schedule::OneCycle => "on one cycle up to",
        Schedule::ReduceOnPlateau { .. } => "reduced on plateaus from",
    };
    let batch = match fit.accumulate {
        1 => batch_size.to_string(),
        batches => format!("{batches} × {batch_size}"),
    };
    out.field(
        "steps",
        format_args!(
            "{optimizer}, {schedule} {}, batches of {batch}; {} × {} steps",
            fit.learning_rate,
            fit.epochs,
            Grouped(batches.div_ceil(fit.accumulate)),
        ),
    )
}
