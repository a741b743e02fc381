//! Shows a training while it runs: a bar on a terminal, plain lines elsewhere, and a line per epoch.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use rnn_train::metrics::Metrics;
use rnn_train::objective::ACCURACY;
use rnn_train::progress::{EpochReport, Observer, StartReport, StepReport};

use super::{Grouped, Loss, Output, Seconds};

/// How often the bar's text changes.
const TEXT_EVERY: Duration = Duration::from_millis(100);
/// How often a line is printed where there is no terminal for the bar.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// An observer that prints the progress of a training.
pub struct Progress {
    out: Output,
    epochs: usize,
    /// The cross entropy at chance level, ln C for C classes; `None` without classes.
    chance_level: Option<f64>,
    /// Whether standard error, where the bar is drawn, is a terminal.
    is_terminal: bool,
    epoch: Option<Epoch>,
}

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
    pub fn new(out: Output) -> Self {
        Self {
            out,
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
        let style = "{prefix} {bar:16} {percent:>3} %  {wide_msg}";
        let style = ProgressStyle::with_template(style);
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
        if report.step == 1 {
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
            epoch.bar.set_message(text);
        } else {
            // A closed pipe must not stop the training, which still has its weights to save.
            let _ = self.out.line(format_args!(
                "epoch {}/{}   {} of {}   {text}",
                report.epoch,
                report.epochs,
                Grouped(report.items),
                Grouped(report.total_items),
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
        let _ = self.out.line(epoch_line(report, self.epochs));
    }
}

/// Removes the bar even if an error ends the training within an epoch.
impl Drop for Epoch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Epoch {
    /// Loss, remaining time, learning rate, speed and gradient norm.
    fn text(&self, report: &StepReport) -> String {
        let seconds = self.start.elapsed().as_secs_f64();
        let items = (report.items - self.first_item) as f64;
        let later = (report.epochs - report.epoch) * report.total_items;
        let left = (later + report.total_items - report.items) as f64 * seconds / items;
        let loss = report
            .loss
            .map_or_else(String::new, |loss| format!("loss {}  ", Loss(loss)));
        let norm = report
            .grad_norm
            .map_or_else(String::new, |norm| format!("grad norm {norm:.2}"));
        // The least important value is last, since a narrow terminal cuts the line off.
        format!(
            "{loss}{} left  lr {:.1e}  {}  {norm}",
            Seconds(left),
            report.learning_rate,
            speed(items, self.predictions as f64, seconds),
        )
    }
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
    let training = results(report.train_loss, &report.train_metrics);
    let mut line = format!("epoch {:>2}/{epochs}  loss {training}", report.epoch);
    if let Some(loss) = report.valid_loss {
        line += &format!("  valid {}", results(loss, &report.valid_metrics));
    }
    line += &format!("  lr {:.1e}", report.learning_rate);
    // Histories of older versions do not contain the counts.
    if report.items > 0 {
        let (items, targets) = (report.items as f64, report.targets as f64);
        line += &format!("  {}", speed(items, targets, report.seconds));
    }
    line += &format!("  {}", Seconds(report.seconds));
    if report.best {
        line += &format!("  {}", style("best").green().bold());
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
