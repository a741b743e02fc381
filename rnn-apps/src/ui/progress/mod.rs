//! Shows a training while it runs: a bar on a terminal, plain lines elsewhere, and a line per epoch.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use console::{Term, style};
use indicatif::{ProgressBar, ProgressStyle};
use rnn_train::metrics::Metrics;
use rnn_train::objective::ACCURACY;
use rnn_train::progress::{EpochReport, Observer, StartReport, StepReport};

use super::line::{Line, width};
use super::{Grouped, Loss, Output, Seconds};

/// How often the bar's text changes.
const TEXT_EVERY: Duration = Duration::from_millis(100);
/// How often a line is printed where there is no terminal for the bar.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// An observer that prints the progress of a training.
pub struct Progress {
    out: Output,
    has_new_weights: bool,
    epochs: usize,
    /// The cross entropy at chance level, ln C for C classes; `None` without classes.
    chance_level: Option<f64>,
    /// Whether standard error, where the bar is drawn, is a terminal.
    is_terminal: bool,
    epoch: Option<Epoch>,
}

/// The columns that the bar itself has.
const BAR: usize = 16;
/// In a terminal of less than 110 columns.
const SHORT_BAR: usize = 8;

/// The current epoch.
struct Epoch {
    bar: ProgressBar,
    start: Instant,
    /// When progress was last printed.
    last_shown: Instant,
    /// The first item that is processed here: not 0 if the training was resumed within the epoch.
    first_item: usize,
    predictions: usize,
}

impl Progress {
    /// `has_new_weights` tells that the training starts from newly drawn ones.
    pub fn new(out: Output, has_new_weights: bool) -> Self {
        Self {
            out,
            has_new_weights,
            epochs: 0,
            chance_level: None,
            is_terminal: io::stderr().is_terminal(),
            epoch: None,
        }
    }

    fn begin(&self, report: &StepReport) -> Epoch {
        let bar = match self.out.is_quiet() || !self.is_terminal {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(report.total_items as u64),
        };
        let length = bar_length(width(&Term::stderr()).unwrap_or(0));
        let style = format!("{{prefix}} {{bar:{length}}} {{percent:>3}} %  {{wide_msg}}");
        let style = ProgressStyle::with_template(&style);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let prefix = format!("epoch {}/{}", report.epoch, report.epochs);
        let now = Instant::now();
        Epoch {
            bar: bar.with_style(style).with_prefix(prefix),
            start: now,
            last_shown: now,
            first_item: report.items,
            predictions: 0,
        }
    }

    /// Warns if the loss of the first step is far from chance level, ln C for C classes, which is
    /// where newly initialised weights begin.
    fn check_first_loss(&self, report: &StepReport) {
        let (Some(chance), Some(classes)) = (self.chance_level, report.num_classes) else {
            return;
        };
        let is_far = |loss: f64| chance > 0.0 && !(0.5..=1.5).contains(&(loss / chance));
        if let Some(loss) = report.loss.filter(|&loss| is_far(loss)) {
            self.out.warn(format_args!(
                "the first step's loss is {}, expected about ln {classes} = {chance:.2}, which is chance \
                 level: are the inputs small numbers, and the weights new?",
                Loss(loss),
            ));
        }
    }
}

impl Observer for Progress {
    fn start(&mut self, report: &StartReport) {
        self.epochs = report.epochs;
    }

