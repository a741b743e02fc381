//! The table of runs: the settings in which they differ, and their best results.

use std::cmp::Ordering;

use serde_json::Value;

use crate::ui::json::flatten;
use crate::ui::{Loss, SixDigits};

/// The contents of a run's folder.
#[derive(Clone, Debug)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    pub settings: Value,
    /// An object per epoch.
    pub history: Vec<Value>,
    /// Whether a program is training it.
    pub is_running: bool,
    /// `None` until the training is finished.
    pub results: Option<Value>,
}

/// The first columns of every table.
const LEFT_COLUMNS: [&str; 3] = ["run", "command", "state"];

/// The last columns of every table.
const RIGHT_COLUMNS: [&str; 3] = ["best", "epoch", "seconds"];

/// Settings that are not compared: the first has a column of its own, the second is a copy of
/// `seed`.
const NOT_COMPARED: [&str; 2] = ["command", "training.fit.seed"];

/// The cell of a value that a run does not have.
const MISSING: &str = "–";

/// The settings in which runs of the same command differ, as dotted keys in the order in which they
/// first appear, without the versions of programs. A missing setting, or null, differs from any
/// value.
///
/// Runs of different commands are not compared: nearly all of their settings differ.
pub fn differences(runs: &[Run]) -> Vec<String> {
    let flat: Vec<Vec<(String, &Value)>> = runs.iter().map(|run| flatten(&run.settings)).collect();
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in flat.iter().flatten() {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let differs = |key: &str| {
        runs.iter().enumerate().any(|(i, run)| {
            // Compare with the first run of the same command, which may be this run itself.
            let first = runs.iter().position(|other| command(other) == command(run));
            value(&flat[i], key) != value(&flat[first.unwrap_or(i)], key)
        })
    };
    keys.into_iter()
        .filter(|key| !NOT_COMPARED.contains(key) && !key.starts_with("versions."))
        .filter(|key| differs(key))
        .map(str::to_owned)
        .collect()
}

/// A row of headings and a row per run: the settings in which runs differ, the best result, its
/// epoch and the time. Sorted by command, then by result, the best first.
pub fn table(runs: &[Run]) -> Vec<Vec<String>> {
    let differences = differences(runs);
    let columns = LEFT_COLUMNS.iter().map(|&name| name.to_owned());
    let columns = columns.chain(headings(&differences));
    let mut table: Vec<Vec<String>> =
        vec![columns.chain(RIGHT_COLUMNS.map(str::to_owned)).collect()];

    let mut rows: Vec<(&Run, Option<Best>)> = runs.iter().map(|run| (run, best(run))).collect();
    rows.sort_by(|(a, best_a), (b, best_b)| {
        let by_best = || match (best_a, best_b) {
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        command(a).cmp(command(b)).then_with(by_best)
    });
    for (run, best) in rows {
        let settings = flatten(&run.settings);
        let mut row = vec![printable(&run.name), printable(command(run)), state(run)];
        row.extend(differences.iter().map(|key| cell(value(&settings, key))));
        let or_none = |text: Option<String>| text.unwrap_or_else(|| MISSING.to_owned());
        row.push(or_none(best.as_ref().map(Best::text)));
        row.push(or_none(best.and_then(|best| Some(best.epoch?.to_string()))));
        row.push(or_none(seconds(run).map(|seconds| format!("{seconds:.1}"))));
        table.push(row);
    }
    table
}

/// A table's rows as lines with aligned columns; columns of numbers are aligned to the right.
pub fn aligned(table: &[Vec<String>]) -> Vec<String> {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let of_numbers = |column: usize| {
        let body = table.iter().skip(1).filter_map(|row| row.get(column));
        let mut cells = body.filter(|cell| *cell != MISSING && !cell.is_empty());
        let mut any = false;
        cells.all(|cell| {
            any = true;
            cell.parse::<f64>().is_ok_and(f64::is_finite)
        }) && any
    };
    let layout: Vec<(usize, bool)> = (0..columns)
        .map(|column| (width(column), of_numbers(column)))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&layout).map(|(cell, &(width, number))| {
            // The width is in characters.
            if number {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        line.trim_end().to_owned()
    };
    table.iter().map(line).collect()
}

fn command(run: &Run) -> &str {
    run.settings["command"].as_str().unwrap_or_default()
}

fn value<'a>(flat: &[(String, &'a Value)], key: &str) -> Option<&'a Value> {
    let found = flat.iter().find(|(name, _)| name == key);
    found.map(|(_, value)| *value)
}

