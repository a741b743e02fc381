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
use crate::context::Context;
use crate::report::{Confusion, Curve, Mistakes, Report, Series};
use crate::ui::Output;
use crate::ui::json::display_values;

/// How a training went.
pub struct Story<'a> {
    pub history: &'a [EpochReport],
    pub best_epoch: Option<usize>,
    /// The keys of `metrics.json`.
    pub results: Value,
    pub confusion: Option<Confusion>,
    pub mistakes: Option<Mistakes>,
}

/// Writes the report into the run's folder, and returns its path.
pub fn write(run: &RunDir, story: Story) -> anyhow::Result<PathBuf> {
    let Story {
        history,
        best_epoch,
        results,
        confusion,
        mistakes,
    } = story;
    let settings: Value = run.read_config()?;
    let loss = curve("Loss", "nats", history, |r| {
        (Some(r.train_loss), r.valid_loss)
    });
    let rate = curve("Learning rate", "", history, |r| {
        (Some(r.learning_rate), None)
    });
    let names: Vec<&str> = history.first().map_or_else(Vec::new, |report| {
        report.train_metrics.iter().map(|(name, _)| name).collect()
    });
    let metrics: Vec<Curve> = names.iter().map(|name| metric(name, history)).collect();
    run.write_picture(Picture::Loss, loss.svg(best_epoch)?.as_bytes())?;
    if let Some(index) = names.iter().position(|name| *name == ACCURACY) {
        let picture = metrics[index].svg(best_epoch)?;
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
        best_epoch,
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
    let data = data::read::<T>(training, path, out);
    let data = data.context("the run's data can't be read; --data says where they are now")?;
    data::check::<T>(folder, training, &data)?;
    let data = T::for_model(data, &settings.model, &run)?;
    let init = || T::init(&settings.model, None, &context.device);
    let model = load::load(&run, T::num_params(&settings.model), init)?;
    let history = run.read_history()?;
    let best_epoch = results["best_epoch"].as_u64().map(|epoch| epoch as usize);
    let epoch = match (T::fit(training).patience, best_epoch) {
        (Some(_), Some(best)) => history.iter().find(|report| report.epoch == best),
        _ => history.last(),
    };
    let model = &model;
    let judgement = T::judge(Trained { model, epoch }, &data, &run, out)?;
    let story = Story {
        history: &history,
        best_epoch,
        results: results.clone(),
        confusion: judgement.confusion,
        mistakes: judgement.mistakes,
    };
    let path = write(&run, story)?;
    out.line(format_args!("How it went: {}", path.display()))?;
    out.results(&results)
}

/// The curve of a named metric over the epochs; the accuracy is in percent.
fn metric(name: &str, history: &[EpochReport]) -> Curve {
    let (title, unit, scale) = match name {
        ACCURACY => ("Accuracy", "%", 100.0),
        name => (name, "", 1.0),
    };
    let scaled = |value: Option<f64>| value.map(|value| scale * value);
    curve(title, unit, history, |report| {
        let (train, valid) = (report.train_metric(name), report.valid_metric(name));
        (scaled(train), scaled(valid))
    })
}

/// The curve of the values for training and validation that `values` takes from each epoch.
fn curve(
    title: &str,
    unit: &str,
    history: &[EpochReport],
    values: impl Fn(&EpochReport) -> (Option<f64>, Option<f64>),
) -> Curve {
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for report in history {
        let epoch = report.epoch as f64;
        let (train, valid) = values(report);
        training.extend(train.map(|value| (epoch, value)));
        validation.extend(valid.map(|value| (epoch, value)));
    }
    let series = [("training", training), ("validation", validation)];
    let series = series.into_iter().filter(|(_, points)| !points.is_empty());
    Curve {
        title: title.to_owned(),
        unit: unit.to_owned(),
        series: series
            .map(|(name, points)| Series {
                name: name.to_owned(),
                points,
            })
            .collect(),
    }
}
