use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use burn::module::Module;
use rnn_data::{ImageSet, Mnist, contact_sheet};
use rnn_model::{GruStep, LstmStep, RnnStep};
use rnn_train::{FitConfig, ImageLoader, RunDir, Schedule, Trainer, evaluate, fingerprint};
use serde::Serialize;

use super::settings::{ModelSettings, Settings, Starting, Training};
use super::{Context, load, verdict};
use crate::cli::{CellKind, Dataset, MnistTrainArgs, NUM_CLASSES, Nonlinearity, Recipe};
use crate::commands::run;
use crate::output::{Grouped, Output, Seconds};
use crate::progress::Progress;

/// Images per batch where nothing is learnt.
pub(super) const EVAL_BATCH: usize = 256;

/// What a training came to.
#[derive(Debug, Serialize)]
pub struct Results {
    pub command: &'static str,
    pub run: String,
    pub seed: u64,
    pub device: String,
    pub threads: usize,
    pub parameters: usize,
    pub epochs: usize,
    pub seconds: f64,
    pub step_seconds: f64,
    pub train_loss: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_accuracy: Option<f64>,
    pub test_loss: f64,
    pub test_accuracy: f64,
    pub correct: usize,
    pub total: usize,
}

pub fn run(context: &Context, args: MnistTrainArgs, out: &mut Output) -> anyhow::Result<()> {
    let results = train(context, args, out)?;
    out.line(format_args!(
        "\nNext: mnist predict --run {} PICTURE, with a digit that you have drawn",
        results.run
    ))?;
    out.results(&results)
}

/// Trains as `args` say, into a run folder.
pub fn train(context: &Context, args: MnistTrainArgs, out: &mut Output) -> anyhow::Result<Results> {
    match args.cell {
        CellKind::Rnn => train_cell::<RnnStep>(context, args, out),
        CellKind::Lstm => train_cell::<LstmStep>(context, args, out),
        CellKind::Gru => train_cell::<GruStep>(context, args, out),
    }
}

fn train_cell<C: Starting>(
    context: &Context,
    args: MnistTrainArgs,
    out: &mut Output,
) -> anyhow::Result<Results> {
    let mut images = load(args.source.dataset, args.source.data.as_deref())?;
    if let Some(limit) = args.limit {
        images.train = images.train.take(limit);
    }
    let training = resolve(context, &args, &images)?;
    let model = ModelSettings {
        cell: args.cell,
        nonlinearity: Nonlinearity::default(),
        input_size: images.train.cols(),
        hidden_size: args.hidden_size,
        proj_size: None,
        num_layers: args.num_layers,
        bias: true,
        bidirectional: args.bidirectional,
        dropout: args.dropout,
        num_classes: NUM_CLASSES,
    };
    let settings = Settings {
        training: Some(training.clone()),
        ..Settings::new(context, "mnist", model)
    };
    let (train_set, valid_set) = images.train.split_off(args.valid_split);
    ensure!(
        !train_set.is_empty(),
        "--valid-split {} leaves no images to train on",
        args.valid_split
    );

    let named = || format!("--device {}", context.device_name);
    args.precision.check(&context.device).with_context(named)?;
    context.device.seed(context.seed);
    let model = settings.model.init::<C>(training.recipe, &context.device)?;
    let parameters = model.num_params();
    // Only now, when nothing can be refused any more: an empty folder is of no use.
    let run = run::create(args.run.as_deref(), "mnist", &settings)?;
    // From here on there is something to lose.
    let out = &mut out.even_unread();
    describe(out, &settings, &images, parameters, &run)?;

    let mut trainer = Trainer::new(training.fit)
        .with_checkpoints(run.checkpoints())
        .with_observer(Progress::new(*out, args.epochs, Some(run.clone())));
    if !valid_set.is_empty() {
        trainer = trainer.with_validation(ImageLoader::images(&valid_set, EVAL_BATCH));
    }
    let train_loader = ImageLoader::images(&train_set, args.batch_size).shuffled(context.seed);
    let fitted = trainer.fit(model, train_loader)?;
    run.save_model(&fitted.model)?;

    let test = evaluate(
        &fitted.model,
        &ImageLoader::images(&images.test, EVAL_BATCH),
    )?;
    let last = fitted.history.last();
    let results = Results {
        command: "mnist train",
        run: run.path().display().to_string(),
        seed: context.seed,
        device: context.device_name.clone(),
        threads: context.threads,
        parameters,
        epochs: args.epochs,
        seconds: fitted.seconds,
        step_seconds: fitted.step_seconds,
        train_loss: last.map_or(f64::NAN, |report| report.train_loss),
        valid_accuracy: last.and_then(|report| report.valid_accuracy),
        test_loss: test.loss,
        test_accuracy: test.accuracy(),
        correct: test.correct,
        total: test.predictions.len(),
    };
    run.write_metrics(&results)?;
    out.line(format_args!("trained in {}\n", Seconds(results.seconds)))?;
    verdict(out, results.correct, results.total)?;
    match draw_predictions(&run, &images.test, &test.predictions) {
        Ok(path) => out.line(format_args!("Some of them: {}", path.display()))?,
        // The results are worth more than their picture.
        Err(error) => eprintln!("warning: no picture of the predictions: {error:#}"),
    }
    Ok(results)
}

