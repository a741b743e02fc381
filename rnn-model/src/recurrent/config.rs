mod cells;
mod error;
#[cfg(feature = "serde")]
mod settings;

use burn::module::Module;
use burn::tensor::Device;

use super::init::{RecurrentInit, WeightsConfig};
use super::layer::Cache;
use super::module::Recurrent;
use super::regularization::Noise;
use super::step::{Cell, GruStep, LstmStep, RnnStep};
pub use error::ConfigError;
#[cfg(feature = "serde")]
pub(super) use settings::CellSettings;
#[cfg(feature = "serde")]
pub(crate) use settings::is_zero;

/// Configuration of an [`Rnn`](crate::Rnn).
pub type RnnConfig = RecurrentConfig<RnnStep>;
/// Configuration of an [`Lstm`](crate::Lstm).
pub type LstmConfig = RecurrentConfig<LstmStep>;
/// Configuration of a [`Gru`](crate::Gru).
pub type GruConfig = RecurrentConfig<GruStep>;

/// Configuration of a recurrent module: the arguments of PyTorch's `nn.RNN`, `nn.LSTM`, `nn.GRU`.
///
/// ```
/// use rnn_model::LstmConfig;
/// # let device = Default::default();
/// let lstm = LstmConfig::new(28, 128)
///     .with_num_layers(2)
///     .with_dropout(0.1)
///     .init(&device);
/// assert_eq!(lstm.num_layers(), 2);
/// ```
///
/// With the feature `serde` (on by default) it is read and written under the names of the settings.
/// They are `input_size`, `hidden_size`, `num_layers`, `bias`, `batch_first`, `dropout`, `bidirectional`,
/// `variational_dropout`, `recurrent_init`, `layer_norm`, `recurrent_dropout`, `weight_dropout`, `zoneout_hidden`; of an LSTM also `zoneout_cell`,
/// `proj_size`, `forget_bias`; of an RNN `nonlinearity`. Those with a default may be left out; a name that
/// is none, or that of a setting which the cell does not have, is an error. Values are for
/// [`validate`](Self::validate) to check.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use rnn_model::GruConfig;
/// let json = r#"{"input_size": 28, "hidden_size": 128, "num_layers": 2, "dropout": 0.1}"#;
/// let config: GruConfig = serde_json::from_str(json)?;
/// config.validate()?;
/// assert_eq!(config, GruConfig::new(28, 128).with_num_layers(2).with_dropout(0.1));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(
        into = "settings::Settings",
        try_from = "settings::Settings",
        bound(serialize = "C: Cell", deserialize = "C: Cell + Default")
    )
)]
pub struct RecurrentConfig<C> {
    cell: C,
    input_size: usize,
    hidden_size: usize,
    num_layers: usize,
    bias: bool,
    batch_first: bool,
    dropout: f64,
    variational_dropout: bool,
    bidirectional: bool,
    recurrent_init: RecurrentInit,
    layer_norm: bool,
    recurrent_dropout: f64,
    weight_dropout: f64,
    /// Of the hidden state, and of the cell state.
    zoneout: [f64; 2],
    proj_size: Option<usize>,
    forget_bias: Option<f64>,
}

impl<C: Cell + Default> RecurrentConfig<C> {
    /// One layer, one direction, `[batch, time, features]`, with PyTorch's defaults for the rest.
    ///
    /// - `input_size`: features of the input per time step, I
    /// - `hidden_size`: features of the hidden state, H
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self {
            cell: C::default(),
            input_size,
            hidden_size,
            num_layers: 1,
            bias: true,
            batch_first: true,
            dropout: 0.0,
            variational_dropout: false,
            bidirectional: false,
            recurrent_init: RecurrentInit::Uniform,
            layer_norm: false,
            recurrent_dropout: 0.0,
            weight_dropout: 0.0,
            zoneout: [0.0; 2],
            proj_size: None,
            forget_bias: None,
        }
    }
}

impl<C: Cell> RecurrentConfig<C> {
    /// Sets the number of layers stacked on each other, L. Default 1.
    pub fn with_num_layers(mut self, num_layers: usize) -> Self {
        self.num_layers = num_layers;
        self
    }

    /// Sets whether the layers have the biases `b_ih` and `b_hh`. Default true.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// Sets whether input and output are `[batch, time, features]` (true, the default, as in Burn) or
    /// `[time, batch, features]` (false, PyTorch's default). States are the same in both.
    pub fn with_batch_first(mut self, batch_first: bool) -> Self {
        self.batch_first = batch_first;
        self
    }

