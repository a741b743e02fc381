use burn::module::{
    Content, Devices, DisplaySettings, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper,
    ModuleVisitor,
};
use burn::nn::Dropout;
use burn::tensor::{Device, Tensor};

use crate::cell::{Cell, GruStep, LstmStep, RnnStep};
use crate::lengths::Lengths;
use crate::sequence;
use crate::weights::{Weights, suffix};

/// PyTorch's `nn.RNN`; made by [`RnnConfig`](crate::RnnConfig), equations at [`RnnStep`].
pub type Rnn = Recurrent<RnnStep>;
/// PyTorch's `nn.LSTM`; made by [`LstmConfig`](crate::LstmConfig), equations at [`LstmStep`].
pub type Lstm = Recurrent<LstmStep>;
/// PyTorch's `nn.GRU`; made by [`GruConfig`](crate::GruConfig), equations at [`GruStep`].
pub type Gru = Recurrent<GruStep>;

/// A recurrent module over depth, direction and time, in PyTorch's meaning: [`Rnn`], [`Lstm`] or
/// [`Gru`], by its cell.
///
/// Layer l reads what layer l−1 put out, its directions concatenated; dropout lies between layers
/// and acts in training only. A layer never remembers: state comes in and goes out.
///
/// Parameters carry PyTorch's names and layout, per layer and direction (D directions, G gates):
///
/// | name | shape |
/// |---|---|
/// | `weight_ih_l{k}`, `weight_ih_l{k}_reverse` | `[G·H, I]`, in layers above the first `[G·H, D·H]` |
/// | `weight_hh_l{k}`, `weight_hh_l{k}_reverse` | `[G·H, H]` |
/// | `bias_ih_l{k}`, `bias_hh_l{k}`, … `_reverse` | `[G·H]` |
///
/// ```
/// use burn::tensor::{Distribution, Tensor};
/// use rnn_model::LstmConfig;
/// # let device = Default::default();
/// let lstm = LstmConfig::new(5, 3).init(&device);
/// let input = Tensor::random([2, 6, 5], Distribution::Default, &device);
///
/// let (output, state) = lstm.forward(input, None);
/// assert_eq!(output.dims(), [2, 6, 3]); // [batch, time, hidden_size]
/// assert_eq!(state.h.dims(), [1, 2, 3]); // [layers·directions, batch, hidden_size]
/// ```
#[derive(Clone, Debug)]
pub struct Recurrent<C> {
    pub(crate) cell: C,
    /// Layer by layer, in each the forward direction first.
    pub(crate) weights: Vec<Weights>,
    pub(crate) dropout: Dropout,
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_layers: usize,
    pub(crate) batch_first: bool,
    pub(crate) bidirectional: bool,
}

impl<C: Cell> Recurrent<C> {
    /// Runs over a batch of sequences.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, time, input_size]`, or `[time, batch, input_size]` unless `batch_first`
    /// - `state`: before the first step, `[layers·directions, batch, hidden_size]`; zeros if
    ///   omitted
    /// - output: the last layer's hidden state at every step,
    ///   `[batch, time, directions·hidden_size]` (or time first), forward direction first
    /// - state: after the last step, shaped as above; for the reverse direction the last step is
    ///   the first of the sequence
    ///
    /// # Panics
    ///
    /// If a shape is not as above, or the sequence has no steps.
    pub fn forward(
        &self,
        input: Tensor<3>,
        state: Option<C::State<3>>,
    ) -> (Tensor<3>, C::State<3>) {
        self.run(input, None, state)
    }

