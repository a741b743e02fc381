use std::path::{Path, PathBuf};

use anyhow::ensure;
use burn::module::Module;
use rnn_data::{ImageSet, Mnist, contact_sheet};
use rnn_model::{GruStep, LstmStep, RnnStep};
use rnn_train::data::fingerprint;
use rnn_train::optim::Schedule;
use rnn_train::run::Picture;
use rnn_train::{Evaluation, FitConfig, ImageLoader, RunDir, Trainer, evaluate};
use serde::Serialize;

use super::settings::{ModelSettings, Settings, Starting, Training};
use super::{Context, load, verdict};
use crate::cli::{CellKind, Dataset, MnistTrainArgs, NUM_CLASSES, Nonlinearity, Recipe, RunArgs};
use crate::commands::report;
use crate::commands::session::{Resumed, Session, check_data, describe_fit, print_config};
use crate::output::{Grouped, Output, Seconds};
use crate::report::{Confusion, Mistakes};

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
    pub steps: usize,
    pub best_epoch: Option<usize>,
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
    if args.run.print_config {
        return print_config(context, &filled(args), out);
    }
    let results = match &args.run.resume {
        None => train(context, args, out)?,
        Some(folder) => {
            let resumed = Resumed::<Settings>::open(folder, "mnist", context, out)?;
            if resumed.is_finished(&args.run, out)? {
                return Ok(());
            }
            let moved = args.source.data.as_deref();
            let images = as_trained(&resumed.settings, moved, folder, out)?;
            train_as(context, resumed.settings, &images, &args.run, out)?
        }
    };
    out.line(format_args!(
        "\nNext: mnist predict --run {} PICTURE, with a digit that you have drawn",
        results.run
    ))?;
    out.results(&results)
}

/// Trains as `args` say, into a run folder.
pub fn train(context: &Context, args: MnistTrainArgs, out: &mut Output) -> anyhow::Result<Results> {
    let images = load(args.source.dataset, args.source.data.as_deref(), out)?;
    let images = limited(images, args.limit);
    let settings = resolve(context, &args, &images)?;
    train_as(context, settings, &images, &args.run, out)
}

/// The images that a run was begun with.
fn as_trained(
    settings: &Settings,
    moved: Option<&Path>,
    folder: &Path,
    out: &Output,
) -> anyhow::Result<Mnist> {
    let training = settings.training()?;
    let images = load(training.dataset, moved.or(training.data.as_deref()), out)?;
    let images = limited(images, training.limit);
    let (train, test) = (fingerprint(&images.train), fingerprint(&images.test));
    check_data(
        folder,
        "images to train",
        &training.train_fingerprint,
        &train,
    )?;
    check_data(folder, "images to test", &training.test_fingerprint, &test)?;
    Ok(images)
}

fn limited(images: Mnist, limit: Option<usize>) -> Mnist {
    match limit {
        Some(limit) => Mnist {
            train: images.train.take(limit),
            ..images
        },
        None => images,
    }
}

fn train_as(
    context: &Context,
    settings: Settings,
    images: &Mnist,
    args: &RunArgs,
    out: &mut Output,
) -> anyhow::Result<Results> {
    match settings.model.cell {
        CellKind::Rnn => train_cell::<RnnStep>(context, settings, images, args, out),
        CellKind::Lstm => train_cell::<LstmStep>(context, settings, images, args, out),
        CellKind::Gru => train_cell::<GruStep>(context, settings, images, args, out),
    }
}

