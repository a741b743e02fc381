//! A training in a run's folder: new or resumed, with checkpoints, and saved when a signal stops
//! it.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, ensure};
use rnn_train::checkpoint::{Checkpoint, CheckpointError, Checkpoints};
use rnn_train::config::ValidEvery;
use rnn_train::optim::{Optimizer, Schedule};
use rnn_train::run::RunLock;
use rnn_train::{FitConfig, Fitted, Loader, Objective, RunDir, StopReason, TrainError, Trainer};
use serde::Serialize;
use serde_json::Value;

use super::history::History;
use super::settings::{self, Extended, Settings};
use crate::cli::{Length, RunArgs, WrongUsage};
use crate::context::Context;
use crate::ui::interrupt::{Interrupt, Interrupted};
use crate::ui::progress::{Progress, Samples};
use crate::ui::{Grouped, Output, quoted};

/// A run that is being trained. It is locked against other programs until this value is dropped.
pub struct Session {
    pub run: RunDir,
    command: &'static str,
    checkpoints: Checkpoints,
    start: Start,
    /// Whether the initial weights are newly drawn.
    has_new_weights: bool,
    dashboard: bool,
    _lock: RunLock,
}

/// Where a session's training starts.
enum Start {
    /// At the initial weights.
    New,
    /// At a checkpoint, to the end that was set.
    Resume(Checkpoint),
    /// At a checkpoint that was written before the training's length was changed.
    Extend(Checkpoint),
}

impl Session {
    /// Creates a new run with these settings, and locks it. `write_assets` writes what the trained model
    /// needs beside its weights.
    pub fn create<M: Serialize, T: Serialize>(
        args: &RunArgs,
        command: &'static str,
        settings: &Settings<M, T>,
        write_assets: impl FnOnce(&RunDir) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        check_dashboard(args, command)?;
        let (run, lock) = settings::create(args.run.as_deref(), command, settings, write_assets)?;
        Ok(Self {
            checkpoints: settings.checkpoints(&run, args)?,
            run,
            command,
            start: Start::New,
            has_new_weights: settings.init_from.is_none(),
            dashboard: args.tui,
            _lock: lock,
        })
    }

    /// Finds the checkpoint to go on from in a run that `lock` locks.
    pub fn resume<M, T>(
        args: &RunArgs,
        command: &'static str,
        (run, lock): (RunDir, RunLock),
        settings: &Settings<M, T>,
    ) -> anyhow::Result<Self> {
        check_dashboard(args, command)?;
        let checkpoints = settings.checkpoints(&run, args)?;
        let checkpoint = match &args.from {
            Some(name) => Some(named(&checkpoints, name)?),
            None => latest(&checkpoints)?,
        };
        if let Some(checkpoint) = &checkpoint {
            // The training would refuse it too, when an extension is already recorded.
            let of_this_run = checkpoints.check_identity(checkpoint);
            of_this_run.map_err(|error| with_alternatives(error, &checkpoints))?;
        }
        let start = match checkpoint {
            None => Start::New,
            Some(checkpoint) if checkpoint.identity() != checkpoints.identity() => {
                Start::Extend(checkpoint)
            }
            Some(checkpoint) => Start::Resume(checkpoint),
        };
        Ok(Self {
            run,
            command,
            checkpoints,
            start,
            has_new_weights: settings.init_from.is_none(),
            dashboard: args.tui,
            _lock: lock,
        })
    }

    /// Whether there is no checkpoint to go on from.
    pub fn is_new(&self) -> bool {
        matches!(self.start, Start::New)
    }

