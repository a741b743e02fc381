use anyhow::{Context as _, ensure};
use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use rnn_data::Digit;
use rnn_data::fs::write_file;
use rnn_train::RunDir;
use serde::Serialize;

use super::args::MnistPredictArgs;
use super::data::{EVAL_BATCH, INK};
use super::explain;
use super::model::{ClassifierSettings, Model, load, open};
use super::pictures::{self, Image};
use super::predictions::{self, Prediction};
use crate::context::Context;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::{Output, preview};

/// The most images that are shown as text.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct Predictions {
    predictions: Vec<Prediction>,
}

pub fn run(context: &Context, args: &MnistPredictArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = open(&args.run.run)?;
    let (mut images, mut faults) = (Vec::new(), Vec::new());
    for path in &args.pictures {
        pictures::read(path, &mut images, &mut faults);
    }
    ensure!(
        args.explain.is_none() || images.len() + faults.len() == 1,
        "--explain: expected one image to draw what the network knows of, found {}",
        images.len() + faults.len()
    );
    let own = &settings.model.own;
    let (readable, others): (Vec<Image>, Vec<Image>) = images
        .into_iter()
        .partition(|image| is_readable(own, image));
    // One of each file is enough.
    for of_file in others.chunk_by(|a, b| a.file == b.file) {
        faults.push(unreadable(&run, own, &of_file[0]));
    }
    let images = readable;
    let model = load(&run, &settings, &context.device, out)?;
    let predicted = predict(&model, own, &images, &context.device)?;
    show(own, &images, &predicted, args.top, out)?;
    if let (Some(file), Some(image)) = (&args.explain, images.first()) {
        let svg = explain::picture(&model, own, image, &context.device)?.svg()?;
        write_file(file, svg.as_bytes()).with_context(|| file.display().to_string())?;
        out.line(format_args!("\nRow by row: {}", file.display()))?;
    }
    if let Some(file) = &args.predictions {
        predictions::write(file, &predicted).context("--predictions")?;
        out.line(format_args!("\nPredictions: {}", file.display()))?;
    }
    out.results(&PredictionResults {
        common: CommonResults::new(context, "predict", &run, &settings, model.num_params()),
        predictions: Predictions {
            predictions: predicted,
        },
    })?;
    // A picture that can't be read does not prevent the predictions for the others.
    let last = faults.pop();
    for fault in faults {
        eprintln!("error: {fault:#}");
    }
    last.map_or(Ok(()), Err)
}

/// Prints a digit and the predictions of the run at `path`.
pub fn show_digit(
    context: &Context,
    path: &str,
    (name, digit): (&str, Digit),
    out: &mut Output,
) -> anyhow::Result<()> {
    let (run, settings) = open(path.as_ref())?;
    let images = [Image::of_digit(name.to_owned(), digit)];
    let model = load(&run, &settings, &context.device, out)?;
    let predicted = predict(&model, &settings.model.own, &images, &context.device)?;
    show(&settings.model.own, &images, &predicted, 3, out)
}

/// Whether the model can read rows as long as the image's.
fn is_readable(model: &ClassifierSettings, image: &Image) -> bool {
    model.pixels || model.input_size == image.cols
}

fn unreadable(run: &RunDir, model: &ClassifierSettings, image: &Image) -> anyhow::Error {
    anyhow::anyhow!(
        "{}: the model reads rows of {} pixels, but {} {} of {}",
        run.path().display(),
        model.input_size,
        image.file,
        match image.number {
            None => "is made into rows",
            Some(_) => "has rows",
        },
        image.cols
    )
}

/// Names the images, in batches of those of one size.
fn predict(
    model: &Model,
    own: &ClassifierSettings,
    images: &[Image],
    device: &Device,
) -> anyhow::Result<Vec<Prediction>> {
    let size = |image: &Image| (image.rows(), image.cols);
    let mut predictions = Vec::with_capacity(images.len());
    for of_one_size in images.chunk_by(|a, b| size(a) == size(b)) {
        for batch in of_one_size.chunks(EVAL_BATCH) {
            let (rows, cols) = size(&batch[0]);
            let pixels: Vec<&[u8]> = batch.iter().map(|image| image.pixels.as_slice()).collect();
            let sequences = own.reading().tensor(&pixels, rows, cols, device);
            let probabilities = softmax(model.forward(sequences), 1).try_into_data()?;
            let flat: Vec<f32> = probabilities.iter().collect();
            let rows = batch.iter().zip(flat.chunks(own.num_classes));
            predictions.extend(rows.map(|(image, row)| prediction(own, image, row)));
        }
    }
    Ok(predictions)
}

fn prediction(model: &ClassifierSettings, image: &Image, probabilities: &[f32]) -> Prediction {
    let label = ranked(probabilities).first().map_or(0, |(label, _)| *label);
    Prediction {
        file: Some(image.file.clone()),
        image: image.number,
        label,
        name: model.class_name(label),
        expected: None,
        warning: image.warning.clone(),
        confidence: probabilities.get(label).copied().unwrap_or(f32::NAN),
        probabilities: probabilities.to_vec(),
    }
}

/// The classes with their probabilities, the likeliest first.
fn ranked(probabilities: &[f32]) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

/// Prints what the network reads, of the first images, and its `top` likeliest classes for each.
fn show(
    model: &ClassifierSettings,
    images: &[Image],
    predictions: &[Prediction],
    top: usize,
    out: &mut Output,
) -> anyhow::Result<()> {
    if !images.is_empty() {
        let what = match images.iter().any(|image| image.number.is_none()) {
            true => "What the network sees, cut out and centred, and what it reads:\n",
            false => "What the network sees, and what it reads:\n",
        };
        out.line(what)?;
    }
    for (number, (image, prediction)) in images.iter().zip(predictions).enumerate() {
        if number < SHOWN {
            if number > 0 {
                out.line("")?;
            }
            for line in preview::text(&[image.pixels.as_slice()], image.cols, INK, 0) {
                out.line(format_args!("   {line}"))?;
            }
            out.line("")?;
        }
        let candidates: Vec<String> = ranked(&prediction.probabilities)
            .iter()
            .take(top)
            .map(|&(label, p)| format!("{} ({:.1} %)", model.class_name(label), 100.0 * p))
            .collect();
        let title = image.title();
        out.line(format_args!("   {title}: {}", candidates.join(", then ")))?;
        if let Some(warning) = &image.warning {
            out.warn(format_args!("{title}: {warning}"));
        }
    }
    Ok(())
}
