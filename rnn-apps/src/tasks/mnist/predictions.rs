//! Predictions as a file: CSV or JSON lines, as its name says.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rnn_data::fs::write_file;
use serde::Serialize;

/// What is predicted for an image.
#[derive(Clone, Debug, Serialize)]
pub struct Prediction {
    /// The file that it was read from; none of a data set's image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which of the file's images, or of the data set's, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<usize>,
    pub label: usize,
    /// What the label is called.
    pub name: String,
    /// The right label, of an image that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<usize>,
    /// Of the label, 0 to 1.
    pub confidence: f32,
    /// What may be wrong with the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Of all classes; empty where only the likeliest was kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<f32>,
}

/// The value of a flag for such a file.
pub fn file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv" | "jsonl") => Ok(path),
        _ => Err("expected a name that ends in .csv or .jsonl".to_owned()),
    }
}

/// Writes the predictions, a line each, whole or not at all.
pub fn write(path: &Path, predictions: &[Prediction]) -> anyhow::Result<()> {
    let is_csv = path.extension().is_some_and(|extension| extension == "csv");
    let bytes = match is_csv {
        true => table(predictions)?,
        false => lines(predictions)?,
    };
    write_file(path, &bytes).with_context(|| path.display().to_string())
}

fn lines(predictions: &[Prediction]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for prediction in predictions {
        serde_json::to_writer(&mut bytes, prediction)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn table(predictions: &[Prediction]) -> anyhow::Result<Vec<u8>> {
    let classes = predictions
        .first()
        .map_or(0, |first| first.probabilities.len());
    let mut head = [
        "file",
        "image",
        "label",
        "name",
        "expected",
        "confidence",
        "warning",
    ]
    .map(str::to_owned)
    .to_vec();
    head.extend((0..classes).map(|class| format!("p{class}")));
    let number = |number: Option<usize>| number.map_or(String::new(), |number| number.to_string());
    let row = |prediction: &Prediction| {
        let mut row = vec![
            prediction.file.clone().unwrap_or_default(),
            number(prediction.image),
            prediction.label.to_string(),
            prediction.name.clone(),
            number(prediction.expected),
            prediction.confidence.to_string(),
            prediction.warning.clone().unwrap_or_default(),
        ];
        row.extend(prediction.probabilities.iter().map(f32::to_string));
        row
    };
    write_table(std::iter::once(head).chain(predictions.iter().map(row)))
}

/// Rows of cells as CSV.
pub fn write_table(rows: impl Iterator<Item = Vec<String>>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}