    /// Sets the probability of dropping a feature between layers, `[0, 1)`, in training only. Default 0. A
    /// single layer has nothing between layers, so that it has no effect there, as in PyTorch (which
    /// warns of it).
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Sets whether dropout between layers has one mask for all steps of a sequence (default false: a new
    /// one at each step, as in PyTorch), which regularises a recurrent network more steadily (Gal and
    /// Ghahramani, [A theoretically grounded application of dropout in recurrent neural networks], 2016).
    ///
    /// [A theoretically grounded application of dropout in recurrent neural networks]: https://arxiv.org/abs/1512.05287
    pub fn with_variational_dropout(mut self, variational_dropout: bool) -> Self {
        self.variational_dropout = variational_dropout;
        self
    }

    /// Sets whether every layer also reads the sequence backwards. Default false.
    pub fn with_bidirectional(mut self, bidirectional: bool) -> Self {
        self.bidirectional = bidirectional;
        self
    }

    /// Sets how the recurrent weights start. Default PyTorch's uniform distribution.
    pub fn with_recurrent_init(mut self, recurrent_init: RecurrentInit) -> Self {
        self.recurrent_init = recurrent_init;
        self
    }

    /// Sets whether the products of every step are normalised (default false), each over all its features, with learnt scale γ and
    /// shift β (Ba, Kiros and Hinton, [Layer normalization], 2016, equations 20 to 22 for the LSTM):
    ///
    /// ```text
    /// LN(W_ih·x_t; γ₁, β₁) in place of W_ih·x_t        LN(W_hh·h_{t-1}; γ₂, β₂) in place of W_hh·h_{t-1}
    /// h_t = o_t ⊙ tanh(LN(c_t; γ₃, β₃))                for an LSTM; c_t itself goes on as it is
    /// ```
    ///
    /// It holds the size of the state steady over long sequences, and lets higher learning rates
    /// through.
    ///
    /// [Layer normalization]: https://arxiv.org/abs/1607.06450
    pub fn with_layer_norm(mut self, layer_norm: bool) -> Self {
        self.layer_norm = layer_norm;
        self
    }

    /// Sets the probability of dropping a feature of `h_{t-1}` before it meets `W_hh`, in training only
    /// (default 0), with one mask m for all steps of a sequence (Gal and Ghahramani, [A theoretically grounded application of
    /// dropout in recurrent neural networks], 2016): a mask per step would wipe the memory out.
    ///
    /// ```text
    /// W_hh·(m ⊙ h_{t-1}) / (1 − p),        m drawn once per sequence, layer and direction
    /// ```
    ///
    /// [A theoretically grounded application of dropout in recurrent neural networks]: https://arxiv.org/abs/1512.05287
    pub fn with_recurrent_dropout(mut self, recurrent_dropout: f64) -> Self {
        self.recurrent_dropout = recurrent_dropout;
        self
    }

    /// Sets the probability of dropping an element of `W_hh`, in training only (default 0), with one mask M for
    /// all steps of a call (Merity, Keskar and Socher, [Regularizing and optimizing LSTM language models],
    /// 2018). Unlike [recurrent dropout](Self::with_recurrent_dropout) it runs through the fast kernels.
    ///
    /// ```text
    /// (M ⊙ W_hh)·h_{t-1} / (1 − p)
    /// ```
    ///
    /// [Regularizing and optimizing LSTM language models]: https://arxiv.org/abs/1708.02182
    pub fn with_weight_dropout(mut self, weight_dropout: f64) -> Self {
        self.weight_dropout = weight_dropout;
        self
    }

    /// Features of the input per time step, I.
    pub fn input_size(&self) -> usize {
        self.input_size
    }

    /// Features of the hidden state inside, H.
    pub fn hidden_size(&self) -> usize {
        self.hidden_size
    }

    /// Features of the output per direction, P: `proj_size` if there is one, else `hidden_size`.
    pub fn output_size(&self) -> usize {
        self.proj_size.unwrap_or(self.hidden_size)
    }

    /// Layers, L.
    pub fn num_layers(&self) -> usize {
        self.num_layers
    }

    /// Directions, D: 2 if bidirectional, else 1.
    pub fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    /// Whether the layers have biases.
    pub fn has_bias(&self) -> bool {
        self.bias
    }

    /// Whether input and output are `[batch, time, features]`, and not `[time, batch, features]`.
    pub fn is_batch_first(&self) -> bool {
        self.batch_first
    }

    /// The probability of dropping a feature between layers, in training.
    pub fn dropout(&self) -> f64 {
        self.dropout
    }

    /// Checks what a module could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If a size or the number of layers is 0, the weights would not fit into memory's addresses, a
    /// probability is outside `[0, 1)`, `proj_size` is not below `hidden_size`, or a forget
    /// gate's bias is not finite or is set without biases.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let module = C::NAME;
        let proj_size = self.output_size();
        let sizes = [
            ("input_size", self.input_size),
            ("hidden_size", self.hidden_size),
            ("num_layers", self.num_layers),
            ("proj_size", proj_size),
        ];
        ConfigError::check_sizes(module, &sizes)?;
        if self.proj_size.is_some_and(|size| size >= self.hidden_size) {
            return Err(ConfigError::Projection {
                module,
                hidden_size: self.hidden_size,
                found: proj_size,
            });
        }
        for (field, found) in [
            ("dropout", self.dropout),
            ("recurrent_dropout", self.recurrent_dropout),
            ("weight_dropout", self.weight_dropout),
            ("zoneout of h", self.zoneout[0]),
            ("zoneout of c", self.zoneout[1]),
        ] {
            ConfigError::check_probability(module, field, found)?;
        }
        if let Some(found) = self.forget_bias {
            if !(found as f32).is_finite() {
                return Err(ConfigError::NotFinite {
                    module,
                    field: "forget_bias",
                    found,
                });
            }
            if !self.bias {
                return Err(ConfigError::ForgetBias { module });
            }
        }
        Ok(())
    }

