//! The notebook's last section: images read row by row.

mod eval;
mod predict;
pub mod settings;
mod train;

use rnn_data::{Mnist, Strokes, find_dataset};
use std::path::Path;

use super::Context;
use crate::cli::{Dataset, MnistCommand};
use crate::output::Output;
use crate::preview;
use crate::progress::waiting;

pub use predict::show as predict;
pub use train::{Results, train};

/// How many digits `strokes` has to train and to test on, and what they are drawn from: the same
/// for every run, whatever its seed, so that runs can be compared.
const STROKES: (usize, usize) = (8_000, 2_000);
const STROKES_SEED: u64 = 42;

pub fn run(context: &Context, command: MnistCommand, out: &mut Output) -> anyhow::Result<()> {
    match command {
        MnistCommand::Train(args) => train::run(context, *args, out),
        MnistCommand::Eval(args) => eval::run(context, args, out),
        MnistCommand::Predict(args) => predict::run(context, &args, out),
    }
}

/// The images of a folder, or else of a dataset by name.
fn load(dataset: Option<Dataset>, data: Option<&Path>, out: &Output) -> anyhow::Result<Mnist> {
    waiting(out, "reading the images".to_owned(), || read(dataset, data))
}

fn read(dataset: Option<Dataset>, data: Option<&Path>) -> anyhow::Result<Mnist> {
    let images = match (data, dataset) {
        (Some(folder), _) => Mnist::open(folder)?,
        (None, Some(Dataset::Mnist)) => Mnist::open(find_dataset("mnist")?)?,
        (None, Some(Dataset::FashionMnist)) => Mnist::open(find_dataset("fashion-mnist")?)?,
        (None, Some(Dataset::Strokes) | None) => {
            Strokes::new(STROKES_SEED).mnist(STROKES.0, STROKES.1)?
        }
    };
    Ok(images)
}

/// Three drawn digits as text, which is as many as fit a terminal.
pub fn show_digits(out: &mut Output) -> anyhow::Result<()> {
    let digits = Strokes::new(STROKES_SEED).generate(100)?;
    let samples: Vec<&[u8]> = [2, 3, 5]
        .into_iter()
        .filter_map(|class| digits.iter().find(|(_, label)| *label == class))
        .map(|(image, _)| image)
        .collect();
    for line in preview::text(&samples, digits.cols(), INK, 4) {
        out.line(format_args!("   {line}"))?;
    }
    out.line("")?;
    Ok(())
}

/// What is shown as ink of a grey value.
const INK: u8 = 96;

/// The notebook's last words.
fn verdict(out: &mut Output, correct: usize, total: usize) -> std::io::Result<()> {
    let percent = 100.0 * correct as f64 / total as f64;
    out.line(format_args!("Accuracy of the model is {percent:.2} %"))?;
    out.line(format_args!(
        "Out of {total} images {correct} were correctly classified"
    ))
}
