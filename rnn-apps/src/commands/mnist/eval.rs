use burn::module::Module;
use rnn_data::ImageSet;
use rnn_model::{GruStep, LstmStep, RnnStep};
use rnn_train::{Evaluation, ImageLoader, RunDir, evaluate, fingerprint};

use super::settings::{Settings, Starting};
use super::train::EVAL_BATCH;
use super::{Session, load, verdict};
use crate::cli::{CellKind, MnistEvalArgs};
use crate::output::{Grouped, Output};

pub fn run(session: &Session, args: MnistEvalArgs, out: &mut Output) -> anyhow::Result<()> {
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

    let (evaluation, parameters) = match settings.model.cell {
        CellKind::Rnn => evaluate_cell::<RnnStep>(session, &run, &settings, &images.test)?,
        CellKind::Lstm => evaluate_cell::<LstmStep>(session, &run, &settings, &images.test)?,
        CellKind::Gru => evaluate_cell::<GruStep>(session, &run, &settings, &images.test)?,
    };
    let total = evaluation.predictions.len();
    verdict(out, evaluation.correct, total)?;
    out.results(&serde_json::json!({
        "command": "mnist eval",
        "run": run.path(),
        "seed": settings.seed,
        "device": session.device_name,
        "threads": session.threads,
        "parameters": parameters,
        "test_loss": evaluation.loss,
        "test_accuracy": evaluation.accuracy(),
        "correct": evaluation.correct,
        "total": total,
    }))
}

fn evaluate_cell<C: Starting>(
    session: &Session,
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
    let blank = settings.model.init::<C>(settings.recipe, &session.device);
    let model = run.load_model(blank)?;
    let evaluation = evaluate(&model, &ImageLoader::images(test, EVAL_BATCH))?;
    Ok((evaluation, model.num_params()))
}
