mod error;

use burn::module::Module;
use burn::tensor::Device;

use super::init::{RecurrentInit, WeightsConfig};
use super::layer::Cache;
use super::module::Recurrent;
use super::regularization::Noise;
use super::step::{Cell, GruStep, LstmStep, Nonlinearity, RnnStep};
pub use error::ConfigError;

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
    /// Probability of dropping a feature between layers, in training only: without effect in a single
    /// layer, as in PyTorch. Default 0.
    pub dropout: f64,
    /// Whether every layer also reads the sequence backwards. Default false.
    pub bidirectional: bool,
    /// How the recurrent weights start. Default PyTorch's uniform distribution.
    pub recurrent_init: RecurrentInit,
    /// Whether both products of a step are normalised. Default false.
    pub layer_norm: bool,
    /// Probability of dropping a feature of the hidden state on its way to the next step, in training
    /// only. Default 0.
    pub recurrent_dropout: f64,
    /// Probabilities of keeping a feature of the hidden state, and of the cell state, as it was
    /// before the step. The second is for cells that have a cell state. Default 0.
    pub zoneout: [f64; 2],
    proj_size: Option<usize>,
    forget_bias: Option<f64>,
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
            layer_norm: false,
            recurrent_dropout: 0.0,
            zoneout: [0.0; 2],
            proj_size: None,
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

    /// Sets the probability of dropping a feature between layers, `[0, 1)`. A single layer has nothing
    /// between layers, so that it has no effect there, as in PyTorch (which warns of it).
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

    /// Normalises the products of every step, each over all its features, with learnt scale γ and
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

    /// Sets the probability of dropping a feature of `h_{t-1}` before it meets `W_hh`, with one mask
    /// m for all steps of a sequence (Gal and Ghahramani, [A theoretically grounded application of
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

    /// Checks what a module could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If a size or the number of layers is 0, the weights would not fit into memory's addresses, a
    /// probability is outside `[0, 1)`, `proj_size` is not below `hidden_size`, or a setting is for
    /// what is not there: the forget gate's bias without biases, zoneout of a cell state for a cell
    /// without one.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let module = C::NAME;
        let proj_size = self.proj_size.unwrap_or(self.hidden_size);
        for (field, value) in [
            ("input_size", self.input_size),
            ("hidden_size", self.hidden_size),
            ("num_layers", self.num_layers),
            ("proj_size", proj_size),
        ] {
            // No weight is larger than gates·hidden_size × max(input_size, 2·hidden_size).
            const LIMIT: usize = 1 << 24;
            if !(1..=LIMIT).contains(&value) {
                return Err(ConfigError::Size {
                    module,
                    field,
                    limit: LIMIT,
                    found: value,
                });
            }
        }
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
            ("zoneout of h", self.zoneout[0]),
            ("zoneout of c", self.zoneout[1]),
        ] {
            if !(0.0..1.0).contains(&found) {
                return Err(ConfigError::Probability {
                    module,
                    field,
                    found,
                });
            }
        }
        if self.forget_bias.is_some() && !self.bias {
            return Err(ConfigError::ForgetBias { module });
        }
        if !C::HAS_CELL_STATE && self.zoneout[1] != 0.0 {
            return Err(ConfigError::CellZoneout {
                module,
                found: self.zoneout[1],
            });
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
        let directions = if self.bidirectional { 2 } else { 1 };
        let proj_size = self.proj_size.unwrap_or(self.hidden_size);
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
        let directions = if self.bidirectional { 2 } else { 1 };
        let output_size = self.proj_size.unwrap_or(self.hidden_size);
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
            noise: Noise::new(self.dropout, self.recurrent_dropout, self.zoneout),
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

impl RecurrentConfig<RnnStep> {
    /// Sets the probability z of keeping a feature of the state as it was before the step (Krueger et
    /// al., [Zoneout: regularizing RNNs by randomly preserving hidden activations], 2017): as dropout,
    /// but in the place of zero stands the past.
    ///
    /// ```text
    /// h_t = d ⊙ h_{t-1} + (1 − d) ⊙ h̃_t        d ~ Bernoulli(z) in training, d = z in prediction
    /// ```
    ///
    /// [Zoneout: regularizing RNNs by randomly preserving hidden activations]: https://arxiv.org/abs/1606.01305
    pub fn with_zoneout(mut self, zoneout: f64) -> Self {
        self.zoneout = [zoneout, 0.0];
        self
    }

    /// Sets the activation.
    pub fn with_nonlinearity(mut self, nonlinearity: Nonlinearity) -> Self {
        self.cell.nonlinearity = nonlinearity;
        self
    }
}

impl RecurrentConfig<GruStep> {
    /// Sets the probability of keeping a feature of the state as it was before the step: as
    /// [`RnnConfig::with_zoneout`](RnnConfig::with_zoneout).
    pub fn with_zoneout(mut self, zoneout: f64) -> Self {
        self.zoneout = [zoneout, 0.0];
        self
    }
}

impl RecurrentConfig<LstmStep> {
    /// Adds a projection to `proj_size` features, below `hidden_size`, from the hidden state to the
    /// output and the next step: equation and paper at [`LstmStep`].
    pub fn with_proj_size(mut self, proj_size: usize) -> Self {
        self.proj_size = Some(proj_size);
        self
    }

    /// Sets the probabilities of keeping a feature of the hidden state, and of the cell state, as it
    /// was before the step: equation and paper at [`RnnConfig::with_zoneout`].
    pub fn with_zoneout(mut self, hidden: f64, cell: f64) -> Self {
        self.zoneout = [hidden, cell];
        self
    }

    /// Starts the forget gate's bias (`b_if + b_hf`) at `value`. At 1 the cell remembers at first
    /// instead of forgetting half at every step (Jozefowicz, Zaremba and Sutskever,
    /// [An empirical exploration of recurrent network architectures], 2015).
    ///
    /// Without biases it is an error.
    ///
    /// [An empirical exploration of recurrent network architectures]: https://proceedings.mlr.press/v37/jozefowicz15.html
    pub fn with_forget_bias(mut self, value: f64) -> Self {
        self.forget_bias = Some(value);
        self
    }
}
