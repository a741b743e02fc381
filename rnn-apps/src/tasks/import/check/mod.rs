//! Compares an imported network with what PyTorch's gave, and finds the settings that names don't tell.

mod agreement;
mod values;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::tensor::TensorData;
use rnn_model::StateDict;
use serde_json::{Map, Value};

use super::Described;
use super::network::{Network, Outputs};
use super::weights::Weights;
use crate::context::Context;
pub use agreement::Agreement;
use agreement::{Choice, Trial, listed, notes};
use values::{Layout, Reading, changed, inputs, largest_difference};

/// The largest difference from PyTorch's outputs, relative to the largest of them, that counts as none.
const AGREES: f64 = 1e-4;

/// Differences of settings below this are those of rounding.
const ROUNDING: f64 = 1e-6;

/// What PyTorch's network gave for an input.
pub struct Expected {
    file: PathBuf,
    input: TensorData,
    output: TensorData,
}

impl Expected {
    /// Reads a file with the arrays `input` and `output`.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let arrays = StateDict::read(file)?;
        let take = |name: &str| {
            let data = arrays.get(name).cloned();
            data.with_context(|| {
                let names: Vec<&str> = arrays.names().collect();
                format!(
                    "{}: expected the arrays input and output, found {}",
                    file.display(),
                    names.join(", ")
                )
            })
        };
        let (input, output) = (take("input")?, take("output")?);
        for (name, data) in [("input", &input), ("output", &output)] {
            ensure!(
                data.iter::<f64>().all(f64::is_finite),
                "{}: {name} holds a number that is not finite",
                file.display()
            );
            ensure!(
                data.num_elements() > 0 && (name == "input" || data.dtype().is_float()),
                "{}: {name}: expected {}numbers, found {:?} of {:?}",
                file.display(),
                if name == "output" {
                    "floating-point "
                } else {
                    ""
                },
                data.shape().to_vec(),
                data.dtype()
            );
        }
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
    /// If it agrees for none, only for others than the description says, or for several; the error says
    /// which.
    pub fn compare<N: Network>(
        &self,
        description: &Map<String, Value>,
        folder: &Path,
        weights: &Weights,
        context: &Context,
    ) -> anyhow::Result<Agreement> {
        let named = || format!("--check {}", self.file.display());
        let mut untold = N::untold(description);
        if !self.is_grey() {
            // It is normalised already, whatever is said.
            for (key, values) in &mut untold {
                if *key == "normalize" {
                    *values = vec![description.get(*key).cloned().unwrap_or_default()];
                }
            }
        }
        let is_other = |(key, value): &&(String, Value)| {
            description.get(key).is_some_and(|said| said != value)
        };
        let mut trials: Vec<Trial> = Vec::new();
        let (mut refusal, mut shapes) = (None, Vec::new());
        for settings in product(&untold) {
            let conflicts = settings.iter().filter(is_other).count();
            let mut complete = description.clone();
            complete.extend(settings.iter().cloned());
            let described = Described::<N>::read(complete, folder)?;
            let model = weights.load_into(N::init(&described.settings, &context.device)?)?;
            let outputs = |input| N::outputs(&model, &described.settings, input, &context.device);
            for (layout, input) in inputs(&self.input) {
                let found = match outputs(input.clone()) {
                    Ok(found) => found,
                    Err(error) => {
                        refusal.get_or_insert(error);
                        continue;
                    }
                };
                if layout == Layout::BatchFirst {
                    shapes = found.iter().map(shape_of).collect();
                }
                let Some((reading, difference)) = self.closest(&found, layout) else {
                    continue;
                };
                let mut response = f64::INFINITY;
                if difference <= AGREES
                    && let Ok(other) = outputs(changed(&input))
                {
                    let read = |outputs| reading.read(outputs, &self.output.shape().to_vec());
                    if let (Some(a), Some(b)) = (read(&found), read(&other)) {
                        response = largest_difference(&a, &b) / self.largest();
                    }
                }
                trials.push(Trial {
                    settings: settings.clone(),
                    conflicts,
                    layout,
                    notes: notes(reading, layout, &found),
                    difference,
                    response,
                });
            }
        }
        let least = |a: &&Trial, b: &&Trial| a.difference.total_cmp(&b.difference);
        let Some(closest) = trials.iter().min_by(least) else {
            return match refusal {
                Some(error) => Err(error.context(format!("{}: input", named()))),
                None => bail!(
                    "{}: output: expected a shape that this network gives, {}, found {:?}",
                    named(),
                    shapes.join(" or "),
                    self.output.shape().to_vec()
                ),
            };
        };
        let as_described = trials
            .iter()
            .filter(|trial| trial.rank() == 0)
            .min_by(least);
        let off = as_described.filter(|trial| trial.difference > closest.difference);
        let off = off.map_or_else(String::new, |trial| {
            format!("off by {:.1e} of the largest output; ", trial.difference)
        });
        ensure!(
            closest.difference <= AGREES,
            "{}: {off}none of the settings that names don't tell makes it agree to {AGREES:.0e}; the least \
             off, by {:.1e}: {}{}",
            named(),
            closest.difference,
            closest.describe(),
            self.suspicion(closest.difference)
        );

        // Those that are not to be told from the closest, and of them the nearest to the description.
        let alike = ROUNDING.max(10.0 * closest.difference).min(AGREES);
        let alike = trials.iter().filter(|trial| trial.difference <= alike);
        let rank = alike.clone().map(Trial::rank).min().unwrap_or(0);
        let finalists: Vec<&Trial> = alike.filter(|trial| trial.rank() == rank).collect();
        let best = finalists.iter().copied().min_by(least).unwrap_or(closest);
        if best.conflicts > 0 {
            let others: Choice = best.settings.iter().filter(is_other).cloned().collect();
            let mut with = listed(&others);
            for note in &best.notes {
                with += &format!(", {note}");
            }
            bail!(
                "{}: {off}with {with} it agrees (off by {:.1e})",
                named(),
                best.difference
            );
        }
        ensure!(
            best.response >= AGREES && best.response >= 100.0 * best.difference,
            "{}: expected outputs that tell of the network, found some that change by {:.1e} of the largest \
             with the input: give an input to which it answers otherwise",
            named(),
            best.response
        );
        if let Some(other) = finalists
            .iter()
            .find(|trial| trial.settings != best.settings)
        {
            bail!(
                "{}: {} and {} agree alike: give an input that tells them apart, of more steps and other \
                 values",
                named(),
                best.describe(),
                other.describe()
            );
        }
        let mut found = Agreement {
            settings: best.settings.clone(),
            notes: best.notes.clone(),
            difference: best.difference,
        };
        // What the description says is no news, and neither is a default that a network needs not to say.
        found.settings.retain(|(key, value)| {
            let default = untold.iter().find(|(name, _)| name == key);
            let is_default = default.is_some_and(|(_, values)| values.first() == Some(value));
            !description.contains_key(key) && (!is_default || key == "head")
        });
        let reads_grey = untold.iter().any(|(key, _)| *key == "normalize");
        let is_said = description
            .get("normalize")
            .is_some_and(|said| !said.is_null());
        if reads_grey && !is_said {
            found.notes.extend(self.normalized_before());
        }
        Ok(found)
    }

