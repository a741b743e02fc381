//! Shows a training while it runs: a bar on a terminal, plain lines elsewhere, and a line per report.

mod lines;
mod samples;

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use rnn_train::progress::{EpochReport, Observer, StartReport, StepReport};

use super::line::width;
use super::{Grouped, Loss, Output};
pub use lines::{Measure, report_line};
use lines::{Seen, report_pieces, step_pieces};
pub use samples::Samples;

/// How often the bar's text changes.
const TEXT_EVERY: Duration = Duration::from_millis(100);
/// How often a line is printed where there is no terminal for the bar.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// An observer that prints the progress of a training.
pub struct Progress {
    out: Output,
    has_new_weights: bool,
    measure: Measure,
    /// The cross entropy at chance level, ln C for C classes; `None` without classes.
    chance_level: Option<f64>,
    /// Whether standard error, where the bar is drawn, is a terminal.
    is_terminal: bool,
    stretch: Option<Stretch>,
}

/// The columns that the bar itself has.
const BAR: usize = 16;
/// In a terminal of less than 110 columns.
const SHORT_BAR: usize = 8;

/// The current epoch, or the steps up to the next report.
struct Stretch {
    bar: ProgressBar,
    start: Instant,
    /// When progress was last printed.
    last_shown: Instant,
    /// Since its first step.
    seen: Seen,
    /// The epoch of the last step, and the items of it that were done then.
    last: (usize, usize),
}

impl Progress {
    /// `has_new_weights` tells that the training starts from newly drawn ones.
    pub fn new(out: Output, has_new_weights: bool) -> Self {
        Self {
            out,
            has_new_weights,
            measure: Measure::Epochs(0),
            chance_level: None,
            is_terminal: io::stderr().is_terminal(),
            stretch: None,
        }
    }

    fn begin(&self, report: &StepReport) -> Stretch {
        // One bar over all steps, since a stretch of them may be short; or one over each epoch.
        let (place, length, done) = match self.measure {
            Measure::Epochs(_) => ("{prefix}", report.total_items, 0),
            Measure::Steps(_) => ("step {pos}/{len}", report.total_steps, report.step),
        };
        let bar = match self.out.is_quiet() || !self.is_terminal {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(length as u64).with_position(done as u64),
        };
        let length = bar_length(width(&Term::stderr()).unwrap_or(0));
        let style = format!("{place} {{bar:{length}}} {{percent:>3}} %  {{wide_msg}}");
        let style = ProgressStyle::with_template(&style);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let prefix = self.measure.place(report);
        let now = Instant::now();
        Stretch {
            bar: bar.with_style(style).with_prefix(prefix),
            start: now,
            last_shown: now,
            seen: Seen::default(),
            last: (report.epoch, report.items),
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
        self.measure = match report.counts_steps {
            true => Measure::Steps(Some(report.total_steps)),
            false => Measure::Epochs(report.epochs),
        };
    }

    fn step(&mut self, report: &StepReport) {
        self.chance_level = report.num_classes.map(|classes| (classes as f64).ln());
        if report.step == 1 && self.has_new_weights {
            self.check_first_loss(report);
        }
        let Some(stretch) = &mut self.stretch else {
            self.stretch = Some(self.begin(report));
            return;
        };
        stretch.add(report);
        stretch.bar.set_position(match self.measure {
            Measure::Epochs(_) => report.items as u64,
            Measure::Steps(_) => report.step as u64,
        });
        let every = if self.is_terminal {
            TEXT_EVERY
        } else {
            LINE_EVERY
        };
        if stretch.last_shown.elapsed() < every {
            return;
        }
        stretch.last_shown = Instant::now();
        stretch.seen.seconds = stretch.start.elapsed().as_secs_f64();
        let text = step_pieces(report, self.measure, &stretch.seen);
        let place = self.measure.place(report);
        if self.is_terminal {
            let columns = width(&Term::stderr());
            let room = columns.map(|columns| room_beside_bar(columns, &place));
            stretch.bar.set_message(text.within(room));
        } else {
            let items = match self.measure {
                Measure::Epochs(_) => {
                    let (done, all) = (Grouped(report.items), Grouped(report.total_items));
                    format!("{done} of {all}   ")
                }
                Measure::Steps(_) => String::new(),
            };
            // A closed pipe must not stop the training, which still has its weights to save.
            let _ = self
                .out
                .line(format_args!("{place}   {items}{}", text.within(None)));
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.stretch = None;
        if let Some(chance) = self.chance_level
            && report.train_loss > 2.0 * chance
        {
            self.out.warn(format_args!(
                "the loss is {}, chance level {chance:.2}: try a smaller learning rate",
                Loss(report.train_loss),
            ));
        }
        let line = report_pieces(report, self.measure);
        let _ = self.out.line(line.within(width(&Term::stdout())));
    }
}

/// Removes the bar even if an error ends the training within it.
impl Drop for Stretch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Stretch {
    /// Takes a step into account, which follows the one it was begun with.
    fn add(&mut self, report: &StepReport) {
        let (epoch, items) = self.last;
        let before = if report.epoch == epoch { items } else { 0 };
        self.last = (report.epoch, report.items);
        self.seen.steps += 1.0;
        self.seen.items += (report.items - before) as f64;
        self.seen.predictions += report.predictions as f64;
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
