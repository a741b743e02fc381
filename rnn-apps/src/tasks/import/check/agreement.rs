//! What comparisons find.

use serde_json::{Map, Value, json};

use super::values::{Activation, Layout, Reading};
use crate::tasks::import::Outputs;

/// Settings by their keys in a description.
pub type Choice = Vec<(String, Value)>;

/// How a network agrees with PyTorch's.
#[derive(Debug)]
pub struct Agreement {
    /// The settings that the description did not say.
    pub settings: Choice,
    /// How the input is read, what is compared, and what is done to it, where that is not what it seems.
    pub notes: Vec<String>,
    /// The largest, relative to the largest output.
    pub difference: f64,
}

/// A comparison with some settings, in one layout of the input.
#[derive(Clone, Debug)]
pub struct Trial {
    pub settings: Choice,
    /// How many settings are others than the description says.
    pub conflicts: usize,
    pub layout: Layout,
    pub notes: Vec<String>,
    pub difference: f64,
    /// How much the output changes with the input, in the same measure; known where it agrees.
    pub response: f64,
}

impl Trial {
    /// How far it is from what the description says.
    pub fn rank(&self) -> usize {
        2 * self.conflicts + usize::from(self.layout != Layout::BatchFirst)
    }

    /// Its settings and notes in words.
    pub fn describe(&self) -> String {
        let is_set = |(_, value): &&(String, Value)| !value.is_null();
        let settings: Choice = self.settings.iter().filter(is_set).cloned().collect();
        let mut parts = vec![listed(&settings)];
        parts.extend(self.notes.iter().cloned());
        parts.retain(|part| !part.is_empty());
        match parts.is_empty() {
            true => "as it is described".to_owned(),
            false => parts.join(", "),
        }
    }
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

/// Settings as a description has them.
pub fn listed(settings: &[(String, Value)]) -> String {
    let each = settings
        .iter()
        .map(|(key, value)| format!("\"{key}\": {value}"));
    each.collect::<Vec<_>>().join(", ")
}

/// What is not as it seems in a comparison.
pub fn notes(reading: Reading, layout: Layout, outputs: &Outputs) -> Vec<String> {
    let layout = match layout {
        Layout::BatchFirst => None,
        Layout::TimeFirst => Some(
            "its input is [time, batch, …], as with batch_first=False: here it is [batch, time, …]",
        ),
        Layout::OneStep => Some("its input is one step of a batch, [batch, features]"),
    };
    let name = outputs.get(reading.index).map(|(name, _)| *name);
    let name = name.filter(|_| reading.index > 0);
    let activation = match reading.activation {
        Activation::None => None,
        Activation::LogSoftmax => Some("its output is the log_softmax"),
        Activation::Softmax => Some("its output is the softmax"),
    };
    let all = [
        layout.map(str::to_owned),
        name.map(|name| format!("its output is {name}")),
        activation.map(str::to_owned),
    ];
    all.into_iter().flatten().collect()
}
