use std::time::Instant;

use burn::module::Module;
use rnn_train::Evaluation;
use rnn_train::data::fingerprint;

use super::args::MnistEvalArgs;
use super::model::{ClassifierSettings, load, open};
use super::predictions::{self, Prediction};
use super::{data, evaluation, judge};
use crate::context::Context;
use crate::tasks::recurrent::CellKind;
use crate::tasks::results::{CommonResults, EvaluationResults, check_accuracy, epochs_of};
use crate::ui::{Grouped, Output};

pub fn run(context: &Context, args: &MnistEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = open(&args.run.run)?;
    let training = settings.training.as_ref();
    let given = args.source.is_given().then(|| args.source.clone());
    let source = settings.evaluated_on(given, |t| t.source(), &run, "--data or --dataset")?;
    let images = data::open_test(&source, context, out)?;
    out.field("run", run.path().display())?;
    let data_as_trained = training.map(|t| fingerprint(&images) == t.test_fingerprint);
    let count = Grouped(images.len());
    out.field(
        "images",
        match data_as_trained {
            Some(false) => format!("{count}, not those that the training was tested on\n"),
            _ => format!("{count}\n"),
        },
    )?;
    settings.model.check_images(&images, &run)?;

    let start = Instant::now();
    let model = load(&run, &settings, &context.device, out)?;
    let mut own = settings.model.own.clone();
    // Runs of before have none, and an import need not.
    own.class_names = own.class_names.or_else(|| data::class_names(&images));
    let own = &own;
    let (score, found) = judge::test(&model, own, &images, None, out)?;
    let seconds = start.elapsed().as_secs_f64();
    if settings.imported.is_some() && is_poor(own, score.test_accuracy) {
        out.warn(what_to_look_at(own));
    }
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => run.path().join("evaluation"),
    };
    let mut faults = Vec::new();
    match evaluation::write_files(&folder, own, &images, &found, out) {
        Ok(()) => out.line(format_args!(
            "Confusion matrix, scores per class, mistakes: {}",
            folder.display()
        ))?,
        Err(error) if args.out.is_some() => faults.push(error.context("--out")),
        // The run's folder may be another's.
        Err(error) => out.warn(format_args!("no files of the evaluation: {error:#}")),
    }
    if let Some(file) = &args.predictions {
        match predictions::write(file, &predicted(own, &found)) {
            Ok(()) => out.line(format_args!("Predictions: {}", file.display()))?,
            Err(error) => faults.push(error.context("--predictions")),
        }
    }
    let accuracy = score.test_accuracy;
    out.results(&EvaluationResults {
        common: CommonResults::new(context, "eval", &run, &settings, model.num_params()),
        epochs: training.map(|t| epochs_of(&t.fit, &run)).transpose()?,
        seconds,
        data_as_trained,
        score,
    })?;
    // The results are printed first, which a file that can't be written must not lose.
    faults.into_iter().next().map_or(Ok(()), Err)?;
    check_accuracy(accuracy, args.min_accuracy)
}

fn predicted(model: &ClassifierSettings, found: &Evaluation) -> Vec<Prediction> {
    let of = |(image, &label): (usize, &usize)| Prediction {
        file: None,
        image: Some(image),
        label,
        name: model.class_name(label),
        expected: Some(found.targets[image]),
        confidence: found.confidences[image],
        warning: None,
        probabilities: Vec::new(),
    };
    found.predictions.iter().enumerate().map(of).collect()
}

/// Whether a network is nearer to guessing than to what trained ones reach.
fn is_poor(model: &ClassifierSettings, accuracy: f64) -> bool {
    let chance = 1.0 / model.num_classes as f64;
    accuracy < chance + 0.4 * (1.0 - chance)
}

/// What is likely to be wrong with such a network that was imported.
fn what_to_look_at(model: &ClassifierSettings) -> String {
    let normalize = match model.normalize {
        None => {
            "if it was trained with transforms.Normalize(mean, std), the description needs \
             \"normalize\": [mean, std], such as [0.1307, 0.3081]"
        }
        Some(_) => "\"normalize\" in the description may be another than in training",
    };
    let mut checks = vec![normalize];
    if model.cell == CellKind::Rnn {
        checks.push("\"nonlinearity\" may be the other one, tanh or relu");
    }
    checks.push("\"head\" of a network in both directions may be the other one");
    checks.push("the images may be read in another order (columns, pixels) or be inverted");
    format!(
        "the imported network does not do what it was trained for (chance level is 1 of {}): {}",
        model.num_classes,
        checks.join("; ")
    )
}
