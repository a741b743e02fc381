//! The history as a table.

use crate::metrics::Metrics;
use crate::progress::EpochReport;

/// The history as comma-separated values under a line of names; a value that a report lacks is empty.
///
/// The metrics stand beside the losses. No name or value needs quotes.
pub(super) fn table(history: &[EpochReport]) -> String {
    let train = names(history.iter().map(|report| &report.train_metrics));
    let valid = names(history.iter().map(|report| &report.valid_metrics));
    // Without validation the columns are there all the same, and empty.
    let valid = if valid.is_empty() { &train } else { &valid };
    let mut table = columns(&train, valid);
    for report in history {
        table += &row(report, &train, valid);
    }
    table
}

/// The names of all metrics, in the order in which they first appear.
fn names<'a>(metrics: impl Iterator<Item = &'a Metrics>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (name, _) in metrics.flat_map(Metrics::iter) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn columns(train: &[&str], valid: &[&str]) -> String {
    let mut columns = vec!["epoch".to_owned(), "train_loss".to_owned()];
    columns.extend(train.iter().map(|name| format!("train_{name}")));
    columns.push("valid_loss".to_owned());
    columns.extend(valid.iter().map(|name| format!("valid_{name}")));
    let last = "best,learning_rate,grad_norm,steps,items,targets,seconds,step_seconds";
    columns.join(",") + "," + last + "\n"
}

fn row(report: &EpochReport, train: &[&str], valid: &[&str]) -> String {
    let optional = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut cells = vec![report.epoch.to_string(), report.train_loss.to_string()];
    cells.extend(train.iter().map(|name| optional(report.train_metric(name))));
    cells.push(optional(report.valid_loss));
    cells.extend(valid.iter().map(|name| optional(report.valid_metric(name))));
    let EpochReport {
        best,
        learning_rate,
        steps,
        items,
        targets,
        seconds,
        step_seconds,
        ..
    } = report;
    let grad_norm = optional(report.grad_norm);
    let last = format!(
        "{best},{learning_rate},{grad_norm},{steps},{items},{targets},{seconds},{step_seconds}\n"
    );
    cells.join(",") + "," + &last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_every_column() {
        let first = EpochReport {
            train_metrics: [("accuracy", 0.0)].into_iter().collect(),
            ..EpochReport::default()
        };
        let with_all = EpochReport {
            epoch: 2,
            valid_loss: Some(0.5),
            valid_metrics: [("accuracy", 0.75)].into_iter().collect(),
            grad_norm: Some(1.25),
            best: true,
            ..first.clone()
        };
        let table = table(&[first, with_all]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines,
            [
                "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,best,learning_rate,\
                 grad_norm,steps,items,targets,seconds,step_seconds",
                "0,0,0,,,false,0,,0,0,0,0,0",
                "2,0,0,0.5,0.75,true,0,1.25,0,0,0,0,0",
            ]
        );
    }

    #[test]
    fn metrics_have_columns_of_their_own() {
        let report = EpochReport {
            train_metrics: [("mean_absolute_error", 0.5)].into_iter().collect(),
            ..EpochReport::default()
        };
        let later = EpochReport {
            train_metrics: [("perplexity", 2.0)].into_iter().collect(),
            ..EpochReport::default()
        };
        let table = table(&[report, later]);
        assert!(
            table.starts_with("epoch,train_loss,train_mean_absolute_error,train_perplexity,valid"),
            "{table}"
        );
        let widths: Vec<usize> = table.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(widths, [15; 3]);
    }
}
