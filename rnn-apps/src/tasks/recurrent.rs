//! Settings of a model's recurrent part.

use anyhow::ensure;
use clap::ValueEnum;
use rnn_model::{
    AnyConfig, Cell, GruConfig, LstmConfig, RecurrentConfig, RecurrentInit, RecurrentModuleConfig,
    RnnConfig,
};
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A recurrent cell by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// The simple recurrent network
    Rnn,
    /// Long short-term memory
    Lstm,
    /// The gated recurrent unit
    Gru,
}

impl CellKind {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }
}

/// The activation of a simple recurrent network by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nonlinearity {
    /// Hyperbolic tangent
    #[default]
    Tanh,
    /// Rectified linear units
    Relu,
}

/// The settings in `config.json` that all recurrent networks share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecurrentSettings {
    pub hidden_size: usize,
    /// Of an LSTM.
    pub proj_size: Option<usize>,
    pub num_layers: usize,
    pub bias: bool,
    pub bidirectional: bool,
    pub dropout: f64,
    // Those below are none for a task that has no flags for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variational_dropout: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrent_dropout: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_dropout: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_norm: Option<bool>,
}

/// The keys of these settings.
const KEYS: [&str; 10] = [
    "hidden_size",
    "proj_size",
    "num_layers",
    "bias",
    "bidirectional",
    "layer_norm",
    "dropout",
    "variational_dropout",
    "recurrent_dropout",
    "weight_dropout",
];

/// The settings of a model: those of its task, and beside them in the same JSON object those of its
/// recurrent part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkSettings<O> {
    #[serde(flatten)]
    pub own: O,
    #[serde(flatten)]
    pub recurrent: RecurrentSettings,
}

impl<'de, O: DeserializeOwned> Deserialize<'de> for NetworkSettings<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Map::deserialize(deserializer)?;
        let (own, recurrent) = split(object, &KEYS).map_err(D::Error::custom)?;
        Ok(Self { own, recurrent })
    }
}

/// Splits a model's JSON object into what its task and what its recurrent part has. Flattened structs
/// would do the same with worse errors: of a key that is misspelt they say that it is missing.
/// `recurrent_keys` are those of `R`, for the error.
pub fn split<O: DeserializeOwned, R: DeserializeOwned>(
    object: Map<String, Value>,
    recurrent_keys: &[&str],
) -> serde_json::Result<(O, R)> {
    let is_recurrent = |key: &str| KEYS.contains(&key);
    let (recurrent, own): (Map<_, _>, Map<_, _>) =
        object.into_iter().partition(|(key, _)| is_recurrent(key));
    // A misspelt key is none of the recurrent part's, so this comes first.
    let own = O::deserialize(Value::Object(own)).map_err(|error| {
        let message = error.to_string();
        match message.starts_with("unknown field") {
            // Serde lists the keys of the task's part only.
            true => Error::custom(format!("{message}, `{}`", recurrent_keys.join("`, `"))),
            false => error,
        }
    })?;
    Ok((own, R::deserialize(Value::Object(recurrent))?))
}

/// The same settings in the description of an imported network, without dropout, since it is not
/// trained.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecurrentDescription {
    hidden_size: usize,
    /// Of an LSTM.
    proj_size: Option<usize>,
    #[serde(default = "one")]
    num_layers: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default)]
    bidirectional: bool,
    layer_norm: Option<bool>,
}

impl RecurrentDescription {
    /// The keys of these settings.
    pub const KEYS: &[&str] = KEYS.split_at(6).0; // all but dropout
}

/// The settings of a network that its weights don't tell, with all their values, the default first:
/// [`Network::untold`](super::import::Network::untold).
pub fn untold_of_cell(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
    match description.get("cell").and_then(Value::as_str) {
        Some("rnn") => vec![("nonlinearity", vec!["tanh".into(), "relu".into()])],
        _ => Vec::new(),
    }
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl From<RecurrentDescription> for RecurrentSettings {
    fn from(described: RecurrentDescription) -> Self {
        Self {
            proj_size: described.proj_size,
            bias: described.bias,
            bidirectional: described.bidirectional,
            layer_norm: described.layer_norm,
            ..Self::new(described.hidden_size, described.num_layers)
        }
    }
}

/// The initial weights of a recurrent network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightInit {
    /// PyTorch's uniform distribution.
    Uniform,
    /// Orthogonal recurrent weights, and a bias of 1 at an LSTM's forget gate.
    Tuned,
}

