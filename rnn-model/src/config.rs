use burn::module::{Module, Param};
use burn::nn::DropoutConfig;
use burn::tensor::Device;

use crate::cell::{Cell, GruStep, LstmStep, Nonlinearity, RnnStep};
use crate::init::{RecurrentInit, fill_gate, orthogonal_blocks, uniform};
use crate::recurrent::Recurrent;
use crate::weights::Weights;

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
#[derive(Clone, Debug)]
pub struct RecurrentConfig<C> {
    pub(crate) cell: C,
    /// Features of the input per time step, I.
    pub input_size: usize,
    /// Features of the hidden state, H.
    pub hidden_size: usize,
    /// Layers stacked on each other, L. Default 1.
    pub num_layers: usize,
    /// Whether the layers have the biases `b_ih` and `b_hh`. Default true.
    pub bias: bool,
    /// Whether input and output are `[batch, time, features]` (true, the default, as in Burn) or
    /// `[time, batch, features]` (false, PyTorch's default). States are the same in both.
    pub batch_first: bool,
    /// Probability of dropping a feature between layers, in training only. Default 0.
    pub dropout: f64,
    /// Whether every layer also reads the sequence backwards. Default false.
    pub bidirectional: bool,
    /// How the recurrent weights start. Default PyTorch's uniform distribution.
    pub recurrent_init: RecurrentInit,
    forget_bias: Option<f64>,
}

/// Settings from which no module can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// A size or a number of layers is out of range.
    #[error("{module}: {field} must be from 1 to {limit}, found {found}")]
    Size {
        /// The module.
        module: &'static str,
        /// The setting.
        field: &'static str,
        /// The largest value.
        limit: usize,
        /// The value.
        found: usize,
    },
    /// The probability of dropping is none.
    #[error("{module}: dropout must be from 0 to below 1, found {found}")]
    Dropout {
        /// The module.
        module: &'static str,
        /// The value.
        found: f64,
    },
}

impl<C: Cell + Default> RecurrentConfig<C> {
    /// One layer, one direction, `[batch, time, features]`, with PyTorch's defaults for the rest.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self {
            cell: C::default(),
            input_size,
            hidden_size,
            num_layers: 1,
            bias: true,
            batch_first: true,
            dropout: 0.0,
            bidirectional: false,
            recurrent_init: RecurrentInit::Uniform,
            forget_bias: None,
        }
    }
}

impl<C: Cell> RecurrentConfig<C> {
    /// Sets the number of stacked layers.
    pub fn with_num_layers(mut self, num_layers: usize) -> Self {
        self.num_layers = num_layers;
        self
    }

    /// Sets whether there are biases.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// Sets whether the batch is the first axis of input and output.
    pub fn with_batch_first(mut self, batch_first: bool) -> Self {
        self.batch_first = batch_first;
        self
    }

    /// Sets the probability of dropping a feature between layers, `[0, 1)`.
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Sets whether the sequence is read in both directions.
    pub fn with_bidirectional(mut self, bidirectional: bool) -> Self {
        self.bidirectional = bidirectional;
        self
    }

    /// Sets how the recurrent weights start.
    pub fn with_recurrent_init(mut self, recurrent_init: RecurrentInit) -> Self {
        self.recurrent_init = recurrent_init;
        self
    }

    /// Checks what a module could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If a size or the number of layers is 0, the weights would not fit into memory's addresses,
    /// or `dropout` is outside `[0, 1)`.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (field, value) in [
            ("input_size", self.input_size),
            ("hidden_size", self.hidden_size),
            ("num_layers", self.num_layers),
        ] {
            // No weight is larger than gates·hidden_size × max(input_size, 2·hidden_size).
            const LIMIT: usize = 1 << 24;
            if !(1..=LIMIT).contains(&value) {
                return Err(ConfigError::Size {
                    module: C::NAME,
                    field,
                    limit: LIMIT,
                    found: value,
                });
            }
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(ConfigError::Dropout {
                module: C::NAME,
                found: self.dropout,
            });
        }
        Ok(())
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
        let directions = if self.bidirectional { 2 } else { 1 };
        let weights = (0..self.num_layers * directions)
            .map(|index| {
                let first_layer = index < directions;
                self.init_weights(
                    if first_layer {
                        self.input_size
                    } else {
                        directions * self.hidden_size
                    },
                    device,
                )
            })
            .collect();
        Recurrent {
            cell: self.cell.clone(),
            weights,
            dropout: DropoutConfig::new(self.dropout).init(),
            input_size: self.input_size,
            hidden_size: self.hidden_size,
            num_layers: self.num_layers,
            batch_first: self.batch_first,
            bidirectional: self.bidirectional,
        }
        .materialize()
    }

    fn init_weights(&self, input_size: usize, device: &Device) -> Weights {
        let (hidden_size, rows) = (self.hidden_size, C::GATES * self.hidden_size);
        let weight_ih = uniform([rows, input_size], hidden_size, device);
        let weight_hh = match self.recurrent_init {
            RecurrentInit::Uniform => uniform([rows, hidden_size], hidden_size, device),
            RecurrentInit::Orthogonal => orthogonal_blocks(C::GATES, hidden_size, device),
        };
        let mut biases = self
            .bias
            .then(|| [(); 2].map(|()| uniform([rows], hidden_size, device)));
        if let (Some([b_ih, b_hh]), Some(value)) = (&mut biases, self.forget_bias) {
            // Only the sum of the two counts, so one holds the whole value.
            const FORGET: usize = 1;
            *b_ih = fill_gate(b_ih.clone(), FORGET, hidden_size, value);
            *b_hh = fill_gate(b_hh.clone(), FORGET, hidden_size, 0.0);
        }
        let (bias_ih, bias_hh) = biases.map(|[a, b]| (a, b)).unzip();
        Weights {
            weight_ih: Param::from_tensor(weight_ih),
            weight_hh: Param::from_tensor(weight_hh),
            bias_ih: bias_ih.map(Param::from_tensor),
            bias_hh: bias_hh.map(Param::from_tensor),
        }
    }
}

impl RecurrentConfig<RnnStep> {
    /// Sets the activation.
    pub fn with_nonlinearity(mut self, nonlinearity: Nonlinearity) -> Self {
        self.cell.nonlinearity = nonlinearity;
        self
    }
}

impl RecurrentConfig<LstmStep> {
    /// Starts the forget gate's bias (`b_if + b_hf`) at `value`. At 1 the cell remembers at first
    /// instead of forgetting half at every step (Jozefowicz, Zaremba and Sutskever,
    /// [An empirical exploration of recurrent network architectures], 2015).
    ///
    /// Without biases it has no effect.
    ///
    /// [An empirical exploration of recurrent network architectures]: https://proceedings.mlr.press/v37/jozefowicz15.html
    pub fn with_forget_bias(mut self, value: f64) -> Self {
        self.forget_bias = Some(value);
        self
    }
}