    /// The largest output expected.
    fn largest(&self) -> f64 {
        let sizes = self.output.iter::<f64>().map(f64::abs);
        sizes.fold(0.0, f64::max).max(1e-12)
    }

    /// Whether the input is of numbers from 0 to 1.
    fn is_grey(&self) -> bool {
        let mut levels = self.input.iter::<f64>();
        levels.all(|level| (-1e-6..=1.0 + 1e-6).contains(&level))
    }

    /// What may be the cause of a difference.
    fn suspicion(&self, difference: f64) -> &'static str {
        let sizes = self.input.iter::<f64>().map(f64::abs);
        if difference < 5e-3 {
            "; so little may come from an original that computed in 16 bits"
        } else if self.input.dtype().is_float() && sizes.fold(0.0, f64::max) > 100.0 {
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
        // Rows of an image, or its pixels: a sequence of something else is longer.
        let is_image = match self.input.shape().to_vec()[..] {
            [.., rows, columns] => columns == 1 || rows <= 2 * columns && columns <= 2 * rows,
            _ => false,
        };
        if !is_image || self.is_grey() {
            return None;
        }
        let std = 1.0 / (white - black);
        let mean = -black * std;
        Some(format!(
            "its input is normalised already, from {black:.4} to {white:.4}: if that is black and white, say \
             \"normalize\": [{mean:.4}, {std:.4}]"
        ))
    }

    /// The reading of outputs that differs least, and by how much; the plainest of those that differ about as
    /// much.
    fn closest(&self, outputs: &Outputs, layout: Layout) -> Option<(Reading, f64)> {
        let expected: Vec<f64> = self.output.iter::<f64>().collect();
        let shape = self.output.shape().to_vec();
        let mut least: Option<(Reading, f64)> = None;
        for reading in Reading::all(outputs, layout) {
            let Some(found) = reading.read(outputs, &shape) else {
                continue;
            };
            let difference = largest_difference(&found, &expected) / self.largest();
            let is_closer = least.is_none_or(|(_, least)| {
                difference < 0.1 * least || difference <= AGREES && least > AGREES
            });
            if is_closer {
                least = Some((reading, difference));
            }
        }
        least
    }
}

fn shape_of((name, data): &(&'static str, TensorData)) -> String {
    format!("{:?} ({name})", data.shape().to_vec())
}

/// All choices of one value for each key.
fn product(untold: &[(&'static str, Vec<Value>)]) -> Vec<Choice> {
    untold
        .iter()
        .fold(vec![Vec::new()], |choices, (key, values)| {
            let with = |choice: &Choice| {
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