    fn step(&mut self, report: &StepReport) {
        self.chance_level = report.num_classes.map(|classes| (classes as f64).ln());
        if report.step == 1 && self.has_new_weights {
            self.check_first_loss(report);
        }
        let Some(epoch) = &mut self.epoch else {
            self.epoch = Some(self.begin(report));
            return;
        };
        epoch.predictions += report.predictions;
        epoch.bar.set_position(report.items as u64);
        let every = if self.is_terminal {
            TEXT_EVERY
        } else {
            LINE_EVERY
        };
        if epoch.last_shown.elapsed() < every {
            return;
        }
        epoch.last_shown = Instant::now();
        let text = epoch.text(report);
        if self.is_terminal {
            let columns = width(&Term::stderr());
            let room = columns.map(|columns| room_beside_bar(columns, &epoch.bar.prefix()));
            epoch.bar.set_message(text.within(room));
        } else {
            // A closed pipe must not stop the training, which still has its weights to save.
            let _ = self.out.line(format_args!(
                "epoch {}/{}   {} of {}   {}",
                report.epoch,
                report.epochs,
                Grouped(report.items),
                Grouped(report.total_items),
                text.within(None),
            ));
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.epoch = None;
        if let Some(chance) = self.chance_level
            && report.train_loss > 2.0 * chance
        {
            self.out.warn(format_args!(
                "the loss is {}, chance level {chance:.2}: try a smaller learning rate",
                Loss(report.train_loss),
            ));
        }
        let line = epoch_pieces(report, self.epochs);
        let _ = self.out.line(line.within(width(&Term::stdout())));
    }
}

/// Removes the bar even if an error ends the training within an epoch.
impl Drop for Epoch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Epoch {
    fn text(&self, report: &StepReport) -> Line {
        step_pieces(
            report,
            (report.items - self.first_item) as f64,
            self.predictions as f64,
            self.start.elapsed().as_secs_f64(),
        )
    }
}

/// The length of the bar in a terminal of so many columns.
fn bar_length(columns: usize) -> usize {
    match columns {
        110.. => BAR,
        _ => SHORT_BAR,
    }
}

/// The columns for the text at the right of the bar.
fn room_beside_bar(columns: usize, prefix: &str) -> usize {
    // With the spaces around the bar, the percentage, and the last column, which some terminals wrap at.
    let taken = prefix.chars().count() + 1 + bar_length(columns) + " 100 %  ".len() + 1;
    columns.saturating_sub(taken)
}

/// Loss, remaining time, gradient norm, speed and learning rate, the most important ones first, after
/// `items` with so many `predictions` in so many `seconds`.
fn step_pieces(report: &StepReport, items: f64, predictions: f64, seconds: f64) -> Line {
    let later = (report.epochs - report.epoch) * report.total_items;
    let left = (later + report.total_items - report.items) as f64 * seconds / items;
    let mut line = Line::default();
    if let Some(loss) = report.loss {
        line.add(0, format!("loss {}", Loss(loss)));
    }
    line.add(1, format!("{} left", Seconds(left)));
    if let Some(norm) = report.grad_norm {
        line.add(2, format!("grad norm {norm:.2}"));
    }
    line.add(3, speed(items, predictions, seconds));
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

/// One line about an epoch: mean loss and metrics in training and validation, learning rate, speed,
/// time.
pub fn epoch_line(report: &EpochReport, epochs: usize) -> String {
    epoch_pieces(report, epochs).within(None)
}

/// The pieces of [`epoch_line`]. What the training is about is more important than its time.
fn epoch_pieces(report: &EpochReport, epochs: usize) -> Line {
    let mut line = Line::default();
    line.add(0, format!("epoch {:>2}/{epochs}", report.epoch));
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

/// Runs `work` and shows a spinner with the text `what` on a terminal meanwhile.
pub fn with_spinner<T>(out: &Output, what: String, work: impl FnOnce() -> T) -> T {
    let spinner = match out.is_quiet() {
        true => ProgressBar::hidden(),
        // Draws nothing if standard error is no terminal.
        false => ProgressBar::new_spinner().with_message(what),
    };
    spinner.enable_steady_tick(TEXT_EVERY);
    let done = work();
    spinner.finish_and_clear();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> StepReport {
        StepReport {
            epoch: 1,
            epochs: 3,
            step: 40,
            items: 4_000,
            total_items: 12_000,
            predictions: 4_000,
            num_classes: Some(10),
            loss: Some(0.1234),
            grad_norm: Some(1.5),
            learning_rate: 0.004,
        }
    }

    #[test]
    fn the_bar_s_text_fits_the_terminal() {
        let line = step_pieces(&step(), 4_000.0, 4_000.0, 1.0);
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
            let text = line.within(Some(room_beside_bar(columns, "epoch 1/3")));
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
            let line = epoch_pieces(&report, 12).within(columns);
            assert_eq!(console::strip_ansi_codes(&line), expected, "{columns:?}");
        }
    }
}