    /// How many numbers the module's parameters are.
    ///
    /// ```
    /// use rnn_model::RnnConfig;
    /// assert_eq!(RnnConfig::new(5, 3).num_params(), 3 * 5 + 3 * 3 + 3 + 3);
    /// ```
    pub fn num_params(&self) -> usize {
        let directions = self.directions();
        let proj_size = self.output_size();
        let gates = C::GATES.saturating_mul(self.hidden_size);
        let cell_norm = if C::HAS_CELL_STATE {
            self.hidden_size
        } else {
            0
        };
        let layer = |input_size: usize| {
            let biases = if self.bias { 2 } else { 0 };
            let columns = input_size.saturating_add(proj_size).saturating_add(biases);
            let mut numbers = gates.saturating_mul(columns);
            if self.proj_size.is_some() {
                numbers = numbers.saturating_add(proj_size.saturating_mul(self.hidden_size));
            }
            if self.layer_norm {
                let norms = gates.saturating_mul(2).saturating_add(cell_norm);
                numbers = numbers.saturating_add(norms.saturating_mul(2));
            }
            numbers.saturating_mul(directions)
        };
        let others = self.num_layers.saturating_sub(1);
        let above = layer(proj_size.saturating_mul(directions));
        layer(self.input_size).saturating_add(above.saturating_mul(others))
    }

    /// Makes the module, its weights drawn from the device's random state
    /// ([`Device::seed`] makes them repeatable).
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> Recurrent<C> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let directions = self.directions();
        let output_size = self.output_size();
        let weights = (0..self.num_layers * directions)
            .map(|index| {
                let layer = WeightsConfig {
                    input_size: if index < directions {
                        self.input_size
                    } else {
                        directions * output_size
                    },
                    hidden_size: self.hidden_size,
                    proj_size: self.proj_size,
                    bias: self.bias,
                    layer_norm: self.layer_norm,
                    recurrent_init: self.recurrent_init,
                    forget_bias: self.forget_bias,
                };
                layer.init::<C>(device)
            })
            .collect();
        Recurrent {
            cell: self.cell.clone(),
            weights,
            caches: vec![Cache::default(); self.num_layers],
            noise: Noise::new(self.dropout, self.recurrent_dropout, self.zoneout)
                .with_variational_dropout(self.variational_dropout)
                .with_weight_dropout(self.weight_dropout),
            input_size: self.input_size,
            hidden_size: self.hidden_size,
            output_size,
            num_layers: self.num_layers,
            batch_first: self.batch_first,
            bidirectional: self.bidirectional,
        }
        .materialize()
    }
}
