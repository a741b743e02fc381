//! The training command of every task, for new and resumed runs, from the flags to the results.

use std::path::Path;

use burn::module::Module;
use clap::Args;
use rnn_train::{FitConfig, RunDir, Trainer};
use serde::Serialize;

use super::report;
use super::results::{CommonResults, TrainingResults};
use super::session::{Resumed, Session, check_data, describe_fit, print_config};
use super::settings::Settings;
use super::task::{Batches, SettingsOf, Task};
use crate::cli::{FitArgs, RunArgs};
use crate::context::Context;
use crate::ui::progress::with_spinner;
use crate::ui::{Output, Seconds};

/// Flags of `train`: the task's own, and those that all tasks share.
#[derive(Args, Debug, Serialize)]
pub struct TrainArgs<A: Args> {
    #[command(flatten)]
    pub task: A,
    #[command(flatten)]
    pub fit: FitArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

/// Trains or resumes, prints the results, and suggests a command to try next.
pub fn run<T: Task>(
    context: &Context,
    mut args: TrainArgs<T::Args>,
    out: &mut Output,
) -> anyhow::Result<()> {
    if args.run.print_config {
        T::fill_defaults(&mut args.task);
        args.fit.fill_defaults(&T::default_fit(&args.task));
        return print_config(context, &args, T::NOT_IN_A_FILE, out);
    }
    let results = match &args.run.resume {
        None => Some(train::<T>(context, &args, out)?),
        Some(folder) => resume::<T>(context, folder, &args, out)?,
    };
    let Some(results) = results else {
        return Ok(());
    };
    let next = T::next_command(&results.common.run);
    out.line(format_args!("\nNext: {next}"))?;
    out.results(&results)
}

/// Trains into a new run.
pub fn train<T: Task>(
    context: &Context,
    args: &TrainArgs<T::Args>,
    out: &mut Output,
) -> anyhow::Result<TrainingResults<T::Score>> {
    let fit = args.fit.config(FitConfig {
        seed: context.seed,
        ..T::default_fit(&args.task)
    });
    let mut training = T::training(&args.task, fit)?;
    let data = read::<T>(&training, T::data_path(&args.task), out)?;
    let recorded = T::fingerprint_fields(&mut training).into_iter();
    for ((_, recorded), found) in recorded.zip(T::hash(&data)) {
        *recorded = found;
    }
    let settings = Settings {
        training: Some(training),
        checkpoint_every: args.run.checkpoint_every.unwrap_or_default(),
        ..Settings::new(context, T::NAME, T::model(&args.task, &data))
    };
    fit_and_judge::<T>(context, &settings, &data, &args.run, out)
}

/// Resumes the run in `folder`; `None` if it is already finished.
fn resume<T: Task>(
    context: &Context,
    folder: &Path,
    args: &TrainArgs<T::Args>,
    out: &mut Output,
) -> anyhow::Result<Option<TrainingResults<T::Score>>> {
    let resumed = Resumed::<SettingsOf<T>>::open(folder, T::NAME, context, out)?;
    if resumed.is_finished(&args.run, out)? {
        return Ok(None);
    }
    let settings = resumed.settings;
    let mut training = settings.training()?.clone();
    let data = read::<T>(&training, T::data_path(&args.task), out)?;
    let recorded = T::fingerprint_fields(&mut training).into_iter();
    for ((what, expected), found) in recorded.zip(T::hash(&data)) {
        check_data(folder, what, expected, &found)?;
    }
    fit_and_judge::<T>(context, &settings, &data, &args.run, out).map(Some)
}

fn read<T: Task>(
    training: &T::Training,
    path: Option<&Path>,
    out: &Output,
) -> anyhow::Result<T::Data> {
    let what = format!("reading the {}", T::ITEMS);
    with_spinner(out, what, || T::read(training, path))
}

fn fit_and_judge<T: Task>(
    context: &Context,
    settings: &SettingsOf<T>,
    data: &T::Data,
    args: &RunArgs,
    out: &mut Output,
) -> anyhow::Result<TrainingResults<T::Score>> {
    let training = settings.training()?;
    let fit = T::fit(training);
    let Batches { train, valid } = T::batches(training, data, settings.seed)?;
    context.check_precision(fit.precision)?;
    context.device.seed(settings.seed);
    let model = T::init(&settings.model, Some(training), &context.device)?;
    let parameters = model.num_params();
    // The run's folder is created only now, after all checks, so that an error leaves no empty
    // folder behind.
    let write_assets = |run: &RunDir| T::write_assets(T::assets(data), run);
    let mut session = Session::begin(args, T::NAME, settings, write_assets)?;
    // From here on, a closed pipe must not end the program: it would lose the training.
    let out = &mut out.ignoring_closed_pipe();
    for (name, text) in T::describe(settings, data, parameters)? {
        out.field(name, text)?;
    }
    out.field("device", &context.device_name)?;
    describe_fit(out, fit, train.batch_size(), train.num_batches())?;
    session.describe(out)?;

    let mut trainer = Trainer::new(fit.clone());
    if let Some(valid) = valid {
        trainer = trainer.with_validation(valid);
    }
    let fitted = session.fit(trainer, model, train, out)?;
    let run = &session.run;
    run.save_model(&fitted.model)?;
    out.line(format_args!("trained in {}\n", Seconds(fitted.seconds)))?;
    let judgement = T::judge(&fitted, data, run, out)?;
    let results = TrainingResults {
        common: CommonResults::new(context, "train", run, settings, parameters),
        epochs: fitted.history.len(),
        steps: fitted.steps,
        best_epoch: fitted.best_epoch,
        seconds: fitted.seconds,
        step_seconds: fitted.step_seconds,
        train_loss: fitted.report().map_or(f64::NAN, |report| report.train_loss),
        score: judgement.score,
    };
    report::write(
        run,
        &fitted,
        &results,
        judgement.confusion,
        judgement.mistakes,
        out,
    )?;
    // Written last, since its presence marks the run as finished.
    run.write_metrics(&results)?;
    Ok(results)
}
