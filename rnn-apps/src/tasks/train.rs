//! The training command of every task, for new and resumed runs, from the flags to the results.

use std::path::Path;

use burn::module::Module;
use clap::Args;
use rnn_train::{FitConfig, RunDir, Trainer};
use serde::Serialize;

use super::data;
use super::initial::{self, Initial};
use super::print_config::print_config;
use super::report::{self, Story};
use super::results::{CommonResults, TrainingResults};
use super::resumed::Resumed;
use super::session::{Session, describe_fit};
use super::settings::Settings;
use super::task::{Batches, SettingsOf, Task, Trained};
use crate::cli::{FitArgs, Length, RunArgs};
use crate::context::Context;
use crate::ui::interrupt::message_on_signal;
use crate::ui::{Output, Seconds, quoted};

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
        let of_run = args
            .run
            .init_from
            .as_deref()
            .map(initial::flags_of_run::<T>);
        let of_run = of_run.transpose()?.unwrap_or_default();
        let of_run = of_run.iter().filter(|flag| !args.run.given.contains(flag));
        let left_out = of_run
            .map(String::as_str)
            .chain(T::NOT_IN_A_FILE.iter().copied());
        let left_out: Vec<&str> = left_out.collect();
        return print_config(context, &args, &left_out, out);
    }
    let results = match &args.run.resume {
        None => Some(train::<T>(context, &args, out)?),
        Some(folder) => resume::<T>(context, folder, &args, out)?,
    };
    let Some(results) = results else {
        return Ok(());
    };
    let next = T::next_command(&RunDir::open(&results.common.run)?)?;
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
    let mut data = data::read::<T>(context, &training, T::data_path(&args.task), out)?;
    data::record::<T>(&mut training, &data);
    let mut model = T::model(&args.task, &data);
    let initial = args.run.init_from.as_deref().map(Initial::read);
    let initial = initial.transpose()?;
    if let Some(initial) = &initial {
        model = initial.model::<T>(model, &args.run.given)?;
        if let Some(run) = &initial.run {
            data = T::for_model(data, &model, run)?;
        }
    }
    if let Some(warning) = T::recurrent(&mut model).warning() {
        out.warn(warning);
    }
    let settings = Settings {
        training: Some(training),
        checkpoint_every: args.run.checkpoint_every.unwrap_or_default(),
        init_from: initial.as_ref().map(|initial| initial.origin.clone()),
        ..Settings::new(context, T::NAME, model)
    };
    let kept = initial.as_ref().map(Initial::to_bytes).transpose()?;
    let create = || {
        let write_files = |run: &RunDir| {
            if let Some(weights) = &kept {
                run.write_initial_weights(weights)?;
            }
            if let Some(config) = T::library_config(&settings.model)? {
                run.write_model_config(&config)?;
            }
            T::write_assets(T::assets(&data), run)
        };
        Session::create(&args.run, T::NAME, &settings, write_files)
    };
    fit_and_judge::<T>(
        context,
        &settings,
        &data,
        Weights::New(initial),
        create,
        out,
    )
}

/// Resumes the run in `folder`, or extends it; `None` if it is finished.
fn resume<T: Task>(
    context: &Context,
    folder: &Path,
    args: &TrainArgs<T::Args>,
    out: &mut Output,
) -> anyhow::Result<Option<TrainingResults<T::Score>>> {
    let open = || Resumed::<SettingsOf<T>>::open(folder, T::NAME);
    let length = args.fit.length();
    if length.is_none() && open()?.is_finished(&args.run, out)? {
        return Ok(None);
    }
    let lock = RunDir::open(folder)?.lock()?;
    // Only now, since another program may have changed it.
    let resumed = open()?;
    resumed.warn_of_differences(context, out);
    let Resumed {
        run,
        mut settings,
        results,
    } = resumed;
    let mut session = Session::resume(&args.run, T::NAME, (run, lock), &settings)?;
    let recorded = Length::of(T::fit(settings.training()?));
    let extension = length.filter(|&length| length != recorded || results.is_some());
    if let Some(length) = extension {
        session.extend(context, &mut settings, T::fit_mut, length)?;
    }
    let training = settings.training()?;
    let mut data = data::read::<T>(context, training, T::data_path(&args.task), out)?;
    data::check::<T>(folder, training, &data)?;
    let mut initial = None;
    if let Some(origin) = &settings.init_from
        && session.is_new()
    {
        initial = Some(Initial::kept(&session.run, origin)?);
    }
    let weights = match session.is_new() {
        true => Weights::New(initial),
        false => Weights::OfCheckpoint,
    };
    // A run that has weights has vocabularies too, which other versions may have made otherwise.
    if settings.init_from.is_some() || !session.is_new() {
        data = T::for_model(data, &settings.model, &session.run)?;
    }
    let begin = || {
        T::write_assets(T::assets(&data), &session.run)?;
        // Runs of versions before there was such a file have none.
        if !session.run.has_model_config()
            && let Some(config) = T::library_config(&settings.model)?
        {
            session.run.write_model_config(&config)?;
        }
        if extension.is_some() {
            session.record(&args.run, &settings)?;
        }
        Ok(session)
    };
    fit_and_judge::<T>(context, &settings, &data, weights, begin, out).map(Some)
}

