use std::time::Instant;

use burn::module::Module;
use rnn_data::ImageSet;
use rnn_model::{GruStep, LstmStep, RnnStep};
use rnn_train::data::fingerprint;
use rnn_train::{Evaluation, ImageLoader, RunDir, evaluate};

use super::settings::{Settings, Starting};
use super::train::EVAL_BATCH;
use super::{Context, load, verdict};
use crate::cli::{CellKind, MnistEvalArgs};
use crate::commands::run;
use crate::output::{Grouped, Output};

pub fn run(context: &Context, args: MnistEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = run::open::<Settings>(&args.run, "mnist")?;
    let training = settings.training.as_ref();
    let images = match training {
        Some(training) if !args.source.is_given() => {
            load(training.dataset, training.data.as_deref(), out)?
        }
        None if !args.source.is_given() => anyhow::bail!(
            "{}: the weights were imported, so say on what to evaluate them: --data or --dataset",
            run.path().display()
        ),
        _ => load(args.source.dataset, args.source.data.as_deref(), out)?,
    };
    out.field("run", run.path().display())?;
    let known = training.map(|t| fingerprint(&images.test) == t.test_fingerprint);
    out.field(
        "images",
        format_args!(
            "{}{}\n",
            Grouped(images.test.len()),
            match known {
                Some(false) => ", not those that the training was tested on",
                _ => "",
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
        "epochs": training.map(|training| training.fit.epochs),
        "seconds": start.elapsed().as_secs_f64(),
        "data_as_trained": known,
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
    let model = settings.model.load::<C>(run, &context.device)?;
    let evaluation = evaluate(&model, &ImageLoader::images(test, EVAL_BATCH))?;
    Ok((evaluation, model.num_params()))
}
