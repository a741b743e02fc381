//! What an evaluation leaves as files: confusion matrix, scores per class, mistakes, predictions.

use std::path::Path;

use anyhow::Context as _;
use rnn_data::ImageSet;
use rnn_data::fs::write_file;
use rnn_train::Evaluation;
use rnn_train::metrics::Confusion;

use super::judge::draw_mistakes;
use super::model::ClassifierSettings;
use super::predictions::write_table;
use crate::report::{self, Mistakes};
use crate::ui::Output;

/// The confusion matrix with the names of the classes, as the report draws it.
pub fn confusion(model: &ClassifierSettings, evaluation: &Evaluation) -> report::Confusion {
    let confusion = Confusion::of(evaluation, model.num_classes);
    report::Confusion {
        classes: model.all_class_names(),
        counts: confusion.counts().to_vec(),
    }
}

/// Writes into `folder`, which is made if it is not there:
///
/// - `confusion.csv` and `confusion.svg`: how often each class was predicted as which
/// - `classes.csv`: precision, recall and F1 of each class
/// - `mistakes.png`: the most confident mistakes; none if there are no mistakes
pub fn write_files(
    folder: &Path,
    model: &ClassifierSettings,
    images: &ImageSet,
    evaluation: &Evaluation,
    out: &Output,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let confusion = confusion(model, evaluation);
    let mut files = vec![
        ("confusion.csv", confusion_table(&confusion)?),
        ("confusion.svg", confusion.svg()?.into_bytes()),
        ("classes.csv", class_table(model, evaluation)?),
    ];
    match draw_mistakes(images, evaluation) {
        Ok(Some(Mistakes::Picture { png, .. })) => files.push(("mistakes.png", png)),
        Ok(_) => {}
        Err(error) => out.warn(format_args!("no picture of the mistakes: {error:#}")),
    }
    for (name, bytes) in files {
        let path = folder.join(name);
        write_file(&path, &bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// A row per right class, a column per predicted one.
fn confusion_table(confusion: &report::Confusion) -> anyhow::Result<Vec<u8>> {
    let head = std::iter::once("right".to_owned()).chain(confusion.classes.iter().cloned());
    let rows = confusion.classes.iter().zip(&confusion.counts);
    let rows = rows.map(|(class, counts)| {
        let counts = counts.iter().map(usize::to_string);
        std::iter::once(class.clone()).chain(counts).collect()
    });
    write_table(std::iter::once(head.collect()).chain(rows))
}

fn class_table(model: &ClassifierSettings, evaluation: &Evaluation) -> anyhow::Result<Vec<u8>> {
    let head = ["class", "name", "images", "precision", "recall", "f1"].map(str::to_owned);
    let scores = Confusion::of(evaluation, model.num_classes).scores();
    // Empty where there is none.
    let number = |score: Option<f64>| score.map_or(String::new(), |score| format!("{score:.4}"));
    let rows = scores.iter().enumerate().map(|(class, score)| {
        vec![
            class.to_string(),
            model.class_name(class),
            score.right.to_string(),
            number(score.precision()),
            number(score.recall()),
            number(score.f1()),
        ]
    });
    write_table(std::iter::once(head.to_vec()).chain(rows))
}