/// The weights that a training goes on from.
enum Weights {
    /// Those of a run or a file, or newly drawn ones.
    New(Option<Initial>),
    /// Those of its last checkpoint, which the session reads.
    OfCheckpoint,
}

/// Trains from `weights` in the session that `begin` makes, and evaluates.
fn fit_and_judge<T: Task>(
    context: &Context,
    settings: &SettingsOf<T>,
    data: &T::Data,
    weights: Weights,
    begin: impl FnOnce() -> anyhow::Result<Session>,
    out: &mut Output,
) -> anyhow::Result<TrainingResults<T::Score>> {
    let training = settings.training()?;
    let Batches { train, valid } = T::batches(settings, data)?;
    let fit = T::fit(training);
    context.check_precision(fit.precision)?;
    context.device.seed(settings.seed);
    let mut model = T::init(&settings.model, Some(training), &context.device)?;
    let mut pretrained = None;
    match weights {
        Weights::New(Some(initial)) => model = initial.load_into(model)?,
        Weights::New(None) => (model, pretrained) = T::pretrained(model, training, data)?,
        Weights::OfCheckpoint => {}
    }
    let parameters = model.num_params();
    // The run's folder is created or changed only now, after all checks, so that an error leaves no
    // empty folder behind.
    let mut session = begin()?;
    // From here on, a closed pipe must not end the program: it would lose the training.
    let out = &mut out.ignoring_closed_pipe();
    for (name, text) in T::describe(settings, data, parameters)? {
        out.field(name, text)?;
    }
    out.field("device", &context.device_name)?;
    let batch_size = T::batch_size(training).unwrap_or(train.batch_size());
    let batch_size = match train.is_bucketed() {
        true => format!("about {batch_size}"),
        false => batch_size.to_string(),
    };
    describe_fit(out, fit, &batch_size, train.num_batches())?;
    if let Some(origin) = &settings.init_from {
        out.field(
            "weights",
            format_args!("initial weights from {}", origin.path.display()),
        )?;
    }
    if let Some(text) = pretrained {
        out.field("weights", text)?;
    }
    session.describe(fit, out)?;

    let mut trainer = Trainer::new(fit.clone());
    if let Some(valid) = valid {
        trainer = trainer.with_validation(valid);
    }
    let (assets, seed) = (T::assets(data).clone(), settings.seed);
    let sample = move |model: &T::Model| T::show_progress(model, &assets, seed);
    let counts_steps = fit.counts_steps();
    let fitted = session.fit(trainer, fit, (model, train), sample, out)?;
    let run = &session.run;
    run.save_model(&fitted.model)?;
    // Until this function returns.
    let message = message_on_signal(session.how_to_go_on());
    if let Err(error) = &message {
        out.warn(format_args!("signals can't be caught: {error}"));
    }
    out.line(format_args!("trained in {}\n", Seconds(fitted.seconds)))?;
    let trained = Trained {
        model: &fitted.model,
        epoch: fitted.report(),
    };
    let judgement = T::judge(settings, trained, data, run, out)?;
    let results = TrainingResults {
        common: CommonResults::new(context, "train", run, settings, parameters),
        epochs: fitted.history.last().map_or(0, |report| report.epoch),
        steps: fitted.steps,
        best_epoch: fitted.best_epoch,
        best_step: fitted.best_step.filter(|_| counts_steps),
        seconds: fitted.seconds,
        step_seconds: fitted.step_seconds,
        train_loss: fitted.report().map_or(f64::NAN, |report| report.train_loss),
        score: judgement.score,
    };
    let story = Story {
        history: &fitted.history,
        best_step: fitted.best_step,
        counts_steps,
        num_classes: T::num_classes(&settings.model),
        results: serde_json::to_value(&results)?,
        confusion: judgement.confusion,
        mistakes: judgement.mistakes,
    };
    match report::write(run, story) {
        Ok(path) => out.line(format_args!("How it went: {}", path.display()))?,
        // A failure must not lose the results.
        Err(error) => out.warn(format_args!(
            "no report: {error:#}; `report {}` tries again",
            quoted(run.path())
        )),
    }
    // Written last, since its presence marks the run as finished.
    run.write_metrics(&results)?;
    Ok(results)
}