/// Draws the first test images with what was predicted for them.
fn draw_predictions(
    run: &RunDir,
    test: &ImageSet,
    predictions: &[usize],
) -> anyhow::Result<PathBuf> {
    /// Enough for an impression.
    const SHOWN: usize = 100;
    /// Ten digits of MNIST in a row; fewer of what is wider.
    const COLUMNS: usize = 280;
    let shown = test.take(SHOWN);
    let columns = (COLUMNS / shown.cols()).clamp(1, 10);
    let sheet = contact_sheet(&shown, &predictions[..shown.len()], columns)?;
    Ok(run.write_predictions(&sheet)?)
}

fn resolve(context: &Context, args: &MnistTrainArgs, images: &Mnist) -> anyhow::Result<Training> {
    let tuned = args.recipe == Recipe::Tuned;
    let dataset = match &args.source.data {
        Some(_) => None,
        None => Some(args.source.dataset.unwrap_or(Dataset::Strokes)),
    };
    Ok(Training {
        dataset,
        // Absolute, since `eval` may be called from elsewhere.
        data: args
            .source
            .data
            .as_deref()
            .map(std::path::absolute)
            .transpose()?,
        limit: args.limit,
        valid_split: args.valid_split,
        train_fingerprint: fingerprint(&images.train),
        test_fingerprint: fingerprint(&images.test),
        recipe: args.recipe,
        batch_size: args.batch_size,
        fit: FitConfig {
            learning_rate: args
                .learning_rate
                .unwrap_or_else(|| args.recipe.learning_rate(args.cell)),
            schedule: if tuned {
                Schedule::OneCycle
            } else {
                Schedule::Constant
            },
            clip_norm: args.clip_norm.or(tuned.then_some(1.0)),
            precision: args.precision,
            seed: context.seed,
            ..FitConfig::new(args.epochs)
        },
    })
}

fn describe(
    out: &mut Output,
    settings: &Settings,
    images: &Mnist,
    parameters: usize,
    run: &RunDir,
) -> anyhow::Result<()> {
    let (train, model) = (&images.train, &settings.model);
    out.field(
        "images",
        format_args!(
            "{} to train on, {} to test on, {} rows of {} pixels",
            Grouped(train.len()),
            Grouped(images.test.len()),
            train.rows(),
            train.cols()
        ),
    )?;
    out.field(
        "model",
        format_args!(
            "{}, {} × {} hidden units{}, {} parameters",
            model.cell.name(),
            model.num_layers,
            model.hidden_size,
            if model.bidirectional {
                " in both directions"
            } else {
                ""
            },
            Grouped(parameters)
        ),
    )?;
    out.field("device", &settings.device)?;
    out.field("run", format_args!("{}\n", run.path().display()))?;
    Ok(())
}