    /// Extends the run to another number of epochs or steps, in these settings, which [`record`](Self::record)
    /// writes. `fit` are its settings within those of the training.
    pub fn extend<M, T>(
        &mut self,
        context: &Context,
        settings: &mut Settings<M, T>,
        fit: impl FnOnce(&mut T) -> &mut FitConfig,
        length: Length,
    ) -> anyhow::Result<()> {
        let run = self.run.path().display();
        let done = match &self.start {
            Start::New => {
                ensure!(
                    self.run.read_metrics::<Value>()?.is_none(),
                    "{run}: the training is finished and its checkpoints are gone; a new one can start \
                     from its weights: --init-from {}",
                    quoted(self.run.path())
                );
                0
            }
            Start::Resume(checkpoint) | Start::Extend(checkpoint) => match length {
                Length::Epochs(_) => checkpoint.epochs_done(),
                Length::Steps(_) => checkpoint.steps_done(),
            },
        };
        ensure!(
            length.number() > done,
            WrongUsage(format!(
                "{run}: {length}: expected more than {done}, which are done"
            ))
        );
        let training = settings.training.as_mut();
        let fit = fit(training.context("the weights were imported")?);
        settings.extended.push(Extended {
            epochs: fit.epochs,
            max_steps: fit.max_steps,
            identity: self.checkpoints.identity().to_owned(),
        });
        length.set(fit);
        settings.set_machine(context);
        self.start = match std::mem::replace(&mut self.start, Start::New) {
            Start::Resume(checkpoint) => Start::Extend(checkpoint),
            start => start,
        };
        Ok(())
    }

    /// Records the settings of an extension. Killed at any moment, the run can be resumed: as it was
    /// before, or as extended.
    pub fn record<M: Serialize, T: Serialize>(
        &mut self,
        args: &RunArgs,
        settings: &Settings<M, T>,
    ) -> anyhow::Result<()> {
        // First, since their presence marks the run as finished.
        self.run.remove_metrics()?;
        self.run.write_config(settings)?;
        self.checkpoints = settings.checkpoints(&self.run, args)?;
        Ok(())
    }

