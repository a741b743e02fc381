use std::path::PathBuf;

use rnn_data::{ImageSet, contact_sheet};
use rnn_model::{AnyRecurrent, Classifier};
use rnn_train::objective::ACCURACY;
use rnn_train::run::Picture;
use rnn_train::{Evaluation, ImageLoader, RunDir, evaluate};
use serde::Serialize;

use super::data::{EVAL_BATCH, Images};
use super::evaluation;
use super::model::ClassifierSettings;
use crate::report::Mistakes;
use crate::tasks::task::{Judgement, Trained};
use crate::ui::Output;

/// The evaluation results of a classifier.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Only after a training with validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_accuracy: Option<f64>,
    pub test_loss: f64,
    pub test_accuracy: f64,
    pub correct: usize,
    pub total: usize,
}

impl Score {
    fn of(test: &Evaluation, valid_accuracy: Option<f64>) -> Self {
        Self {
            valid_accuracy,
            test_loss: test.loss,
            test_accuracy: test.accuracy(),
            correct: test.correct,
            total: test.predictions.len(),
        }
    }

    /// Prints the accuracy in the notebook's words.
    fn print(&self, out: &mut Output) -> std::io::Result<()> {
        let percent = 100.0 * self.correct as f64 / self.total as f64;
        out.line(format_args!("Accuracy of the model is {percent:.2} %"))?;
        out.line(format_args!(
            "Out of {} images {} were correctly classified",
            self.total, self.correct
        ))
    }
}

/// Evaluates a model on test images, and prints the score.
pub fn test(
    model: &Classifier<AnyRecurrent>,
    settings: &ClassifierSettings,
    images: &ImageSet,
    valid_accuracy: Option<f64>,
    out: &mut Output,
) -> anyhow::Result<(Score, Evaluation)> {
    let evaluation = evaluate(
        model,
        &ImageLoader::images_read(images, settings.reading(), EVAL_BATCH),
    )?;
    let score = Score::of(&evaluation, valid_accuracy);
    score.print(out)?;
    Ok((score, evaluation))
}

/// Evaluates a trained model, and draws predictions, mistakes and the confusion matrix.
pub fn judge(
    settings: &ClassifierSettings,
    trained: Trained<Classifier<AnyRecurrent>>,
    images: &Images,
    run: &RunDir,
    out: &mut Output,
) -> anyhow::Result<Judgement<Score>> {
    let valid_accuracy = trained
        .epoch
        .and_then(|report| report.valid_metric(ACCURACY));
    let (score, evaluation) = test(trained.model, settings, &images.test, valid_accuracy, out)?;
    match draw_predictions(run, &images.test, &evaluation.predictions) {
        Ok(path) => out.line(format_args!("Some of them: {}", path.display()))?,
        // A failure to draw must not lose the results.
        Err(error) => out.warn(format_args!("no picture of the predictions: {error:#}")),
    }
    let mistakes = draw_mistakes(&images.test, &evaluation).unwrap_or_else(|error| {
        out.warn(format_args!("no picture of the mistakes: {error:#}"));
        None
    });
    Ok(Judgement {
        score,
        confusion: Some(evaluation::confusion(settings, &evaluation)),
        mistakes,
    })
}

/// Writes a picture of the first test images with their predictions.
fn draw_predictions(
    run: &RunDir,
    test: &ImageSet,
    predictions: &[usize],
) -> anyhow::Result<PathBuf> {
    /// Number of images in the picture.
    const SHOWN: usize = 100;
    let shown = test.take(SHOWN);
    let sheet = contact_sheet(&shown, &predictions[..shown.len()], columns(test))?;
    Ok(run.write_picture(Picture::Predictions, &sheet)?)
}

/// The number of images per row: ten of MNIST's width, fewer of wider ones.
fn columns(images: &ImageSet) -> usize {
    (280 / images.cols()).clamp(1, 10)
}

/// A picture of the wrongly classified test images with the highest confidence.
pub fn draw_mistakes(test: &ImageSet, result: &Evaluation) -> anyhow::Result<Option<Mistakes>> {
    const SHOWN: usize = 50;
    let mut wrong = result.mistakes();
    let total = wrong.len();
    // Of tall images as many as a sheet of 8192 pixels has room for: each is enlarged twice, with a caption.
    let rows = 8_000 / (2 * test.rows() + 30);
    wrong.truncate(SHOWN.min(columns(test) * rows.max(1)));
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
