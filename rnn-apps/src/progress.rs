//! Shows a training while it runs: a bar on a terminal, and a line per epoch.

use indicatif::{ProgressBar, ProgressStyle};
use rnn_train::{EpochReport, Observer, RunDir, StepReport};

use crate::output::{Output, Seconds};

/// Watches a training for a person, and keeps the run's history.
pub struct Progress {
    out: Output,
    run: Option<RunDir>,
    epochs: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `run` is where the history goes, if anywhere.
    pub fn new(out: Output, epochs: usize, run: Option<RunDir>) -> Self {
        Self {
            out,
            run,
            epochs,
            bar: None,
        }
    }

    fn start_bar(&self, total_items: usize) -> ProgressBar {
        if self.out.is_quiet() {
            return ProgressBar::hidden();
        }
        // On standard error, and nothing at all where that is no terminal.
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(total_items as u64).with_style(style)
    }
}

impl Observer for Progress {
    fn step(&mut self, report: &StepReport) {
        let bar = match self.bar.take() {
            Some(bar) => bar,
            None => self
                .start_bar(report.total_items)
                .with_prefix(format!("epoch {}/{}", report.epoch, report.epochs)),
        };
        bar.set_position(report.items as u64);
        self.bar = Some(bar);
    }

    fn epoch(&mut self, report: &EpochReport) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if let Some(run) = &self.run
            && let Err(error) = run.append_history(report)
        {
            // The training is worth more than its history.
            eprintln!("warning: {error}");
        }
        // If nobody reads, the training still goes on to save its weights.
        let _ = self.out.line(epoch_line(report, self.epochs));
    }
}

/// What an epoch came to, of so many.
pub fn epoch_line(report: &EpochReport, epochs: usize) -> String {
    let valid = match (report.valid_loss, report.valid_accuracy) {
        (Some(loss), Some(accuracy)) => format!(
            "   valid loss {}  {:.2} %",
            loss_text(loss),
            100.0 * accuracy
        ),
        _ => String::new(),
    };
    format!(
        "epoch {:>2}/{epochs}   train loss {}  {:.2} % right{valid}   {}",
        report.epoch,
        loss_text(report.train_loss),
        100.0 * report.train_accuracy,
        Seconds(report.seconds),
    )
}

fn loss_text(loss: f64) -> String {
    if loss < 1e4 {
        format!("{loss:.4}")
    } else {
        format!("{loss:.1e}")
    }
}