    /// Prints the run's folder and where the training starts.
    pub fn describe(&self, fit: &FitConfig, out: &mut Output) -> io::Result<()> {
        let run = self.run.path().display();
        let name = |checkpoint: &Checkpoint| {
            let name = checkpoint.path().file_stem().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        match &self.start {
            Start::New => out.field("run", format_args!("{run}\n")),
            Start::Resume(checkpoint) => out.field(
                "run",
                format_args!("{run}, going on from {}\n", name(checkpoint)),
            ),
            Start::Extend(checkpoint) => {
                let schedule = match fit.schedule.depends_on_length() {
                    true => "the schedule restarts over the remaining steps",
                    false => "the schedule goes on",
                };
                let end = match Length::of(fit) {
                    Length::Epochs(epochs) => format!("epoch {epochs}"),
                    Length::Steps(steps) => format!("step {steps}"),
                };
                let from = name(checkpoint);
                out.field(
                    "run",
                    format_args!("{run}, going on from {from} to {end}; {schedule}\n"),
                )
            }
        }
    }

    /// What a signal that ends the program after the training says.
    pub fn how_to_go_on(&self) -> String {
        format!(
            "trained, and not evaluated yet; go on with: {} train --resume {}",
            self.command,
            quoted(self.run.path())
        )
    }

    /// Trains to the end, with checkpoints, history and progress, in epochs or in steps. A signal stops the
    /// training with the error [`Interrupted`]. `sample` shows in a line what the model can do, if anything,
    /// at each validation.
    pub fn fit<M: Objective>(
        &mut self,
        trainer: Trainer<M>,
        config: &FitConfig,
        (model, train): (M, Loader<M::Batch>),
        mut sample: impl FnMut(&M) -> anyhow::Result<Option<String>> + 'static,
        out: &Output,
    ) -> anyhow::Result<Fitted<M>> {
        let interrupt = Interrupt::watch().context("signals can't be caught")?;
        let shown = match self.dashboard {
            true => out.silent(),
            false => *out,
        };
        let samples = Samples::new(shown);
        let next = samples.next();
        let mut trainer = trainer
            .with_epoch_hook(move |epoch| {
                match sample(epoch.model()) {
                    Ok(text) => next.set(text),
                    // A failure must not end the training.
                    Err(error) => shown.warn(format_args!("no sample: {error:#}")),
                }
                Ok(())
            })
            .with_checkpoints(self.checkpoints.clone())
            .with_dashboard(self.dashboard)
            .with_stop(interrupt.stop())
            .with_observer(History::new(self.run.clone(), shown))
            .with_observer(Progress::new(shown, self.has_new_weights))
            .with_observer(samples);
        trainer = match std::mem::replace(&mut self.start, Start::New) {
            Start::New => trainer,
            Start::Resume(checkpoint) => trainer.resume(checkpoint),
            Start::Extend(checkpoint) => trainer.extend(checkpoint),
        };
        let fitted = trainer.fit(model, train).map_err(|error| match error {
            TrainError::Checkpoint(
                error @ (CheckpointError::Foreign { .. } | CheckpointError::Model { .. }),
            ) => with_alternatives(error, &self.checkpoints),
            error => error.into(),
        })?;
        // A signal may have come too late to stop it, when the last checkpoint was written.
        if interrupt.stop().load(Ordering::Relaxed) || fitted.stop_reason == StopReason::Interrupted
        {
            return Err(anyhow::Error::new(Interrupted {
                code: interrupt.code(),
                steps: fitted.steps,
                command: self.command,
                run: self.run.path().to_owned(),
            }));
        }
        let is_earlier = fitted.best_step.is_some_and(|step| step < fitted.steps);
        if fitted.stop_reason == StopReason::Finished && config.keeps_best() && is_earlier {
            let metric = &config.monitor.metric;
            out.clone().line(match config.counts_steps() {
                true => format!(
                    "the best {metric} was that of step {}: these are its weights",
                    fitted.best_step.unwrap_or(0)
                ),
                false => format!(
                    "the best {metric} was that of epoch {}: these are its weights",
                    fitted.best_epoch.unwrap_or(0)
                ),
            })?;
        }
        if fitted.stop_reason == StopReason::OutOfPatience {
            let (epoch, step) = (fitted.best_epoch, fitted.best_step.unwrap_or(0));
            let since = fitted.history.iter().filter(|report| report.steps > step);
            let since = since.count();
            let metric = &config.monitor.metric;
            out.clone().line(match config.counts_steps() {
                true => format!(
                    "no better {metric} in {since} validations: these are the weights of step {step}"
                ),
                false => format!(
                    "no better {metric} for {since} epochs: these are the weights of epoch {}",
                    epoch.unwrap_or(0)
                ),
            })?;
        }
        Ok(fitted)
    }
}

fn check_dashboard(args: &RunArgs, command: &str) -> anyhow::Result<()> {
    ensure!(
        !args.tui || cfg!(feature = "tui"),
        "--tui needs a build with the feature tui: cargo run -p rnn-apps --features tui -- \
         {command} train …"
    );
    ensure!(
        !args.tui || io::stdout().is_terminal(),
        "--tui needs a terminal, and standard output is none"
    );
    Ok(())
}

/// The latest checkpoint; if it is damaged, the error lists the others.
fn latest(checkpoints: &Checkpoints) -> anyhow::Result<Option<Checkpoint>> {
    match checkpoints.latest() {
        Err(error @ CheckpointError::Damaged { .. }) => Err(with_alternatives(error, checkpoints)),
        latest => Ok(latest?),
    }
}

/// The checkpoint with that name or file name; `best` is the best one.
pub fn named(checkpoints: &Checkpoints, name: &str) -> Result<Checkpoint, CheckpointError> {
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
            "{:#}; --from goes on from another one: {}",
            anyhow::Error::new(error),
            others.join(", ")
        ),
    }
}

/// Prints the optimiser, the schedule, the batch size and the number of steps.
pub fn describe_fit(
    out: &mut Output,
    fit: &FitConfig,
    batch_size: &str,
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
        1 => batch_size.to_owned(),
        batches => format!("{batches} × {batch_size}"),
    };
    let of_epoch = batches.div_ceil(fit.accumulate);
    let mut steps = match fit.max_steps {
        None => format!("{} × {} steps", fit.epochs, Grouped(of_epoch)),
        Some(steps) => format!(
            "{} steps ({:.1} epochs)",
            Grouped(steps),
            steps as f64 / of_epoch.max(1) as f64
        ),
    };
    if let ValidEvery::Steps(every) = fit.valid_every {
        steps += &format!(", validated every {}", Grouped(every));
    }
    out.field(
        "steps",
        format_args!(
            "{optimizer}, {schedule} {}, batches of {batch}; {steps}",
            fit.learning_rate,
        ),
    )
}
