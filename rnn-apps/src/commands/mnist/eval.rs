use std::time::Instant;

use anyhow::Context as _;
use burn::module::Module;
use rnn_data::ImageSet;
use rnn_model::{GruStep, LstmStep, RnnStep};
use rnn_train::{Evaluation, ImageLoader, RunDir, evaluate, fingerprint};

use super::settings::{Settings, Starting};
use super::train::EVAL_BATCH;
use super::{Context, load, verdict};
use crate::cli::{CellKind, MnistEvalArgs, Recipe};
use crate::output::{Grouped, Output};

pub fn run(context: &Context, args: MnistEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let settings: Settings = run.read_config()?;
    let images = if args.source.is_given() {
        load(args.source.dataset, args.source.data.as_deref())?
    } else {
        load(settings.dataset, settings.data.as_deref())?
    };
    out.field("run", run.path().display())?;
    let known = fingerprint(&images.test) == settings.test_fingerprint;
    out.field(
        "images",
        format_args!(
            "{}{}\n",
            Grouped(images.test.len()),
            if known {
                ""
            } else {
                ", not those that the training was tested on"
            }
        ),
    )?;

    let start = Instant::now();
    let (evaluation, parameters) = match settings.model.cell {
        CellKind::Rnn => evaluate_cell::<RnnStep>(context, &run, &settings, &images.test)?,
        CellKind::Lstm => evaluate_cell::<LstmStep>(context, &run, &settings, &images.test)?,
        CellKind::Gru => evaluate_cell::<GruStep>(context, &run, &settings, &images.test)?,
    };
    let total = evaluation.predictions.len();
    verdict(out, evaluation.correct, total)?;
    out.results(&serde_json::json!({
        "command": "mnist eval",
        "run": run.path().display().to_string(),
        "seed": settings.seed,
        "device": context.device_name,
        "threads": context.threads,
        "parameters": parameters,
        "epochs": settings.fit.epochs,
        "seconds": start.elapsed().as_secs_f64(),
        "test_data_as_trained": known,
        "test_loss": evaluation.loss,
        "test_accuracy": evaluation.accuracy(),
        "correct": evaluation.correct,
        "total": total,
    }))
}

fn evaluate_cell<C: Starting>(
    context: &Context,
    run: &RunDir,
    settings: &Settings,
    test: &ImageSet,
) -> anyhow::Result<(Evaluation, usize)> {
    anyhow::ensure!(
        test.cols() == settings.model.input_size,
        "{}: the model reads rows of {} pixels, but the images have rows of {}",
        run.path().display(),
        settings.model.input_size,
        test.cols()
    );
    // The recipe without orthogonal weights, which would take time to make and be replaced.
    let blank = settings
        .model
        .init::<C>(Recipe::Notebook, &context.device)
        .with_context(|| format!("{}: no model", run.path().display()))?;
    let model = run.load_model(blank)?;
    let evaluation = evaluate(&model, &ImageLoader::images(test, EVAL_BATCH))?;
    Ok((evaluation, model.num_params()))
}
