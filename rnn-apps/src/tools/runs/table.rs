//! Tables of runs, one per task: the settings in which they differ, and their best results.

use std::cmp::Ordering;

use serde_json::Value;

use super::run::{EPOCH, Run, STEP, counts_steps, is_imported, last_place, seconds, state};
use crate::ui::json::flatten;
use crate::ui::{Loss, SixDigits};

/// The first columns of every table.
const LEFT_COLUMNS: [&str; 2] = ["run", "state"];

/// The last columns of every table; the second one is `step` where all runs are measured in steps.
const RIGHT_COLUMNS: [&str; 3] = ["best", EPOCH, "seconds"];

/// Settings that are not compared: a copy of `seed`, and what a run was before it was extended.
const NOT_COMPARED: [&str; 2] = ["training.fit.seed", "extended"];

/// As far as a run's name is cut before its results are.
const SHORTEST_NAME: usize = 8;

/// Between two columns.
const GAP: &str = "  ";

/// The cell of a value that a run does not have.
const MISSING: &str = "–";

/// The settings in which trained runs differ, as dotted keys in the order in which they first appear, without
/// the versions of programs. A missing setting, or null, differs from any value.
pub fn differences(runs: &[&Run]) -> Vec<String> {
    // Imported ones have hardly any.
    let trained = runs.iter().filter(|run| !is_imported(run));
    let flat: Vec<Vec<(String, &Value)>> = trained.map(|run| flatten(&run.settings)).collect();
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in flat.iter().flatten() {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let differs = |key: &str| {
        flat.iter()
            .any(|settings| value(settings, key) != value(&flat[0], key))
    };
    keys.into_iter()
        .filter(|key| !NOT_COMPARED.contains(key) && !key.starts_with("versions."))
        .filter(|key| differs(key))
        .map(str::to_owned)
        .collect()
}

/// The runs of one task.
pub struct Table {
    pub task: String,
    /// Headings, then a row per run.
    rows: Vec<Vec<String>>,
    /// How many of the columns are settings.
    settings: usize,
}

/// A table for each task: the settings in which its runs differ, the best result, its epoch or step and the
/// time; the best run first.
pub fn tables(runs: &[Run]) -> Vec<Table> {
    let mut tasks: Vec<&str> = runs.iter().map(command).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let of = |task| runs.iter().filter(|run| command(run) == task).collect();
    tasks
        .into_iter()
        .map(|task| table(printable(task), of(task)))
        .collect()
}

fn table(task: String, runs: Vec<&Run>) -> Table {
    let differences = differences(&runs);
    let columns = LEFT_COLUMNS.iter().map(|&name| name.to_owned());
    let columns = columns.chain(headings(&differences));
    let trained: Vec<&&Run> = runs.iter().filter(|run| !is_imported(run)).collect();
    let only_steps = !trained.is_empty() && trained.iter().all(|run| counts_steps(run));
    let right = RIGHT_COLUMNS.map(|name| {
        if only_steps && name == EPOCH {
            STEP
        } else {
            name
        }
    });
    let mut table: Vec<Vec<String>> = vec![columns.chain(right.map(str::to_owned)).collect()];

    let mut rows: Vec<(&Run, Option<Best>)> =
        runs.into_iter().map(|run| (run, best(run))).collect();
    rows.sort_by(|(_, a), (_, b)| match (a, b) {
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    for (run, best) in rows {
        let settings = flatten(&run.settings);
        let mut row = vec![printable(&run.name), state(run)];
        row.extend(differences.iter().map(|key| cell(value(&settings, key))));
        let or_none = |text: Option<String>| text.unwrap_or_else(|| MISSING.to_owned());
        row.push(or_none(best.as_ref().map(Best::text)));
        let place = best.and_then(|best| best.place);
        row.push(or_none(place.map(|place| match counts_steps(run) {
            true if !only_steps => format!("{STEP} {place}"),
            _ => place.to_string(),
        })));
        row.push(or_none(seconds(run).map(|seconds| format!("{seconds:.1}"))));
        table.push(row);
    }
    Table {
        task,
        rows: table,
        settings: differences.len(),
    }
}

impl Table {
    /// The table's lines, none of which is wider than `width` characters as far as leaving out settings
    /// can help; then a line names those.
    pub fn lines(&self, width: Option<usize>) -> Vec<String> {
        let mut rows = self.rows.clone();
        let mut left_out = Vec::new();
        let fits = |rows: &[Vec<String>]| {
            let lines = aligned(rows).into_iter();
            let widest = lines.map(|line| line.chars().count()).max();
            width.is_none_or(|width| widest.is_none_or(|widest| widest <= width))
        };
        for column in (LEFT_COLUMNS.len()..LEFT_COLUMNS.len() + self.settings).rev() {
            if fits(&rows) {
                break;
            }
            left_out.insert(0, self.rows[0][column].as_str());
            for row in &mut rows {
                row.remove(column);
            }
        }
        // The results matter more than the end of a long name.
        let mut name = rows.iter().map(|row| row[0].chars().count()).max();
        while let Some(longest) = name.filter(|&longest| longest > SHORTEST_NAME && !fits(&rows)) {
            for row in &mut rows {
                shorten(&mut row[0], longest - 1);
            }
            name = Some(longest - 1);
        }
        let mut lines = aligned(&rows);
        if let Some(width) = width {
            for line in &mut lines {
                shorten(line, width);
            }
        }
        if !left_out.is_empty() {
            lines.push(format!("They also differ in {}.", left_out.join(", ")));
        }
        lines
    }
}

/// Cuts a line off after `width` characters, of which the last one then says so.
fn shorten(line: &mut String, width: usize) {
    if line.chars().count() > width {
        let kept: String = line.chars().take(width.saturating_sub(1)).collect();
        *line = format!("{kept}…");
    }
}

/// A table's rows as lines with aligned columns; columns of numbers are aligned to the right.
fn aligned(table: &[Vec<String>]) -> Vec<String> {
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
        let line = cells.collect::<Vec<_>>().join(GAP);
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
            || RIGHT_COLUMNS.contains(&name.as_str())
            || name == STEP;
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
        // Names of classes would fill the line.
        Some(Value::Array(items)) if items.len() > 3 && items.iter().all(Value::is_string) => {
            format!("{} names", items.len())
        }
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

/// The best result of a run, by which the table is sorted.
#[derive(Clone, Copy, Debug)]
struct Best {
    metric: Metric,
    value: f64,
    /// Its epoch, or its step if the training is measured in steps.
    place: Option<u64>,
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
    let (of_report, of_all, of_best) = match counts_steps(run) {
        true => ("steps", "steps", "best_step"),
        false => ("epoch", "epochs", "best_epoch"),
    };
    let result = |name: &str, metric: Metric| {
        let results = run.results.as_ref()?;
        Some(Best {
            metric,
            value: results[name].as_f64()?,
            // Of the weights.
            place: match keeps_best(&run.settings["training"]["fit"]) {
                true => results[of_best].as_u64(),
                false => last_place(run).or_else(|| results[of_all].as_u64()),
            },
        })
    };
    let lowest = |name: &str, metric: Metric| {
        let epochs = (1..).zip(&run.history).filter_map(|(n, epoch)| {
            Some(Best {
                metric,
                value: epoch[name].as_f64()?,
                place: Some(epoch[of_report].as_u64().unwrap_or(n)),
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

/// Whether a run with these settings of its steps has the weights of the best report, not of the last one.
fn keeps_best(fit: &Value) -> bool {
    !fit["patience"].is_null() || fit["keep_best"] == true
}
