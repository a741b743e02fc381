use anyhow::ensure;
use burn::module::Module;
use burn::tensor::activation::softmax;
use rnn_data::{Strokes, image_tensor, read_digit};
use rnn_train::RunDir;
use serde::Serialize;

use super::args::MnistPredictArgs;
use super::data::INK;
use super::model::{Settings, load, open};
use crate::context::Context;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::{Output, preview};

/// The number of rows and columns to which a picture is scaled.
const SIDE: usize = Strokes::SIDE;

/// A digit in MNIST's form.
type Digit = [u8; SIDE * SIDE];

#[derive(Serialize)]
struct Prediction {
    file: String,
    label: usize,
    probabilities: Vec<f32>,
}

#[derive(Serialize)]
struct Predictions {
    predictions: Vec<Prediction>,
}

pub fn run(context: &Context, args: &MnistPredictArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = open(&args.run.run)?;
    let (mut pictures, mut faults) = (Vec::new(), Vec::new());
    for path in &args.pictures {
        match read_digit(path) {
            Ok(digit) => pictures.push((path.display().to_string(), digit)),
            Err(error) => faults.push(anyhow::Error::from(error)),
        }
    }
    let (predictions, parameters) = predict(context, &run, &settings, &pictures, out)?;
    out.results(&PredictionResults {
        common: CommonResults::new(context, "predict", &run, &settings, parameters),
        predictions: Predictions { predictions },
    })?;
    // A picture that can't be read does not prevent the predictions for the others.
    let last = faults.pop();
    for fault in faults {
        eprintln!("error: {fault:#}");
    }
    last.map_or(Ok(()), Err)
}

/// Prints named digits and the predictions of the run at `path`.
pub fn show(
    context: &Context,
    path: &str,
    pictures: &[(String, Digit)],
    out: &mut Output,
) -> anyhow::Result<()> {
    let (run, settings) = open(path.as_ref())?;
    predict(context, &run, &settings, pictures, out)?;
    Ok(())
}

fn predict(
    context: &Context,
    run: &RunDir,
    settings: &Settings,
    pictures: &[(String, Digit)],
    out: &mut Output,
) -> anyhow::Result<(Vec<Prediction>, usize)> {
    ensure!(
        settings.model.own.input_size == SIDE,
        "{}: the model reads rows of {} pixels, but pictures are made into rows of {}",
        run.path().display(),
        settings.model.own.input_size,
        SIDE
    );
    let images: Vec<&[u8]> = pictures.iter().map(|(_, digit)| digit.as_slice()).collect();
    let (probabilities, parameters) = probabilities(context, run, settings, &images, out)?;
    if !pictures.is_empty() {
        out.line("What the network sees, cut out and centred, and what it reads:\n")?;
    }
    let mut predictions = Vec::new();
    for ((file, digit), probabilities) in pictures.iter().zip(probabilities) {
        if !predictions.is_empty() {
            out.line("")?;
        }
        for line in preview::text(&[digit.as_slice()], SIDE, INK, 0) {
            out.line(format_args!("   {line}"))?;
        }
        let mut ranked: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let candidates: Vec<String> = ranked
            .iter()
            .take(3)
            .map(|(label, p)| format!("{label} ({:.1} %)", 100.0 * p))
            .collect();
        out.line(format_args!("\n   {file}: {}", candidates.join(", then ")))?;
        predictions.push(Prediction {
            file: file.clone(),
            label: ranked.first().map_or(0, |(label, _)| *label),
            probabilities,
        });
    }
    Ok((predictions, parameters))
}

fn probabilities(
    context: &Context,
    run: &RunDir,
    settings: &Settings,
    images: &[&[u8]],
    out: &Output,
) -> anyhow::Result<(Vec<Vec<f32>>, usize)> {
    let model = load(run, settings, &context.device, out)?;
    let parameters = model.num_params();
    if images.is_empty() {
        return Ok((Vec::new(), parameters));
    }
    let images = image_tensor(images, SIDE, SIDE, &context.device);
    let probabilities = softmax(model.forward(images), 1).try_into_data()?;
    let flat: Vec<f32> = probabilities.iter().collect();
    let rows = flat.chunks(settings.model.own.num_classes);
    Ok((rows.map(<[f32]>::to_vec).collect(), parameters))
}
