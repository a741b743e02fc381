use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};

use super::config::{ConfigError, RecurrentConfig};
use super::lengths::Lengths;
use super::module::Recurrent;
use super::step::{Cell, ModuleState};

/// A recurrent module over sequences, whatever its cell: what models are built on.
///
/// [`Rnn`](crate::Rnn), [`Lstm`](crate::Lstm) and [`Gru`](crate::Gru) are such modules, and
/// [`AnyRecurrent`](crate::AnyRecurrent) is one of the three, chosen at run time.
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{AnyConfig, GruConfig, LstmConfig, RecurrentModule, RecurrentModuleConfig};
///
/// fn summary(module: &impl RecurrentModule, input: Tensor<3>) -> Tensor<2> {
///     let (output, _) = module.forward(input, None);
///     output.mean_dim(1).squeeze_dim(1)
/// }
///
/// # let device = Default::default();
/// let input = Tensor::ones([2, 6, 5], &device);
/// let lstm = LstmConfig::new(5, 3).init(&device);
/// let any = AnyConfig::from(GruConfig::new(5, 4)).init(&device);
/// assert_eq!(summary(&lstm, input.clone()).dims(), [2, 3]);
/// assert_eq!(summary(&any, input).dims(), [2, 4]);
/// ```
pub trait RecurrentModule: Module + ModuleDisplay + core::fmt::Display + Sync + 'static {
    /// The state before and after a sequence: a tensor, or [`LstmState`](crate::LstmState).
    type State: ModuleState<3>;

    /// Runs over a batch of sequences of one length.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, time, input_size]`, or `[time, batch, input_size]` unless `batch_first`
    /// - `state`: before the first step, `[layers·directions, batch, output_size]` (and
    ///   `hidden_size` for a cell state); zeros if omitted
    /// - output: `[batch, time, directions·output_size]` (or time first)
    /// - state: after the last step, shaped as before the first
    ///
    /// # Panics
    ///
    /// If a shape is not as above, the batch has no sequences, or the sequences have no steps.
    fn forward(&self, input: Tensor<3>, state: Option<Self::State>) -> (Tensor<3>, Self::State);

    /// Runs over a padded batch of sequences of different lengths, as described at [`Lengths`].
    ///
    /// Shapes are those of [`forward`](Self::forward).
    ///
    /// # Panics
    ///
    /// As `forward` does, or if the lengths are those of a batch of another shape.
    fn forward_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<Self::State>,
    ) -> (Tensor<3>, Self::State);

    /// Features of the input per time step, I.
    fn input_size(&self) -> usize;

    /// Features of the output per direction, P: `proj_size` if there is one, else `hidden_size`.
    fn output_size(&self) -> usize;

    /// Directions, D: 2 if bidirectional, else 1.
    fn directions(&self) -> usize;
}

/// The configuration of a [`RecurrentModule`]: what the configurations of models are built on.
pub trait RecurrentModuleConfig: Clone + core::fmt::Debug + PartialEq {
    /// The module that it makes.
    type Module: RecurrentModule;

    /// Makes the module, its weights drawn from the device's random state.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    fn init(&self, device: &Device) -> Self::Module;

    /// Sets whether the batch is the first axis of input and output.
    fn with_batch_first(self, batch_first: bool) -> Self;

    /// Checks what a module could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If a setting is out of range.
    fn validate(&self) -> Result<(), ConfigError>;

    /// The number of values in the module's parameters.
    fn num_params(&self) -> usize;

    /// Features of the input per time step, I.
    fn input_size(&self) -> usize;

    /// Features of the output per direction, P: `proj_size` if there is one, else `hidden_size`.
    fn output_size(&self) -> usize;

    /// Directions, D: 2 if bidirectional, else 1.
    fn directions(&self) -> usize;
}

impl<C: Cell> RecurrentModule for Recurrent<C> {
    type State = C::State<3>;

    fn forward(&self, input: Tensor<3>, state: Option<Self::State>) -> (Tensor<3>, Self::State) {
        self.forward(input, state)
    }

    fn forward_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<Self::State>,
    ) -> (Tensor<3>, Self::State) {
        self.forward_with_lengths(input, lengths, state)
    }

    fn input_size(&self) -> usize {
        self.input_size()
    }

    fn output_size(&self) -> usize {
        self.output_size()
    }

    fn directions(&self) -> usize {
        self.directions()
    }
}

impl<C: Cell> RecurrentModuleConfig for RecurrentConfig<C> {
    type Module = Recurrent<C>;

    fn init(&self, device: &Device) -> Recurrent<C> {
        self.init(device)
    }

    fn with_batch_first(self, batch_first: bool) -> Self {
        self.with_batch_first(batch_first)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn num_params(&self) -> usize {
        self.num_params()
    }

    fn input_size(&self) -> usize {
        self.input_size()
    }

    fn output_size(&self) -> usize {
        self.output_size()
    }

    fn directions(&self) -> usize {
        self.directions()
    }
}
