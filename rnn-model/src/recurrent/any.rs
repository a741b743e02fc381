//! A recurrent module whose cell is chosen at run time.

mod config;

use burn::module::{
    Content, Devices, DisplaySettings, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper,
    ModuleVisitor,
};
use burn::tensor::{Device, Tensor};

use super::interface::RecurrentModule;
use super::lengths::Lengths;
use super::module::{Gru, Lstm, Recurrent, Rnn};
use super::step::{Cell, LstmState, ModuleState};
pub use config::AnyConfig;

/// An [`Rnn`], an [`Lstm`] or a [`Gru`]: for programs whose user chooses the cell.
///
/// Its parameters have the names that they have in the module itself: a file of weights does not
/// tell an [`AnyRecurrent::Lstm`] from an [`Lstm`].
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{AnyConfig, AnyRecurrent, Gru, LstmConfig, RecurrentModule, RecurrentModuleConfig};
/// # let device = Default::default();
/// let module: AnyRecurrent = AnyConfig::from(LstmConfig::new(5, 3)).init(&device);
/// let (output, state) = module.forward(Tensor::ones([2, 6, 5], &device), None);
/// assert_eq!(output.dims(), [2, 6, 3]);
/// let (output, _) = module.forward(Tensor::ones([2, 1, 5], &device), Some(state));
/// assert_eq!(output.dims(), [2, 1, 3]);
/// ```
#[derive(Clone, Debug)]
pub enum AnyRecurrent {
    /// The simple recurrent network.
    Rnn(Rnn),
    /// Long short-term memory.
    Lstm(Lstm),
    /// The gated recurrent unit.
    Gru(Gru),
}

/// The state of an [`AnyRecurrent`], `[layers·directions, batch, hidden_size]` each.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a state is moved once per sequence, and a box would show in every match"
)]
pub enum AnyState {
    /// Of an RNN or a GRU.
    Hidden(Tensor<3>),
    /// Of an LSTM.
    Lstm(LstmState<3>),
}

impl AnyState {
    /// The same values, cut off from what computed them: [`ModuleState::detach`].
    pub fn detach(self) -> Self {
        ModuleState::detach(self)
    }

    fn of(h: Tensor<3>, c: Option<Tensor<3>>) -> Self {
        match c {
            None => Self::Hidden(h),
            Some(c) => Self::Lstm(LstmState { h, c }),
        }
    }
}

impl ModuleState<3> for AnyState {
    fn into_parts(self) -> (Tensor<3>, Option<Tensor<3>>) {
        match self {
            Self::Hidden(h) => (h, None),
            Self::Lstm(LstmState { h, c }) => (h, Some(c)),
        }
    }

    fn from_parts(h: Tensor<3>, c: Option<Tensor<3>>) -> Option<Self> {
        Some(Self::of(h, c))
    }

    fn hidden(&self) -> &Tensor<3> {
        match self {
            Self::Hidden(h) => h,
            Self::Lstm(state) => &state.h,
        }
    }
}

impl From<Rnn> for AnyRecurrent {
    fn from(rnn: Rnn) -> Self {
        Self::Rnn(rnn)
    }
}

impl From<Lstm> for AnyRecurrent {
    fn from(lstm: Lstm) -> Self {
        Self::Lstm(lstm)
    }
}

impl From<Gru> for AnyRecurrent {
    fn from(gru: Gru) -> Self {
        Self::Gru(gru)
    }
}

/// `$body` with the module, whichever it is.
macro_rules! with_inner {
    ($any:expr, $module:ident => $body:expr) => {
        match $any {
            AnyRecurrent::Rnn($module) => $body,
            AnyRecurrent::Lstm($module) => $body,
            AnyRecurrent::Gru($module) => $body,
        }
    };
}

impl RecurrentModule for AnyRecurrent {
    type State = AnyState;

    /// # Panics
    ///
    /// Also if the state is another cell's.
    fn forward(&self, input: Tensor<3>, state: Option<AnyState>) -> (Tensor<3>, AnyState) {
        with_inner!(self, module => {
            let state = state.map(|state| unwrap_state(module, state));
            let (output, state) = module.forward(input, state);
            (output, wrap_state(state))
        })
    }

    fn forward_with_lengths(
        &self,
        input: Tensor<3>,
        lengths: &Lengths,
        state: Option<AnyState>,
    ) -> (Tensor<3>, AnyState) {
        with_inner!(self, module => {
            let state = state.map(|state| unwrap_state(module, state));
            let (output, state) = module.forward_with_lengths(input, lengths, state);
            (output, wrap_state(state))
        })
    }

    fn input_size(&self) -> usize {
        with_inner!(self, module => module.input_size())
    }

    fn output_size(&self) -> usize {
        with_inner!(self, module => module.output_size())
    }

    fn directions(&self) -> usize {
        with_inner!(self, module => module.directions())
    }
}

/// The state as one of the module's own.
///
/// # Panics
///
/// If it is another cell's.
fn unwrap_state<C: Cell>(_: &Recurrent<C>, state: AnyState) -> C::State<3> {
    let (h, c) = state.into_parts();
    let found = match c {
        None => "Rnn or Gru (h alone)",
        Some(_) => "Lstm (h and c)",
    };
    C::State::from_parts(h, c).unwrap_or_else(|| {
        let parts = if C::HAS_CELL_STATE {
            "h and c"
        } else {
            "h alone"
        };
        let module = C::NAME;
        panic!("{module}: the state is one of {found}, expected one of {module} ({parts})")
    })
}

fn wrap_state(state: impl ModuleState<3>) -> AnyState {
    let (h, c) = state.into_parts();
    AnyState::of(h, c)
}

// By hand: what Burn derives for an enum puts the variant's name into the parameters' paths.
impl Module for AnyRecurrent {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        with_inner!(self, module => module.visit(visitor));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        with_inner!(self, module => module.map(mapper).into())
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        with_inner!(self, module => module.collect_devices(devices))
    }

    fn fork(self, device: &Device) -> Self {
        with_inner!(self, module => module.fork(device).into())
    }

    fn to_device(self, device: &Device) -> Self {
        with_inner!(self, module => module.to_device(device).into())
    }

    fn train(self) -> Self {
        with_inner!(self, module => module.train().into())
    }

    fn valid(&self) -> Self {
        with_inner!(self, module => module.valid().into())
    }

    fn materialize(self) -> Self {
        with_inner!(self, module => module.materialize().into())
    }
}

impl ModuleDisplay for AnyRecurrent {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        with_inner!(self, module => module.custom_settings())
    }
}

impl ModuleDisplayDefault for AnyRecurrent {
    fn content(&self, content: Content) -> Option<Content> {
        with_inner!(self, module => module.content(content))
    }
}

impl core::fmt::Display for AnyRecurrent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        with_inner!(self, module => core::fmt::Display::fmt(module, f))
    }
}
