//! Writes the report of a finished run: pictures and an HTML page.

use rnn_train::objective::ACCURACY;
use rnn_train::progress::EpochReport;
use rnn_train::run::Picture;
use rnn_train::{Fitted, Objective, RunDir};
use serde::Serialize;
use serde_json::Value;

use crate::report::{Confusion, Curve, Mistakes, Report, Series};
use crate::ui::Output;
use crate::ui::json::display_values;

/// Writes the report into the run's folder, and prints its path. A failure is only a warning, so
/// that the results are still saved.
pub fn write<M: Objective>(
    run: &RunDir,
    fitted: &Fitted<M>,
    results: &impl Serialize,
    confusion: Option<Confusion>,
    mistakes: Option<Mistakes>,
    out: &mut Output,
) -> std::io::Result<()> {
    match try_write(run, fitted, results, confusion, mistakes) {
        Ok(path) => out.line(format_args!("How it went: {}", path.display())),
        Err(error) => {
            out.warn(format_args!("no report: {error:#}"));
            Ok(())
        }
    }
}

fn try_write<M: Objective>(
    run: &RunDir,
    fitted: &Fitted<M>,
    results: &impl Serialize,
    confusion: Option<Confusion>,
    mistakes: Option<Mistakes>,
) -> anyhow::Result<std::path::PathBuf> {
    let settings: Value = run.read_config()?;
    let history = &fitted.history;
    let loss = curve("Loss", "nats", history, |r| {
        (Some(r.train_loss), r.valid_loss)
    });
    let rate = curve("Learning rate", "", history, |r| {
        (Some(r.learning_rate), None)
    });
    let names: Vec<&str> = fitted.history.first().map_or_else(Vec::new, |report| {
        report.train_metrics.iter().map(|(name, _)| name).collect()
    });
    let metrics: Vec<Curve> = names.iter().map(|name| metric(name, history)).collect();
    let best_epoch = fitted.best_epoch;
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
        results: display_values(&serde_json::to_value(results)?),
        settings: display_values(&settings),
        curves: [vec![loss], metrics, vec![rate]].concat(),
        best_epoch,
        confusion,
        mistakes,
    };
    Ok(run.write_report(&report.html()?)?)
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
