//! The history as a table.

use crate::progress::EpochReport;

const COLUMNS: &str = "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,best,learning_rate,\
                       grad_norm,steps,items,targets,seconds,step_seconds\n";

/// Comma-separated values under a line of names; what an epoch has not is empty. Numbers and truth
/// values need no quotes.
pub(super) fn table(history: &[EpochReport]) -> String {
    let optional = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut table = COLUMNS.to_owned();
    for report in history {
        let EpochReport {
            epoch,
            train_loss,
            train_accuracy,
            best,
            learning_rate,
            steps,
            items,
            targets,
            seconds,
            step_seconds,
            ..
        } = report;
        let valid_loss = optional(report.valid_loss);
        let valid_accuracy = optional(report.valid_accuracy);
        let grad_norm = optional(report.grad_norm);
        table += &format!(
            "{epoch},{train_loss},{train_accuracy},{valid_loss},{valid_accuracy},{best},\
             {learning_rate},{grad_norm},{steps},{items},{targets},{seconds},{step_seconds}\n"
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_every_column() {
        let with_all = EpochReport {
            epoch: 2,
            valid_loss: Some(0.5),
            valid_accuracy: Some(0.75),
            grad_norm: Some(1.25),
            best: true,
            ..EpochReport::default()
        };
        let table = table(&[EpochReport::default(), with_all]);
        let widths: Vec<usize> = table.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(widths, [13; 3]);
        let last = table.lines().last();
        assert_eq!(last, Some("2,0,0,0.5,0.75,true,0,1.25,0,0,0,0,0"));
    }
}