/// Headings for settings: the last part of the dotted key, or the whole key if that is ambiguous.
fn headings(keys: &[String]) -> Vec<String> {
    let last = |key: &String| key.rsplit('.').next().unwrap_or_default().to_owned();
    let heading = |key: &String| {
        let name = last(key);
        let unclear = keys.iter().filter(|other| last(other) == name).count() > 1
            || LEFT_COLUMNS.contains(&name.as_str())
            || RIGHT_COLUMNS.contains(&name.as_str());
        printable(if unclear { key } else { &name })
    };
    keys.iter().map(heading).collect()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None => MISSING.to_owned(),
        // The beginning of a fingerprint is enough to compare it.
        Some(Value::String(text))
            if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            format!("{}…", &text[..12])
        }
        Some(Value::String(text)) => printable(text),
        Some(Value::Number(number)) if number.is_f64() => {
            let number = number.as_f64();
            number.map_or_else(String::new, |x| SixDigits(x).to_string())
        }
        Some(other) => printable(&other.to_string()),
    }
}

/// `text` with control characters escaped, so that it is one line and can't control the terminal.
fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// The state of the training, with its epoch.
fn state(run: &Run) -> String {
    if run.results.is_some() {
        return "finished".to_owned();
    }
    if run
        .settings
        .get("imported")
        .is_some_and(|from| !from.is_null())
    {
        return "imported".to_owned();
    }
    let epoch = last_epoch(run).unwrap_or(0);
    let state = match run.is_running {
        true => "running, at",
        false => "stopped at",
    };
    match run.settings["training"]["fit"]["epochs"].as_u64() {
        Some(epochs) => format!("{state} epoch {epoch} of {epochs}"),
        None => format!("{state} epoch {epoch}"),
    }
}

fn last_epoch(run: &Run) -> Option<u64> {
    let last = run.history.last()?;
    Some(last["epoch"].as_u64().unwrap_or(run.history.len() as u64))
}

fn seconds(run: &Run) -> Option<f64> {
    let of_all = run
        .results
        .as_ref()
        .and_then(|results| results["seconds"].as_f64());
    of_all.or_else(|| {
        let epochs = run.history.iter();
        let epochs = epochs.filter_map(|epoch| epoch["seconds"].as_f64());
        epochs.reduce(|a, b| a + b)
    })
}

/// The best result of a run, by which the table is sorted.
#[derive(Clone, Copy, Debug)]
struct Best {
    metric: Metric,
    value: f64,
    epoch: Option<u64>,
}

/// In order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Metric {
    TestAccuracy,
    DevAccuracy,
    ValidLoss,
    TrainLoss,
}

impl Best {
    /// Orders the better result first; results of different metrics by the order of the metrics.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = || match self.metric {
            Metric::TestAccuracy | Metric::DevAccuracy => other.value.total_cmp(&self.value),
            Metric::ValidLoss | Metric::TrainLoss => self.value.total_cmp(&other.value),
        };
        self.metric.cmp(&other.metric).then_with(by_value)
    }

    fn text(&self) -> String {
        let percent = 100.0 * self.value;
        let loss = Loss(self.value);
        match self.metric {
            Metric::TestAccuracy => format!("{percent:.2} % test"),
            Metric::DevAccuracy => format!("{percent:.2} % dev"),
            Metric::ValidLoss => format!("loss {loss} valid"),
            Metric::TrainLoss => format!("loss {loss} train"),
        }
    }
}

/// The best result; `None` if no epoch was finished or all losses are non-finite.
fn best(run: &Run) -> Option<Best> {
    let result = |name: &str, metric: Metric| {
        let results = run.results.as_ref()?;
        Some(Best {
            metric,
            value: results[name].as_f64()?,
            // The results are those of the last epoch's weights.
            epoch: last_epoch(run).or_else(|| results["epochs"].as_u64()),
        })
    };
    let lowest = |name: &str, metric: Metric| {
        let epochs = (1..).zip(&run.history).filter_map(|(n, epoch)| {
            Some(Best {
                metric,
                value: epoch[name].as_f64()?,
                epoch: Some(epoch["epoch"].as_u64().unwrap_or(n)),
            })
        });
        epochs.min_by(Best::cmp)
    };
    result("test_accuracy", Metric::TestAccuracy)
        .or_else(|| result("accuracy", Metric::DevAccuracy))
        .or_else(|| lowest("valid_loss", Metric::ValidLoss))
        .or_else(|| lowest("train_loss", Metric::TrainLoss))
}

#[cfg(test)]
mod tests;
