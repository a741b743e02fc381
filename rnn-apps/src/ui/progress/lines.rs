//! What is printed about a step and a report.

use console::style;
use rnn_train::metrics::Metrics;
use rnn_train::objective::ACCURACY;
use rnn_train::progress::{EpochReport, StepReport};

use crate::ui::line::Line;
use crate::ui::{Grouped, Loss, Seconds};

/// What the progress of a training is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// With the number of all of them.
    Epochs(usize),
    /// With the number of all of them where it is known.
    Steps(Option<usize>),
}

impl Measure {
    /// Where a training is: `epoch 1/3`, `step 400/4000`.
    pub(super) fn place(self, report: &StepReport) -> String {
        match self {
            Self::Epochs(epochs) => format!("epoch {}/{epochs}", report.epoch),
            Self::Steps(_) => format!("step {}/{}", report.step, report.total_steps),
        }
    }
}

/// What was done in so many seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub steps: f64,
    pub items: f64,
    pub predictions: f64,
    pub seconds: f64,
}

/// Loss, remaining time, gradient norm, speed and learning rate, the most important ones first.
pub(super) fn step_pieces(report: &StepReport, measure: Measure, seen: &Seen) -> Line {
    let left = match measure {
        Measure::Epochs(_) => {
            let later = (report.epochs - report.epoch) * report.total_items;
            (later + report.total_items - report.items) as f64 * seen.seconds / seen.items
        }
        Measure::Steps(_) => {
            let later = report.total_steps.saturating_sub(report.step);
            later as f64 * seen.seconds / seen.steps
        }
    };
    let mut line = Line::default();
    if let Some(loss) = report.loss {
        line.add(0, format!("loss {}", Loss(loss)));
    }
    line.add(1, format!("{} left", Seconds(left)));
    if let Some(norm) = report.grad_norm {
        line.add(2, format!("grad norm {norm:.2}"));
    }
    line.add(3, speed(seen.items, seen.predictions, seen.seconds));
    line.add(4, format!("lr {:.1e}", report.learning_rate));
    line
}

/// Tokens per second if items have several predictions, otherwise samples per second.
fn speed(items: f64, predictions: f64, seconds: f64) -> String {
    let rate = |count: f64| Grouped((count / seconds) as usize);
    match predictions > items * 1.5 {
        true => format!("{} tokens/s", rate(predictions)),
        false => format!("{} samples/s", rate(items)),
    }
}

/// One line about a report: mean loss and metrics in training and validation, learning rate, speed,
/// time.
pub fn report_line(report: &EpochReport, measure: Measure) -> String {
    report_pieces(report, measure).within(None)
}

/// The pieces of [`report_line`]. What the training is about is more important than its time.
pub(super) fn report_pieces(report: &EpochReport, measure: Measure) -> Line {
    let mut line = Line::default();
    line.add(
        0,
        match measure {
            Measure::Epochs(epochs) => format!("epoch {:>2}/{epochs}", report.epoch),
            Measure::Steps(Some(total)) => {
                let width = total.to_string().len();
                format!("step {:>width$}/{total}", report.steps)
            }
            Measure::Steps(None) => format!("step {}", report.steps),
        },
    );
    let training = results(report.train_loss, &report.train_metrics);
    line.add(2, format!("loss {training}"));
    if let Some(loss) = report.valid_loss {
        line.add(1, format!("valid {}", results(loss, &report.valid_metrics)));
    }
    line.add(5, format!("lr {:.1e}", report.learning_rate));
    // Histories of older versions do not contain the counts.
    if report.items > 0 {
        let (items, targets) = (report.items as f64, report.targets as f64);
        line.add(6, speed(items, targets, report.seconds));
    }
    line.add(4, Seconds(report.seconds).to_string());
    if report.best {
        line.add(3, style("best").green().bold().to_string());
    }
    line
}

/// A loss, the accuracy in percent, and other metrics with their names.
fn results(loss: f64, metrics: &Metrics) -> String {
    let mut text = Loss(loss).to_string();
    for (name, value) in metrics.iter() {
        text += &match name {
            ACCURACY => format!("  {:.2} %", 100.0 * value),
            name => format!("  {name} {}", Loss(value)),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> StepReport {
        StepReport {
            epoch: 1,
            epochs: 3,
            step: 40,
            total_steps: 360,
            items: 4_000,
            total_items: 12_000,
            predictions: 4_000,
            num_classes: Some(10),
            loss: Some(0.1234),
            grad_norm: Some(1.5),
            learning_rate: 0.004,
        }
    }

    fn seen() -> Seen {
        Seen {
            steps: 40.0,
            items: 4_000.0,
            predictions: 4_000.0,
            seconds: 1.0,
        }
    }

    #[test]
    fn trainings_are_measured_in_steps_too() {
        let (measure, step) = (Measure::Steps(Some(360)), step());
        assert_eq!(measure.place(&step), "step 40/360");
        assert_eq!(Measure::Epochs(3).place(&step), "epoch 1/3");
        let text = step_pieces(&step, measure, &seen()).within(None);
        assert!(text.starts_with("loss 0.1234  8.0 s left"), "{text}");
        let report = EpochReport {
            steps: 40,
            ..EpochReport::default()
        };
        for (measure, start) in [
            (measure, "step  40/360  loss"),
            (Measure::Steps(None), "step 40  loss"),
        ] {
            let line = report_line(&report, measure);
            assert!(line.starts_with(start), "{line}");
        }
    }

    #[test]
    fn the_bar_s_text_fits_the_terminal() {
        let line = step_pieces(&step(), Measure::Epochs(3), &seen());
        let all = "loss 0.1234  8.0 s left  grad norm 1.50  4,000 samples/s  lr 4.0e-3";
        assert_eq!(line.within(None), all);
        for (columns, expected) in [
            (120, all),
            (110, all),
            (
                90,
                "loss 0.1234  8.0 s left  grad norm 1.50  4,000 samples/s",
            ),
            (80, "loss 0.1234  8.0 s left  grad norm 1.50  lr 4.0e-3"),
            (60, "loss 0.1234  8.0 s left"),
            (40, "loss 0.1234"),
            (20, ""),
        ] {
            let text = line.within(Some(super::super::room_beside_bar(columns, "epoch 1/3")));
            assert_eq!(text, expected, "{columns} columns");
        }
    }

    #[test]
    fn an_epoch_s_line_fits_the_terminal() {
        let metrics = || [(ACCURACY, 0.9512)].into_iter().collect();
        let report = EpochReport {
            epoch: 1,
            train_loss: 0.7652,
            train_metrics: metrics(),
            valid_loss: Some(0.1951),
            valid_metrics: metrics(),
            learning_rate: 0.004,
            items: 12_345,
            targets: 12_345,
            seconds: 1.0,
            best: true,
            ..EpochReport::default()
        };
        let results = "epoch  1/12  loss 0.7652  95.12 %  valid 0.1951  95.12 %";
        let whole = format!("{results}  lr 4.0e-3  12,345 samples/s  1.0 s  best");
        for (columns, expected) in [
            (None, &*whole),
            (Some(120), &whole),
            (Some(80), &format!("{results}  lr 4.0e-3  1.0 s  best")),
            (Some(72), &format!("{results}  1.0 s  best")),
            (Some(60), results),
            (Some(40), "epoch  1/12  valid 0.1951  95.12 %  best"),
        ] {
            let line = report_pieces(&report, Measure::Epochs(12)).within(columns);
            assert_eq!(console::strip_ansi_codes(&line), expected, "{columns:?}");
        }
    }
}
