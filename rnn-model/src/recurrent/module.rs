mod parameters;

use burn::tensor::{DType, Tensor};

use super::layer::{Cache, Layer};
use super::lengths::{Lengths, Padding};
use super::regularization::Noise;
use super::shapes::{dims, narrow, reshape};
use super::step::{Cell, GruStep, LstmStep, Parts, RnnStep};
use super::weights::Weights;

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
/// Parameters carry PyTorch's names and layout, per layer and direction (D directions, G gates, P
/// the size of an output: `proj_size`, or H without):
///
/// | name | shape |
/// |---|---|
/// | `weight_ih_l{k}`, `weight_ih_l{k}_reverse` | `[G·H, I]`, in layers above the first `[G·H, D·P]` |
/// | `weight_hh_l{k}`, `weight_hh_l{k}_reverse` | `[G·H, P]` |
/// | `bias_ih_l{k}`, `bias_hh_l{k}`, … `_reverse` | `[G·H]` |
/// | `weight_hr_l{k}`, … `_reverse`, with `proj_size` | `[P, H]` |
/// | `norm_ih_l{k}.weight`, `.bias`, `norm_hh_…`, `norm_c_…`, with layer normalisation | `[G·H]`, `[G·H]`, `[H]` |
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
    /// Of each layer.
    pub(crate) caches: Vec<Cache>,
    pub(crate) noise: Noise,
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) output_size: usize,
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
    /// - `state`: before the first step, `[layers·directions, batch, output_size]` (and
    ///   `hidden_size` for a cell state); zeros if omitted. It is converted to the input's
    ///   dtype, which must be the weights'.
    /// - output: the last layer's hidden state at every step,
    ///   `[batch, time, directions·output_size]` (or time first), forward direction first
    /// - state: after the last step, shaped as above; for the reverse direction the last step is
    ///   the first of the sequence
    ///
    /// # Panics
    ///
    /// If a shape or the dtype is not as above, the batch has no sequences, or the sequences have no
    /// steps.
    pub fn forward(
        &self,
        input: Tensor<3>,
        state: Option<C::State<3>>,
    ) -> (Tensor<3>, C::State<3>) {
        let (output, state) = self.run(input, None, state.map(Parts::of));
        (output, state.into_state())
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
        let (output, state) = self.run(input, Some(lengths), state.map(Parts::of));
        (output, state.into_state())
    }

    /// Runs over one sequence without a batch axis.
    ///
    /// # Shapes
    ///
    /// - `input`: `[time, input_size]`, whatever `batch_first` says
    /// - `state`: `[layers·directions, output_size]` (and `hidden_size` for a cell state); zeros if
    ///   omitted
    /// - output: `[time, directions·output_size]`
    ///
    /// # Panics
    ///
    /// If a shape is not as above, or the sequence has no steps.
    pub fn forward_unbatched(
        &self,
        input: Tensor<2>,
        state: Option<C::State<2>>,
    ) -> (Tensor<2>, C::State<2>) {
        let batch = if self.batch_first { 0 } else { 1 };
        let state = state.map(|state| Parts::of(state).map(|part| part.unsqueeze_dim::<3>(1)));
        let (output, state) = self.run(input.unsqueeze_dim(batch), None, state);
        let state = state.map(|part| part.squeeze_dim::<2>(1));
        (output.squeeze_dim(batch), state.into_state())
    }

    /// Runs one time step, for sequences that come step by step: n steps give what
    /// [`forward`](Self::forward) gives for the n of them. In training, noise is drawn anew at each
    /// call.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, input_size]`
    /// - `state`: after the step before, as in `forward`; zeros if omitted
    /// - output: `[batch, output_size]`
    ///
    /// # Panics
    ///
    /// If a shape is not as above, or the module is bidirectional: backwards, the first step needs
    /// the last input.
    ///
    /// ```
    /// use burn::tensor::Tensor;
    /// use rnn_model::GruConfig;
    /// # let device = Default::default();
    /// let gru = GruConfig::new(5, 3).with_num_layers(2).init(&device);
    /// let mut state = None;
    /// for _ in 0..4 {
    ///     let (output, next) = gru.step(Tensor::ones([1, 5], &device), state);
    ///     assert_eq!(output.dims(), [1, 3]);
    ///     state = Some(next);
    /// }
    /// ```
    pub fn step(&self, input: Tensor<2>, state: Option<C::State<3>>) -> (Tensor<2>, C::State<3>) {
        assert!(
            !self.bidirectional,
            "{}: a bidirectional module has no single steps",
            C::NAME
        );
        let [batch, features] = dims(&input);
        self.check_features(features);
        self.check_dtype(input.dtype());
        let state = self.start(state.map(Parts::of), batch, &input);
        let sequence = reshape(input, [1, batch, features]);
        let (output, state) = self.run_layers(sequence, state, None);
        let output = reshape(output, [batch, self.output_size]);
        (output, state.into_state())
    }

    fn run(
        &self,
        input: Tensor<3>,
        lengths: Option<&Lengths>,
        state: Option<Parts<3>>,
    ) -> (Tensor<3>, Parts<3>) {
        let sequence = if self.batch_first {
            input.swap_dims(0, 1)
        } else {
            input
        };
        let [time, batch, features] = dims(&sequence);
        assert!(time > 0, "{}: the sequence has no time steps", C::NAME);
        self.check_features(features);
        self.check_dtype(sequence.dtype());
        let state = self.start(state, batch, &sequence);
        let (sequence, state) = match lengths {
            None => self.run_layers(sequence, state, None),
            Some(lengths) => self.run_padded(sequence, state, lengths),
        };
        let output = if self.batch_first {
            sequence.swap_dims(0, 1)
        } else {
            sequence
        };
        (output, state)
    }

    /// All layers over a padded batch `[time, batch, features]`.
    fn run_padded(
        &self,
        sequence: Tensor<3>,
        state: Parts<3>,
        lengths: &Lengths,
    ) -> (Tensor<3>, Parts<3>) {
        self.check_lengths(lengths, &sequence);
        let device = sequence.device();
        let run = |sequence, state, lengths: &Lengths| {
            self.run_layers(sequence, state, lengths.padding(&device).as_ref())
        };
        let Some(empty) = lengths.empty_rows(&device) else {
            return run(sequence, state, lengths);
        };
        let start = state.clone().map(|part| empty.clear(part));
        let (output, after) = run(empty.clear(sequence), start, empty.lengths());
        (empty.clear(output), empty.keep(state, after))
    }

    /// All layers over a sequence `[time, batch, features]`.
    fn run_layers(
        &self,
        mut sequence: Tensor<3>,
        state: Parts<3>,
        padding: Option<&Padding<'_>>,
    ) -> (Tensor<3>, Parts<3>) {
        let directions = self.directions();
        let run = |index: usize, weights: &[Weights], sequence, before| {
            let layer = Layer {
                cell: &self.cell,
                weights,
                noise: &self.noise,
                cache: self.caches.get(index),
            };
            layer.run(sequence, before, padding)
        };
        if self.num_layers == 1 {
            return run(0, &self.weights, sequence, state);
        }
        let mut last = Vec::with_capacity(self.num_layers);
        for (index, weights) in self.weights.chunks(directions).enumerate() {
            if index > 0 {
                sequence = self.noise.between_layers(sequence);
            }
            let range = index * directions..(index + 1) * directions;
            let before = (state.clone()).map(|part| narrow(part, range.clone()));
            let (output, after) = run(index, weights, sequence, before);
            sequence = output;
            last.push(after);
        }
        (sequence, Parts::concat(last))
    }

    fn check_features(&self, features: usize) {
        assert!(
            features == self.input_size,
            "{}: the input has {features} features, expected input_size {}",
            C::NAME,
            self.input_size
        );
    }

    fn check_dtype(&self, found: DType) {
        let expected = self.weights[0].weight_ih.dtype();
        assert!(
            found == expected,
            "{}: the input is {found:?}, expected {expected:?}, as the weights are",
            C::NAME
        );
    }

    /// The state that was given, in numbers as `like` has them, or zeros.
    fn start<const D: usize>(
        &self,
        state: Option<Parts<3>>,
        batch: usize,
        like: &Tensor<D>,
    ) -> Parts<3> {
        assert!(batch > 0, "{}: the batch has no sequences", C::NAME);
        let hidden = [self.weights.len(), batch, self.output_size];
        let cell = [self.weights.len(), batch, self.hidden_size];
        let state = state.unwrap_or_else(|| {
            let cell = C::HAS_CELL_STATE.then_some(cell);
            Parts::zeros(hidden, cell, &like.device())
        });
        state.check(
            C::NAME,
            "[layers·directions, batch, features]",
            hidden,
            cell,
        );
        state.map(|part| part.cast(like.dtype()))
    }

    fn check_lengths(&self, lengths: &Lengths, sequence: &Tensor<3>) {
        let [time, batch, _] = sequence.dims();
        let expected = (lengths.as_slice().len(), lengths.time());
        assert!(
            (batch, time) == expected,
            "{}: the batch has {batch} sequences of {time} steps, the lengths are for {expected:?}",
            C::NAME
        );
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
        self.output_size
    }

    /// Layers, L.
    pub fn num_layers(&self) -> usize {
        self.num_layers
    }

    /// Directions, D: 2 if bidirectional, else 1.
    pub fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }
}