fn train_cell<C: Starting>(
    context: &Context,
    settings: Settings,
    images: &Mnist,
    args: &RunArgs,
    out: &mut Output,
) -> anyhow::Result<Results> {
    let training = settings.training()?.clone();
    let (train_set, valid_set) = images.train.split_off(training.valid_split);
    ensure!(
        !train_set.is_empty(),
        "--valid-split {} leaves no images to train on",
        training.valid_split
    );
    ensure!(
        training.fit.patience.is_none() || !valid_set.is_empty(),
        "--valid-split {} leaves no images for --patience to judge by",
        training.valid_split
    );
    context.check_precision(training.fit.precision)?;
    context.device.seed(settings.seed);
    let model = settings.model.init::<C>(training.recipe, &context.device)?;
    let parameters = model.num_params();
    // Only now, when nothing can be refused any more: an empty folder is of no use.
    let mut session = Session::begin(args, "mnist", &settings)?;
    // From here on there is something to lose.
    let out = &mut out.even_unread();
    let sizes = [train_set.len(), valid_set.len(), images.test.len()];
    describe(out, context, &settings, images, sizes, parameters)?;
    let train_loader = ImageLoader::images(&train_set, training.batch_size).shuffled(settings.seed);
    describe_fit(
        out,
        &training.fit,
        training.batch_size,
        train_loader.num_batches(),
    )?;
    session.describe(out)?;

    let mut trainer = Trainer::new(training.fit);
    if !valid_set.is_empty() {
        trainer = trainer.with_validation(ImageLoader::images(&valid_set, EVAL_BATCH));
    }
    let fitted = session.fit(trainer, model, train_loader, out)?;
    let run = &session.run;
    run.save_model(&fitted.model)?;

    let test_loader = ImageLoader::images(&images.test, EVAL_BATCH);
    let test = evaluate(&fitted.model, &test_loader)?;
    let last = fitted.report();
    let results = Results {
        command: "mnist train",
        run: run.path().display().to_string(),
        seed: settings.seed,
        device: context.device_name.clone(),
        threads: context.threads,
        parameters,
        epochs: fitted.history.len(),
        steps: fitted.steps,
        best_epoch: fitted.best_epoch,
        seconds: fitted.seconds,
        step_seconds: fitted.step_seconds,
        train_loss: last.map_or(f64::NAN, |report| report.train_loss),
        valid_accuracy: last.and_then(|report| report.valid_metric("accuracy")),
        test_loss: test.loss,
        test_accuracy: test.accuracy(),
        correct: test.correct,
        total: test.predictions.len(),
    };
    out.line(format_args!("trained in {}\n", Seconds(results.seconds)))?;
    verdict(out, results.correct, results.total)?;
    match draw_predictions(run, &images.test, &test.predictions) {
        Ok(path) => out.line(format_args!("Some of them: {}", path.display()))?,
        // The results are worth more than their picture.
        Err(error) => out.warn(format_args!("no picture of the predictions: {error:#}")),
    }
    let confusion = Confusion {
        classes: (0..NUM_CLASSES).map(|class| class.to_string()).collect(),
        counts: rnn_train::metrics::Confusion::of(&test, NUM_CLASSES)
            .counts()
            .to_vec(),
    };
    let mistakes = draw_mistakes(&images.test, &test).unwrap_or_else(|error| {
        out.warn(format_args!("no picture of the mistakes: {error:#}"));
        None
    });
    report::write(run, &fitted, &results, confusion, mistakes, out)?;
    // Last: it is what says that the run is finished.
    run.write_metrics(&results)?;
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
    let shown = test.take(SHOWN);
    let sheet = contact_sheet(&shown, &predictions[..shown.len()], columns(test))?;
    Ok(run.write_picture(Picture::Predictions, &sheet)?)
}

/// Ten digits of MNIST in a row; fewer of what is wider.
fn columns(images: &ImageSet) -> usize {
    (280 / images.cols()).clamp(1, 10)
}

/// The test images that the model is most sure of and wrong about.
fn draw_mistakes(test: &ImageSet, result: &Evaluation) -> anyhow::Result<Option<Mistakes>> {
    const SHOWN: usize = 50;
    let mut wrong = result.mistakes();
    let total = wrong.len();
    wrong.truncate(SHOWN);
    let Some(&first) = wrong.first() else {
        return Ok(None);
    };
    let predictions: Vec<usize> = wrong
        .iter()
        .map(|&index| result.predictions[index])
        .collect();
    Ok(Some(Mistakes::Picture {
        png: contact_sheet(&test.select(&wrong), &predictions, columns(test))?,
        caption: format!(
            "The {} most confident of {total} mistakes, prediction ≠ label, the first with {:.1} % \
             confidence",
            wrong.len(),
            100.0 * result.confidences[first]
        ),
    }))
}

/// `args` with what depends on other flags, as it is when nothing else is said.
fn filled(mut args: MnistTrainArgs) -> MnistTrainArgs {
    if args.source.data.is_none() {
        args.source.dataset.get_or_insert(Dataset::Strokes);
    }
    let base = base(&args);
    args.fit.fill(&base);
    args
}

/// How a recipe trains.
fn base(args: &MnistTrainArgs) -> FitConfig {
    let tuned = args.recipe == Recipe::Tuned;
    FitConfig {
        learning_rate: args.recipe.learning_rate(args.cell),
        schedule: match tuned {
            true => Schedule::OneCycle,
            false => Schedule::Constant,
        },
        clip_norm: tuned.then_some(1.0),
        ..FitConfig::new(args.epochs)
    }
}

fn resolve(context: &Context, args: &MnistTrainArgs, images: &Mnist) -> anyhow::Result<Settings> {
    let dataset = match &args.source.data {
        Some(_) => None,
        None => Some(args.source.dataset.unwrap_or(Dataset::Strokes)),
    };
    let training = Training {
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
        fit: args.fit.config(FitConfig {
            seed: context.seed,
            ..base(args)
        }),
    };
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
    Ok(Settings {
        training: Some(training),
        checkpoint_every: args.run.checkpoint_every.unwrap_or_default(),
        ..Settings::new(context, "mnist", model)
    })
}

fn describe(
    out: &mut Output,
    context: &Context,
    settings: &Settings,
    images: &Mnist,
    [train_size, valid_size, test_size]: [usize; 3],
    parameters: usize,
) -> std::io::Result<()> {
    let (train, model) = (&images.train, &settings.model);
    let valid = match valid_size {
        0 => String::new(),
        size => format!("{} to validate on, ", Grouped(size)),
    };
    out.field(
        "images",
        format_args!(
            "{} to train on, {valid}{} to test on, {} rows of {} pixels",
            Grouped(train_size),
            Grouped(test_size),
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
    out.field("device", &context.device_name)
}
