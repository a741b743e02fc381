use burn::tensor::Device;

use super::AnyRecurrent;
use crate::recurrent::config::{ConfigError, GruConfig, LstmConfig, RnnConfig};
use crate::recurrent::init::RecurrentInit;
use crate::recurrent::interface::RecurrentModuleConfig;

/// Configuration of an [`AnyRecurrent`].
///
/// The settings that all cells have are set here; what only one cell has (`proj_size`, the
/// nonlinearity) is set on its own configuration, before [`From`] makes it one of these.
///
/// ```
/// use rnn_model::{AnyConfig, LstmConfig, RecurrentModuleConfig};
/// let config = AnyConfig::from(LstmConfig::new(28, 128).with_proj_size(64)).with_num_layers(2);
/// assert_eq!(config.input_size(), 28);
/// ```
///
/// With the feature `serde` the key `cell` says which it is: `rnn`, `lstm` or `gru`.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use rnn_model::{AnyConfig, LstmConfig};
/// let json = r#"{"cell": "lstm", "input_size": 28, "hidden_size": 128, "proj_size": 64}"#;
/// let config: AnyConfig = serde_json::from_str(json)?;
/// assert_eq!(config, LstmConfig::new(28, 128).with_proj_size(64).into());
/// # }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "cell", rename_all = "snake_case")
)]
pub enum AnyConfig {
    /// Of the simple recurrent network.
    Rnn(RnnConfig),
    /// Of long short-term memory.
    Lstm(LstmConfig),
    /// Of the gated recurrent unit.
    Gru(GruConfig),
}

impl From<RnnConfig> for AnyConfig {
    fn from(config: RnnConfig) -> Self {
        Self::Rnn(config)
    }
}

impl From<LstmConfig> for AnyConfig {
    fn from(config: LstmConfig) -> Self {
        Self::Lstm(config)
    }
}

impl From<GruConfig> for AnyConfig {
    fn from(config: GruConfig) -> Self {
        Self::Gru(config)
    }
}

/// `$body` with the configuration, whichever it is.
macro_rules! with_inner {
    ($any:expr, $config:ident => $body:expr) => {
        match $any {
            AnyConfig::Rnn($config) => $body,
            AnyConfig::Lstm($config) => $body,
            AnyConfig::Gru($config) => $body,
        }
    };
}

/// Setters that pass on to the configuration inside.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($value:ty);)*) => {
        impl AnyConfig {
            $(
                $(#[$doc])*
                pub fn $name(self, value: $value) -> Self {
                    with_inner!(self, config => config.$name(value).into())
                }
            )*
        }
    };
}

setters! {
    /// Sets the number of stacked layers.
    with_num_layers(usize);
    /// Sets whether there are biases.
    with_bias(bool);
    /// Sets whether the batch is the first axis of input and output.
    with_batch_first(bool);
    /// Sets the probability of dropping a feature between layers, `[0, 1)`; without effect in a single
    /// layer.
    with_dropout(f64);
    /// Sets whether dropout between layers has one mask for all steps of a sequence.
    with_variational_dropout(bool);
    /// Sets whether the sequence is read in both directions.
    with_bidirectional(bool);
    /// Sets how the recurrent weights start.
    with_recurrent_init(RecurrentInit);
    /// Sets whether the products of every step are normalised:
    /// [`RecurrentConfig::with_layer_norm`](crate::RecurrentConfig::with_layer_norm).
    with_layer_norm(bool);
    /// Sets the probability of dropping a feature of the hidden state on its way to the next step:
    /// [`RecurrentConfig::with_recurrent_dropout`](crate::RecurrentConfig::with_recurrent_dropout).
    with_recurrent_dropout(f64);
    /// Sets the probability of dropping an element of `W_hh`:
    /// [`RecurrentConfig::with_weight_dropout`](crate::RecurrentConfig::with_weight_dropout).
    with_weight_dropout(f64);
}

impl RecurrentModuleConfig for AnyConfig {
    type Module = AnyRecurrent;

    fn init(&self, device: &Device) -> AnyRecurrent {
        with_inner!(self, config => config.init(device).into())
    }

    fn with_batch_first(self, batch_first: bool) -> Self {
        self.with_batch_first(batch_first)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        with_inner!(self, config => config.validate())
    }

    fn num_params(&self) -> usize {
        with_inner!(self, config => config.num_params())
    }

    fn input_size(&self) -> usize {
        with_inner!(self, config => config.input_size())
    }

    fn output_size(&self) -> usize {
        with_inner!(self, config => config.output_size())
    }

    fn directions(&self) -> usize {
        with_inner!(self, config => config.directions())
    }
}
