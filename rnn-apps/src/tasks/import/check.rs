//! Compares an imported network with what PyTorch's gave, and finds the settings that names don't tell.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::tensor::{DType, TensorData};
use rnn_model::StateDict;
use serde_json::{Map, Value, json};

use super::Described;
use super::network::{Network, Outputs};
use super::weights::Weights;
use crate::context::Context;

/// The largest difference from PyTorch's outputs, relative to the largest of them, that counts as none.
const AGREES: f64 = 1e-4;

/// What PyTorch's network gave for an input.
pub struct Expected {
    file: PathBuf,
    input: TensorData,
    output: TensorData,
}

/// How a network agrees with PyTorch's.
#[derive(Debug)]
pub struct Agreement {
    /// The settings that the description did not say, by their keys.
    pub settings: Vec<(String, Value)>,
    /// How the input is read, what is compared, and what is done to it, where that is not what it seems.
    notes: Vec<String>,
    /// The largest, relative to the largest output.
    pub difference: f64,
}

/// How the axes of an input are read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    BatchFirst,
    TimeFirst,
}

/// What PyTorch's network may have done with its scores.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Activation {
    None,
    LogSoftmax,
    Softmax,
}

impl Agreement {
    /// The agreement in words.
    pub fn describe(&self) -> String {
        let mut text = format!("off by {:.1e} of the largest output", self.difference);
        for note in &self.notes {
            text += "; ";
            text += note;
        }
        if !self.settings.is_empty() {
            text += &format!("; found {}", listed(&self.settings));
        }
        text
    }

    /// The agreement for `--json`.
    pub fn to_json(&self) -> Value {
        let settings: Map<String, Value> = self.settings.iter().cloned().collect();
        json!({
            "difference": self.difference,
            "settings": settings,
            "notes": self.notes,
        })
    }
}

fn listed(settings: &[(String, Value)]) -> String {
    let each = settings
        .iter()
        .map(|(key, value)| format!("\"{key}\": {value}"));
    each.collect::<Vec<_>>().join(", ")
}

