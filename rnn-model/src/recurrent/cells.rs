use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::config::{ConfigError, RecurrentConfig};
use super::init::{RecurrentInit, WeightsConfig};
use super::layer::{Cache, Layer};
use super::regularization::Noise;
use super::shapes::{dims, reshape};
use super::step::{Cell, GruStep, LstmStep, Nonlinearity, Parts, RnnStep};
use super::weights::Weights;

/// PyTorch's `nn.RNNCell`; made by [`RnnCellConfig`].
pub type RnnCell = RecurrentCell<RnnStep>;
/// PyTorch's `nn.LSTMCell`; made by [`LstmCellConfig`].
pub type LstmCell = RecurrentCell<LstmStep>;
/// PyTorch's `nn.GRUCell`; made by [`GruCellConfig`].
pub type GruCell = RecurrentCell<GruStep>;

/// Configuration of an [`RnnCell`].
pub type RnnCellConfig = RecurrentCellConfig<RnnStep>;
/// Configuration of an [`LstmCell`].
pub type LstmCellConfig = RecurrentCellConfig<LstmStep>;
/// Configuration of a [`GruCell`].
pub type GruCellConfig = RecurrentCellConfig<GruStep>;

/// Configuration of a single cell: the arguments of PyTorch's `nn.RNNCell`, `nn.LSTMCell`,
/// `nn.GRUCell`.
///
/// It is read and written as a [`RecurrentConfig`] is.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(
        into = "super::config::CellSettings",
        try_from = "super::config::CellSettings",
        bound(serialize = "C: Cell", deserialize = "C: Cell + Default")
    )
)]
pub struct RecurrentCellConfig<C> {
    pub(super) cell: C,
    pub(super) input_size: usize,
    pub(super) hidden_size: usize,
    pub(super) bias: bool,
}

impl<C: Cell + Default> RecurrentCellConfig<C> {
    /// A cell with biases.
    ///
    /// - `input_size`: features of the input, I
    /// - `hidden_size`: features of the hidden state, H
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self {
            cell: C::default(),
            input_size,
            hidden_size,
            bias: true,
        }
    }

    /// Sets whether the cell has the biases `b_ih` and `b_hh`. Default true.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// Features of the input, I.
    pub fn input_size(&self) -> usize {
        self.input_size
    }

    /// Features of the hidden state, H.
    pub fn hidden_size(&self) -> usize {
        self.hidden_size
    }

    /// Whether the cell has biases.
    pub fn has_bias(&self) -> bool {
        self.bias
    }

    /// Checks what a cell could not be made from.
    ///
    /// # Errors
    ///
    /// If a size is 0, or the weights would not fit into memory's addresses.
    pub fn validate(&self) -> Result<(), ConfigError> {
        RecurrentConfig::<C>::new(self.input_size, self.hidden_size).validate()
    }

    /// Makes the cell, its weights drawn from the device's random state.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> RecurrentCell<C> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let config = WeightsConfig {
            input_size: self.input_size,
            hidden_size: self.hidden_size,
            proj_size: None,
            bias: self.bias,
            layer_norm: false,
            recurrent_init: RecurrentInit::Uniform,
            forget_bias: None,
        };
        let weights = config.init::<C>(device);
        RecurrentCell {
            cell: self.cell.clone(),
            weight_ih: weights.weight_ih,
            weight_hh: weights.weight_hh,
            bias_ih: weights.bias_ih,
            bias_hh: weights.bias_hh,
            cache: Cache::default(),
        }
        .materialize()
    }
}

impl RecurrentCellConfig<RnnStep> {
    /// Sets the activation.
    pub fn with_nonlinearity(mut self, nonlinearity: Nonlinearity) -> Self {
        self.cell.nonlinearity = nonlinearity;
        self
    }
}

/// One recurrent step as a module of its own, for loops that do more between the steps than a
/// [`Recurrent`](crate::Recurrent) module knows of: attention, feeding predictions back.
///
/// Its parameters are called as PyTorch's cells call them: `weight_ih`, `weight_hh`, `bias_ih`,
/// `bias_hh`, without a layer's number.
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::LstmCellConfig;
/// # let device = Default::default();
/// let cell = LstmCellConfig::new(5, 3).init(&device);
/// let mut state = None;
/// for _ in 0..4 {
///     state = Some(cell.forward(Tensor::ones([2, 5], &device), state));
/// }
/// assert_eq!(state.map(|state| state.h.dims()), Some([2, 3]));
/// ```
#[derive(Module, Debug)]
pub struct RecurrentCell<C: Cell> {
    cell: C,
    /// `[G·H, I]`
    weight_ih: Param<Tensor<2>>,
    /// `[G·H, H]`
    weight_hh: Param<Tensor<2>>,
    /// `[G·H]`
    bias_ih: Option<Param<Tensor<1>>>,
    /// `[G·H]`
    bias_hh: Option<Param<Tensor<1>>>,
    #[module(skip)]
    cache: Cache,
}

impl<C: Cell> RecurrentCell<C> {
    /// One step.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, input_size]`
    /// - `state`: before and after the step, `[batch, hidden_size]`; zeros if omitted. It is converted
    ///   to the input's dtype.
    ///
    /// # Panics
    ///
    /// If a shape is not as above, or the batch has no sequences.
    pub fn forward(&self, input: Tensor<2>, state: Option<C::State<2>>) -> C::State<2> {
        let [_, input_size] = dims(&self.weight_ih.val());
        let [_, hidden_size] = dims(&self.weight_hh.val());
        let [batch, features] = dims(&input);
        assert!(
            features == input_size,
            "{} cell: the input has {features} features, expected input_size {input_size}",
            C::NAME
        );
        let (dtype, expected) = (input.dtype(), self.weight_ih.dtype());
        assert!(
            dtype == expected,
            "{} cell: the input is {dtype:?}, expected {expected:?}, as the weights are",
            C::NAME
        );
        assert!(batch > 0, "{} cell: the batch has no sequences", C::NAME);
        let shape = [batch, hidden_size];
        let state = match state {
            Some(state) => {
                let state = Parts::of(state);
                let module = format_args!("{} cell", C::NAME);
                state.check(module, "[batch, hidden_size]", shape, shape);
                state
            }
            None => {
                let cell = C::HAS_CELL_STATE.then_some(shape);
                Parts::zeros(shape, cell, &input.device())
            }
        };
        let weights = Weights {
            weight_ih: self.weight_ih.clone(),
            weight_hh: self.weight_hh.clone(),
            bias_ih: self.bias_ih.clone(),
            bias_hh: self.bias_hh.clone(),
            weight_hr: None,
            norms: None,
        };
        let noise = Noise::new(0.0, 0.0, [0.0; 2]);
        let layer = Layer {
            cell: &self.cell,
            weights: &[weights],
            noise: &noise,
            cache: Some(&self.cache),
        };
        let one_layer = [1, batch, hidden_size];
        let state = state.map(|part| reshape(part.cast(input.dtype()), one_layer));
        let (_, state) = layer.run(reshape(input, [1, batch, features]), state, None);
        let state = state.map(|part| reshape(part, shape));
        state.into_state()
    }
}