    /// Runs over a padded batch of sequences of different lengths: [`Lengths`] says what that means.
    ///
    /// Shapes are those of [`forward`](Self::forward).
    ///
    /// # Panics
    ///
    /// As `forward` does, or if the batch is not one of so many sequences and steps as the lengths
    /// are for.
    pub fn forward_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<C::State<3>>,
    ) -> (Tensor<3>, C::State<3>) {
        self.run(input, Some(lengths), state)
    }

    fn run(
        &self,
        input: Tensor<3>,
        lengths: Option<&Lengths>,
        state: Option<C::State<3>>,
    ) -> (Tensor<3>, C::State<3>) {
        let mut sequence = if self.batch_first {
            input.swap_dims(0, 1)
        } else {
            input
        };
        let [time, batch, features] = sequence.dims();
        assert!(time > 0, "{}: the sequence has no time steps", C::NAME);
        assert_eq!(
            features,
            self.input_size,
            "{}: the input has {features} features, expected input_size {}",
            C::NAME,
            self.input_size
        );
        let state_shape = [self.weights.len(), batch, self.hidden_size];
        let state = match state {
            Some(state) => C::map_state(state, |part: Tensor<3>| {
                let found = part.dims();
                assert_eq!(
                    found,
                    state_shape,
                    "{}: the state is {found:?}, expected [layers·directions, batch, hidden_size] = {state_shape:?}",
                    C::NAME
                );
                part
            }),
            None => C::zeros(state_shape, &sequence.device()),
        };
        let padding = lengths.map(|lengths| {
            let expected = (lengths.as_slice().len(), lengths.time());
            assert_eq!(
                (batch, time),
                expected,
                "{}: the batch has {batch} sequences of {time} steps, the lengths are for {expected:?}",
                C::NAME
            );
            lengths.padding(&sequence.device())
        });
        if let Some(padding) = &padding {
            sequence = padding.clear(sequence);
        }

        let mut last = Vec::with_capacity(self.weights.len());
        for (layer, directions) in self.weights.chunks(self.directions()).enumerate() {
            if layer > 0 {
                sequence = self.dropout.forward(sequence);
            }
            let mut outputs = Vec::with_capacity(directions.len());
            for (direction, weights) in directions.iter().enumerate() {
                let index = last.len();
                let before = C::map_state(state.clone(), |s: Tensor<3>| {
                    s.narrow(0, index, 1).squeeze_dim::<2>(0)
                });
                let (output, after) = sequence::run(
                    &self.cell,
                    weights,
                    sequence.clone(),
                    before,
                    direction == 1,
                    padding.as_ref(),
                );
                outputs.push(output);
                last.push(after);
            }
            sequence = match outputs.len() {
                1 => outputs.remove(0),
                _ => Tensor::cat(outputs, 2),
            };
        }

        let output = if self.batch_first {
            sequence.swap_dims(0, 1)
        } else {
            sequence
        };
        (output, C::stack(last))
    }

    /// Features of the input per time step, I.
    pub fn input_size(&self) -> usize {
        self.input_size
    }

    /// Features of the hidden state, H.
    pub fn hidden_size(&self) -> usize {
        self.hidden_size
    }

    /// Layers, L.
    pub fn num_layers(&self) -> usize {
        self.num_layers
    }

    /// Directions, D: 2 if bidirectional, else 1.
    pub fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    fn suffixes(&self) -> impl Iterator<Item = String> + use<C> {
        let directions = self.directions();
        (0..self.weights.len()).map(move |i| suffix(i / directions, i % directions == 1))
    }
}

// By hand, because PyTorch's parameter names are not a tree of fields.
impl<C: Cell> Module for Recurrent<C> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (suffix, weights) in self.suffixes().zip(&self.weights) {
            weights.visit_named(&suffix, visitor);
        }
        visitor.enter_module("dropout", C::NAME);
        self.dropout.visit(visitor);
        visitor.exit_module("dropout", C::NAME);
    }

    fn map<M: ModuleMapper>(mut self, mapper: &mut M) -> Self {
        self.weights = self
            .suffixes()
            .zip(self.weights)
            .map(|(suffix, weights)| weights.map_named(&suffix, mapper))
            .collect();
        mapper.enter_module("dropout", C::NAME);
        self.dropout = self.dropout.map(mapper);
        mapper.exit_module("dropout", C::NAME);
        self
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.weights.collect_devices(devices)
    }

    fn fork(mut self, device: &Device) -> Self {
        self.weights = self.weights.fork(device);
        self
    }

    fn to_device(mut self, device: &Device) -> Self {
        self.weights = self.weights.to_device(device);
        self
    }

    fn train(mut self) -> Self {
        self.weights = self.weights.train();
        self.dropout = self.dropout.train();
        self
    }

    fn valid(&self) -> Self {
        Self {
            weights: self.weights.valid(),
            dropout: self.dropout.valid(),
            ..self.clone()
        }
    }

    fn materialize(mut self) -> Self {
        self.weights = self.weights.materialize();
        self
    }
}

impl<C: Cell> ModuleDisplay for Recurrent<C> {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }
}

impl<C: Cell> ModuleDisplayDefault for Recurrent<C> {
    fn content(&self, content: Content) -> Option<Content> {
        content
            .set_top_level_type(C::NAME)
            .add("input_size", &self.input_size)
            .add("hidden_size", &self.hidden_size)
            .add("num_layers", &self.num_layers)
            .add("bias", &self.weights[0].bias_ih.is_some())
            .add("batch_first", &self.batch_first)
            .add("dropout", &self.dropout.prob)
            .add("bidirectional", &self.bidirectional)
            .optional()
    }
}

impl<C: Cell> core::fmt::Display for Recurrent<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", ModuleDisplay::format(self, Default::default()))
    }
}