impl RecurrentSettings {
    /// A network in one direction without dropout.
    pub fn new(hidden_size: usize, num_layers: usize) -> Self {
        Self {
            hidden_size,
            proj_size: None,
            num_layers,
            bias: true,
            bidirectional: false,
            dropout: 0.0,
            variational_dropout: None,
            recurrent_dropout: None,
            weight_dropout: None,
            layer_norm: None,
        }
    }

    /// The same network in both directions, if `bidirectional`.
    pub fn with_bidirectional(self, bidirectional: bool) -> Self {
        Self {
            bidirectional,
            ..self
        }
    }

    /// The same network with this probability of dropping a feature between layers.
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }

    /// The configuration of the network for `input_size` features.
    ///
    /// # Errors
    ///
    /// If an option does not exist for the cell, or a size is out of range.
    pub fn config(
        &self,
        cell: CellKind,
        nonlinearity: Nonlinearity,
        input_size: usize,
        init: WeightInit,
    ) -> anyhow::Result<AnyConfig> {
        ensure!(
            cell == CellKind::Rnn || nonlinearity == Nonlinearity::Tanh,
            "expected nonlinearity only for rnn, found it for {}",
            cell.name()
        );
        ensure!(
            cell == CellKind::Lstm || self.proj_size.is_none(),
            "expected proj_size only for lstm, found it for {}",
            cell.name()
        );
        let hidden_size = self.hidden_size;
        let config: AnyConfig = match cell {
            CellKind::Rnn => {
                let config = self.sized(RnnConfig::new(input_size, hidden_size), init);
                let config = match nonlinearity {
                    Nonlinearity::Tanh => config,
                    Nonlinearity::Relu => config.with_nonlinearity(rnn_model::Nonlinearity::Relu),
                };
                config.into()
            }
            CellKind::Gru => self
                .sized(GruConfig::new(input_size, hidden_size), init)
                .into(),
            CellKind::Lstm => self.lstm(input_size, init).into(),
        };
        config.validate()?;
        Ok(config)
    }

    /// The configuration of an LSTM, not validated.
    pub fn lstm(&self, input_size: usize, init: WeightInit) -> LstmConfig {
        let mut config = self.sized(LstmConfig::new(input_size, self.hidden_size), init);
        if init == WeightInit::Tuned && self.bias {
            config = config.with_forget_bias(1.0);
        }
        if let Some(size) = self.proj_size {
            config = config.with_proj_size(size);
        }
        config
    }

    fn sized<C: Cell>(&self, config: RecurrentConfig<C>, init: WeightInit) -> RecurrentConfig<C> {
        let config = config
            .with_num_layers(self.num_layers)
            .with_bias(self.bias)
            .with_bidirectional(self.bidirectional)
            .with_dropout(self.dropout)
            .with_variational_dropout(self.variational_dropout.unwrap_or(false))
            .with_recurrent_dropout(self.recurrent_dropout.unwrap_or(0.0))
            .with_weight_dropout(self.weight_dropout.unwrap_or(0.0))
            .with_layer_norm(self.layer_norm.unwrap_or(false));
        match init {
            WeightInit::Uniform => config,
            WeightInit::Tuned => config.with_recurrent_init(RecurrentInit::Orthogonal),
        }
    }

    /// What is to be said of settings that have no effect.
    pub fn warning(&self) -> Option<&'static str> {
        let is_silent = self.dropout > 0.0 && self.num_layers == 1;
        is_silent.then_some(
            "--dropout has no effect on one recurrent layer, since it lies between layers: give more \
             --num-layers",
        )
    }

    /// A short description, `2 × 128 in both directions`, with `unit` after the size.
    pub fn describe(&self, unit: &str) -> String {
        format!(
            "{} × {}{unit}{}",
            self.num_layers,
            self.hidden_size,
            match self.bidirectional {
                true => " in both directions",
                false => "",
            }
        )
    }
}