impl Expected {
    /// Reads a file with the arrays `input` and `output`.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let mut arrays = StateDict::read(file)?;
        let take = |name: &str| {
            let named = || format!("{}: expected the arrays input and output", file.display());
            let data = arrays.get(name).cloned();
            data.with_context(|| {
                let names: Vec<&str> = arrays.names().collect();
                format!("{}, found {}", named(), names.join(", "))
            })
        };
        let (input, output) = (take("input")?, take("output")?);
        arrays = StateDict::default();
        arrays.insert("output", output.clone());
        if input.dtype().is_float() {
            arrays.insert("input", input.clone());
        }
        if let Some(name) = arrays.not_finite() {
            bail!(
                "{}: {name} holds a number that is not finite",
                file.display()
            );
        }
        ensure!(
            output.dtype().is_float() && output.num_elements() > 0,
            "{}: output: expected floating-point numbers, found {:?} of {:?}",
            file.display(),
            output.shape().to_vec(),
            output.dtype()
        );
        Ok(Self {
            file: file.to_owned(),
            input,
            output,
        })
    }

    /// Compares network `N` with these weights, for all settings that its description does not tell.
    ///
    /// # Errors
    ///
    /// If it agrees for none, or only for others than the description says; the error says which.
    pub fn compare<N: Network>(
        &self,
        description: &Map<String, Value>,
        folder: &Path,
        weights: &Weights,
        context: &Context,
    ) -> anyhow::Result<Agreement> {
        let named = || format!("--check {}", self.file.display());
        let mut agreeing: Option<(usize, Agreement)> = None;
        let mut closest: Option<Agreement> = None;
        let mut as_described: Option<f64> = None;
        let mut refusal = None;
        let mut shapes: Vec<String> = Vec::new();
        for settings in product(&N::untold(description)) {
            let conflicts = settings
                .iter()
                .filter(|(key, value)| description.get(key).is_some_and(|said| said != value))
                .count();
            let mut complete = description.clone();
            complete.extend(settings.iter().cloned());
            let described = Described::<N>::read(complete, folder)?;
            let model = weights.load_into(N::init(&described.settings, &context.device)?)?;
            for (layout, input) in inputs(&self.input) {
                let outputs = N::outputs(&model, &described.settings, input, &context.device);
                let outputs = match outputs {
                    Ok(outputs) => outputs,
                    Err(error) => {
                        refusal.get_or_insert(error);
                        continue;
                    }
                };
                for (name, data) in &outputs {
                    let shape = format!("{:?} ({name})", data.shape().to_vec());
                    if layout == Layout::BatchFirst && !shapes.contains(&shape) {
                        shapes.push(shape);
                    }
                }
                let Some((difference, what)) = self.closest(outputs, layout) else {
                    continue;
                };
                let found = Agreement {
                    settings: settings.clone(),
                    notes: what,
                    difference,
                };
                if conflicts == 0 && layout == Layout::BatchFirst {
                    let best = as_described.unwrap_or(f64::INFINITY);
                    as_described = Some(best.min(difference));
                }
                let is_less = |least: &Agreement| difference < least.difference;
                if closest.as_ref().is_none_or(is_less) {
                    closest = Some(Agreement {
                        settings: settings.clone(),
                        notes: found.notes.clone(),
                        difference,
                    });
                }
                let rank = 2 * conflicts + usize::from(layout == Layout::TimeFirst);
                let is_better = |(best, _): &(usize, Agreement)| rank < *best;
                if difference <= AGREES && agreeing.as_ref().is_none_or(is_better) {
                    agreeing = Some((rank, found));
                }
            }
        }
        let off = as_described.map_or_else(String::new, |off| {
            format!("off by {off:.1e} of the largest output; ")
        });
        match (agreeing, closest) {
            (Some((0 | 1, mut agreement)), _) => {
                // What the description says is no news, and neither is a default.
                let untold = N::untold(description);
                agreement.settings.retain(|(key, value)| {
                    let default = untold.iter().find(|(name, _)| name == key);
                    let is_default =
                        default.is_some_and(|(_, values)| values.first() == Some(value));
                    !description.contains_key(key) && (!is_default || key == "head")
                });
                let reads_grey = untold.iter().any(|(key, _)| *key == "normalize");
                let is_said = description
                    .get("normalize")
                    .is_some_and(|said| !said.is_null());
                if reads_grey && !is_said {
                    agreement.notes.extend(self.normalized_before());
                }
                Ok(agreement)
            }
            (Some((_, agreement)), _) => {
                let other = |(key, value): &&(String, Value)| {
                    description.get(key).is_some_and(|said| said != value)
                };
                let others: Vec<_> = agreement.settings.iter().filter(other).cloned().collect();
                let mut with = listed(&others);
                for note in &agreement.notes {
                    with += &format!(", {note}");
                }
                bail!(
                    "{}: {off}with {with} it agrees (off by {:.1e})",
                    named(),
                    agreement.difference
                )
            }
            (None, Some(closest)) => bail!(
                "{}: {off}none of the settings that names don't tell makes it agree to {AGREES:.0e}; the \
                 least off, by {:.1e}: {}{}",
                named(),
                closest.difference,
                closest.describe_settings(),
                self.suspicion(closest.difference)
            ),
            (None, None) => match refusal {
                Some(error) => Err(error.context(format!("{}: input", named()))),
                None => bail!(
                    "{}: output: expected a shape that this network gives, {}, found {:?}",
                    named(),
                    shapes.join(" or "),
                    self.output.shape().to_vec()
                ),
            },
        }
    }

    /// What may be the cause of a difference.
    fn suspicion(&self, difference: f64) -> &'static str {
        let largest = self
            .input
            .iter::<f64>()
            .fold(0.0f64, |most, x| most.max(x.abs()));
        if difference < 5e-3 {
            "; so little may come from an original that computed in 16 bits"
        } else if self.input.dtype().is_float() && largest > 100.0 {
            "; its input has values above 100: pixels are from 0 to 1 here"
        } else {
            ""
        }
    }

    /// What is to be said of grey levels that are not from 0 to 1: what black and white have become tells the
    /// mean and the standard deviation.
    fn normalized_before(&self) -> Option<String> {
        let levels = || self.input.iter::<f64>();
        let (black, white) = (
            levels().fold(f64::INFINITY, f64::min),
            levels().fold(f64::NEG_INFINITY, f64::max),
        );
        // Rows of a square image, or its pixels.
        let is_square = match self.input.shape().to_vec()[..] {
            [.., rows, columns] => rows == columns || columns == 1,
            _ => false,
        };
        if !is_square || black >= 0.0 && white <= 1.0 {
            return None;
        }
        let std = 1.0 / (white - black);
        let mean = -black * std;
        Some(format!(
            "its input is normalised already, from {black:.4} to {white:.4}: if that is black and white, say \
             \"normalize\": [{mean:.4}, {std:.4}]"
        ))
    }

    /// The least difference from an output of this shape, and what it was that differed so.
    fn closest(&self, outputs: Outputs, layout: Layout) -> Option<(f64, Vec<String>)> {
        let mut least: Option<(f64, Vec<String>)> = None;
        for (i, (name, data)) in outputs.into_iter().enumerate() {
            let swapped = match layout {
                Layout::TimeFirst => swap_first_axes(&data),
                Layout::BatchFirst => None,
            };
            for data in [swapped, Some(data)].into_iter().flatten() {
                for activation in [
                    Activation::None,
                    Activation::LogSoftmax,
                    Activation::Softmax,
                ] {
                    let Some(difference) = difference(&data, &self.output, activation) else {
                        continue;
                    };
                    // Without a clear gain, what comes first is what it is.
                    if least
                        .as_ref()
                        .is_some_and(|(least, _)| difference >= 0.1 * least)
                    {
                        continue;
                    }
                    let mut notes = Vec::new();
                    if layout == Layout::TimeFirst {
                        notes.push(
                            "its input is [time, batch, …], as with batch_first=False: here it is [batch, \
                             time, …]"
                                .to_owned(),
                        );
                    }
                    if i > 0 {
                        notes.push(format!("its output is {name}"));
                    }
                    match activation {
                        Activation::None => {}
                        Activation::LogSoftmax => {
                            notes.push("its output is the log_softmax".to_owned())
                        }
                        Activation::Softmax => notes.push("its output is the softmax".to_owned()),
                    }
                    least = Some((difference, notes));
                }
            }
        }
        least
    }
}

