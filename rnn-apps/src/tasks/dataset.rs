//! Datasets by name: found, or downloaded with a progress bar.

use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use rnn_data::dataset::{Dataset, Progress};

use crate::context::Context;
use crate::ui::Output;

/// The folder that holds the dataset called `name`, which is downloaded if it is nowhere on this machine;
/// none without a name.
///
/// # Errors
///
/// If it is nowhere, and can't be downloaded.
pub fn folder(
    name: Option<&str>,
    context: &Context,
    out: &Output,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(name) = name else {
        return Ok(None);
    };
    let dataset = Dataset::named(name)?;
    let mut shown = Shown::new(*out);
    let folder = dataset.find_or_fetch(&context.datasets, &mut |progress| shown.show(progress));
    shown.bar.finish_and_clear();
    Ok(Some(folder?))
}

/// What a download shows: a bar on a terminal, a line per file elsewhere.
struct Shown {
    out: Output,
    bar: ProgressBar,
    is_terminal: bool,
}

impl Shown {
    fn new(out: Output) -> Self {
        let style =
            ProgressStyle::with_template("{msg}  {wide_bar}  {bytes} of {total_bytes}, {eta}");
        Self {
            out,
            // Drawn only once there is something to show.
            bar: ProgressBar::hidden()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, progress: Progress) {
        if self.out.is_quiet() {
            return;
        }
        match progress {
            Progress::Waiting { lock } => self.line(format!(
                "another process downloads it: waiting for {}",
                lock.display()
            )),
            Progress::Connecting { url, .. } => self.line(format!("downloading {url}")),
            Progress::Received { file, bytes, total } => {
                if self.is_terminal && self.bar.is_hidden() {
                    let target = indicatif::ProgressDrawTarget::stderr();
                    self.bar.set_draw_target(target);
                }
                self.bar.set_message(file.to_owned());
                self.bar.set_length(total.unwrap_or(bytes));
                self.bar.set_position(bytes);
            }
            Progress::Failed { url, error, .. } => self.line(format!("{url}: {error}")),
            _ => {}
        }
    }

    fn line(&self, text: String) {
        self.bar.suspend(|| eprintln!("{text}"));
    }
}
