//! Writes the report of a finished run: pictures and an HTML page.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rnn_train::RunDir;
use rnn_train::objective::ACCURACY;
use rnn_train::progress::EpochReport;
use rnn_train::run::Picture;
use serde_json::Value;

use super::task::{SettingsOf, Task, Trained};
use super::{data, load, settings};
use crate::cli::for_display;
use crate::context::Context;
use crate::report::{Confusion, Curve, Level, Mistakes, Report, Series, XAxis};
use crate::ui::Output;
use crate::ui::json::display_values;

/// How a training went.
pub struct Story<'a> {
    pub history: &'a [EpochReport],
    /// The steps that were done at the best report.
    pub best_step: Option<usize>,
    /// Whether the training is measured in steps and not in epochs.
    pub counts_steps: bool,
    /// How many classes a prediction chooses from, if it does.
    pub num_classes: Option<usize>,
    /// The keys of `metrics.json`.
    pub results: Value,
    pub confusion: Option<Confusion>,
    pub mistakes: Option<Mistakes>,
}

/// Writes the report into the run's folder, and returns its path.
pub fn write(run: &RunDir, story: Story) -> anyhow::Result<PathBuf> {
    let Story {
        history,
        best_step,
        counts_steps,
        num_classes,
        results,
        confusion,
        mistakes,
    } = story;
    let settings: Value = for_display(run.read_config()?);
    let x = match counts_steps {
        true => XAxis::Steps,
        false => XAxis::Epochs,
    };
    let mut loss = curve("Loss", "nats", x, history, |r| {
        (Some(r.train_loss), r.valid_loss)
    });
    loss.level = num_classes.map(|classes| Level {
        name: format!("chance level (ln {classes})"),
        value: (classes as f64).ln(),
    });
    let rate = curve("Learning rate", "", x, history, |r| {
        (Some(r.learning_rate), None)
    });
    let best = history.iter().find(|r| Some(r.steps) == best_step);
    let best = best.map(|report| place(x, report));
    let names: Vec<&str> = history.first().map_or_else(Vec::new, |report| {
        report.train_metrics.iter().map(|(name, _)| name).collect()
    });
    let metrics: Vec<Curve> = names.iter().map(|name| metric(name, x, history)).collect();
    run.write_picture(Picture::Loss, loss.svg(best)?.as_bytes())?;
    if let Some(index) = names.iter().position(|name| *name == ACCURACY) {
        let picture = metrics[index].svg(best)?;
        run.write_picture(Picture::Accuracy, picture.as_bytes())?;
    }
    if let Some(confusion) = &confusion {
        run.write_picture(Picture::Confusion, confusion.svg()?.as_bytes())?;
    }
    if let Some(Mistakes::Picture { png, .. }) = &mistakes {
        run.write_picture(Picture::Mistakes, png)?;
    }
    let report = Report {
        title: run.path().display().to_string(),
        results: display_values(&results),
        settings: display_values(&settings),
        curves: [vec![loss], metrics, vec![rate]].concat(),
        best,
        confusion,
        mistakes,
    };
    Ok(run.write_report(&report.html()?)?)
}

/// Makes the report of a finished run anew, from its records and its data, which are now at
/// `path` if it is given.
pub fn again<T: Task>(
    context: &Context,
    folder: &Path,
    path: Option<&Path>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let (run, settings) = settings::open::<SettingsOf<T>>(folder, T::NAME)?;
    let _lock = run.lock()?;
    let named = || folder.display().to_string();
    let training = settings.training().with_context(named)?;
    let results: Option<Value> = run.read_metrics()?;
    let results = results.with_context(|| {
        let path = folder.display();
        format!("{path}: the training is not finished: there is nothing to report yet")
    })?;
    let data = data::read::<T>(context, training, path, out);
    let data = data.context("the run's data can't be read; --data says where they are now")?;
    data::check::<T>(folder, training, &data)?;
    let data = T::for_model(data, &settings.model, &run)?;
    let init = || T::init(&settings.model, None, &context.device);
    let model = load::load(&run, T::num_params(&settings.model), init)?;
    let history = run.read_history()?;
    let fit = T::fit(training);
    let best = history.iter().find(|report| is_best(report, &results));
    let epoch = best.filter(|_| fit.keeps_best()).or(history.last());
    let model = &model;
    let judgement = T::judge(&settings, Trained { model, epoch }, &data, &run, out)?;
    let story = Story {
        history: &history,
        best_step: best.map(|report| report.steps),
        counts_steps: fit.counts_steps(),
        num_classes: T::num_classes(&settings.model),
        results: results.clone(),
        confusion: judgement.confusion,
        mistakes: judgement.mistakes,
    };
    let path = write(&run, story)?;
    out.line(format_args!("How it went: {}", path.display()))?;
    out.results(&results)
}

/// Whether the results name this report as the best one: by its step, or by its epoch where there is one
/// report an epoch.
fn is_best(report: &EpochReport, results: &Value) -> bool {
    match results["best_step"].as_u64() {
        Some(step) => report.steps as u64 == step,
        None => results["best_epoch"].as_u64() == Some(report.epoch as u64),
    }
}

/// Where a report is on that axis.
fn place(x: XAxis, report: &EpochReport) -> usize {
    match x {
        XAxis::Epochs => report.epoch,
        XAxis::Steps => report.steps,
    }
}

/// The curve of a named metric; the accuracy is in percent.
fn metric(name: &str, x: XAxis, history: &[EpochReport]) -> Curve {
    let (title, unit, scale) = match name {
        ACCURACY => ("Accuracy", "%", 100.0),
        name => (name, "", 1.0),
    };
    let scaled = |value: Option<f64>| value.map(|value| scale * value);
    curve(title, unit, x, history, |report| {
        let (train, valid) = (report.train_metric(name), report.valid_metric(name));
        (scaled(train), scaled(valid))
    })
}

/// The curve of the values for training and validation that `values` takes from each report.
fn curve(
    title: &str,
    unit: &str,
    x: XAxis,
    history: &[EpochReport],
    values: impl Fn(&EpochReport) -> (Option<f64>, Option<f64>),
) -> Curve {
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for report in history {
        let at = place(x, report) as f64;
        let (train, valid) = values(report);
        training.extend(train.map(|value| (at, value)));
        validation.extend(valid.map(|value| (at, value)));
    }
    let series = [("training", training), ("validation", validation)];
    let series = series.into_iter().filter(|(_, points)| !points.is_empty());
    Curve {
        title: title.to_owned(),
        unit: unit.to_owned(),
        x,
        level: None,
        series: series
            .map(|(name, points)| Series {
                name: name.to_owned(),
                points,
            })
            .collect(),
    }
}