impl Agreement {
    fn describe_settings(&self) -> String {
        let is_set = |(_, value): &&(String, Value)| !value.is_null();
        let settings: Vec<_> = self.settings.iter().filter(is_set).cloned().collect();
        let mut parts = vec![listed(&settings)];
        parts.extend(self.notes.iter().cloned());
        parts.retain(|part| !part.is_empty());
        match parts.is_empty() {
            true => "as it is described".to_owned(),
            false => parts.join(", "),
        }
    }
}

/// All choices of one value for each key.
fn product(untold: &[(&'static str, Vec<Value>)]) -> Vec<Vec<(String, Value)>> {
    untold
        .iter()
        .fold(vec![Vec::new()], |choices, (key, values)| {
            let with = |choice: &Vec<(String, Value)>| {
                let choice = choice.clone();
                values.iter().map(move |value| {
                    let mut choice = choice.clone();
                    choice.push(((*key).to_owned(), value.clone()));
                    choice
                })
            };
            choices.iter().flat_map(with).collect()
        })
}

/// The input in the ways in which it can be read: `[batch, time, features]`, or `[batch, time]` of integers.
fn inputs(input: &TensorData) -> Vec<(Layout, TensorData)> {
    let axes = if input.dtype().is_float() { 3 } else { 2 };
    let mut shape = input.shape().to_vec();
    // An image has a channel.
    if shape.len() == axes + 1 && shape[1] == 1 {
        shape.remove(1);
    }
    // One sequence may have no axis for it.
    if shape.len() + 1 == axes {
        shape.insert(0, 1);
    }
    let data = match axes {
        3 => input.clone().convert_dtype(DType::F32),
        _ => input.clone().convert_dtype(DType::I64),
    };
    let bytes = data.into_bytes();
    let dtype = if axes == 3 { DType::F32 } else { DType::I64 };
    let data = TensorData::from_bytes(bytes, shape, dtype);
    let swapped = swap_first_axes(&data).map(|data| (Layout::TimeFirst, data));
    [(Layout::BatchFirst, data)]
        .into_iter()
        .chain(swapped)
        .collect()
}

/// The tensor with its first two axes swapped, if it has two of more than one element.
fn swap_first_axes(data: &TensorData) -> Option<TensorData> {
    let shape = data.shape().to_vec();
    let (&first, &second) = (shape.first()?, shape.get(1)?);
    if first < 2 && second < 2 {
        return None;
    }
    let inner = shape[2..].iter().product::<usize>() * data.dtype().size();
    let bytes = data.as_bytes();
    let mut swapped = Vec::with_capacity(bytes.len());
    for j in 0..second {
        for i in 0..first {
            swapped.extend_from_slice(&bytes[(i * second + j) * inner..][..inner]);
        }
    }
    let mut shape = shape;
    shape.swap(0, 1);
    let bytes = burn::tensor::Bytes::from_bytes_vec(swapped);
    Some(TensorData::from_bytes(bytes, shape, data.dtype()))
}

/// The largest difference, relative to the largest element expected; none if the shapes differ, other than by
/// axes of one element.
fn difference(found: &TensorData, expected: &TensorData, activation: Activation) -> Option<f64> {
    let long = |data: &TensorData| -> Vec<usize> {
        data.shape()
            .to_vec()
            .into_iter()
            .filter(|&n| n != 1)
            .collect()
    };
    if long(found) != long(expected) {
        return None;
    }
    let mut values: Vec<f64> = found.iter::<f64>().collect();
    if activation != Activation::None {
        let classes = expected
            .shape()
            .to_vec()
            .last()
            .copied()
            .filter(|&n| n > 1)?;
        for scores in values.chunks_mut(classes) {
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            let log_sum = largest + sum.ln();
            for score in scores {
                *score -= log_sum;
                if activation == Activation::Softmax {
                    *score = score.exp();
                }
            }
        }
    }
    let largest = expected
        .iter::<f64>()
        .fold(0.0f64, |most, x| most.max(x.abs()));
    let pairs = values.iter().zip(expected.iter::<f64>());
    let off = pairs.fold(0.0f64, |most, (x, y)| most.max((x - y).abs()));
    Some(off / largest.max(1e-12))
}
