mod composite;

use burn::tensor::{Bool, Device, Tensor, TensorData};
use rnn_model::{AnyState, LstmState, ModuleState};

/// What a training step hands on to the next one: a recurrent state, or `()` for nothing. Pairs, `Option`s
/// and vectors of states are states.
///
/// Truncated back-propagation through time carries it from window to window: detached, so that
/// gradients end at the window's border; set to zeros where a document begins; and kept in checkpoints.
pub trait RecurrentState: Sized + Send + 'static {
    /// The state without the graph that it was computed by.
    fn detach(self) -> Self;

    /// The state with zeros for those sequences of the batch that `starts` marks.
    fn restart(self, starts: &[bool]) -> Self;

    /// Its values, in the order in which [`from_data`](Self::from_data) takes them.
    fn to_data(&self) -> Vec<TensorData>;

    /// Makes a state of the values that [`to_data`](Self::to_data) gives; none if they are those of
    /// another kind of state.
    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self>;
}

/// No state: every batch starts from zeros.
impl RecurrentState for () {
    fn detach(self) -> Self {}

    fn restart(self, _: &[bool]) -> Self {}

    fn to_data(&self) -> Vec<TensorData> {
        Vec::new()
    }

    fn from_data(data: Vec<TensorData>, _: &Device) -> Option<Self> {
        data.is_empty().then_some(())
    }
}

/// `[layers·directions, batch, hidden_size]`
impl RecurrentState for Tensor<3> {
    fn detach(self) -> Self {
        Tensor::detach(self)
    }

    fn restart(self, starts: &[bool]) -> Self {
        if !starts.contains(&true) {
            return self;
        }
        let shape = self.dims();
        let starts = TensorData::new(starts.to_vec(), [1, shape[1], 1]);
        let starts = Tensor::<3, Bool>::from_data(starts, &self.device()).expand(shape);
        // Filled, not multiplied by zero, which would keep NaN.
        self.mask_fill(starts, 0.0)
    }

    fn to_data(&self) -> Vec<TensorData> {
        vec![Tensor::to_data(self)]
    }

    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self> {
        let [data] = <[TensorData; 1]>::try_from(data).ok()?;
        (data.shape().len() == 3).then(|| Tensor::from_data(data, device))
    }
}

impl RecurrentState for LstmState<3> {
    fn detach(self) -> Self {
        LstmState::detach(self)
    }

    fn restart(self, starts: &[bool]) -> Self {
        Self {
            h: self.h.restart(starts),
            c: self.c.restart(starts),
        }
    }

    fn to_data(&self) -> Vec<TensorData> {
        vec![self.h.to_data(), self.c.to_data()]
    }

    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self> {
        let [h, c] = <[TensorData; 2]>::try_from(data).ok()?;
        Some(Self {
            h: RecurrentState::from_data(vec![h], device)?,
            c: RecurrentState::from_data(vec![c], device)?,
        })
    }
}

/// The state of the cell that was chosen at run time.
impl RecurrentState for AnyState {
    fn detach(self) -> Self {
        ModuleState::detach(self)
    }

    fn restart(self, starts: &[bool]) -> Self {
        match self {
            Self::Hidden(h) => Self::Hidden(h.restart(starts)),
            Self::Lstm(state) => Self::Lstm(state.restart(starts)),
        }
    }

    fn to_data(&self) -> Vec<TensorData> {
        match self {
            Self::Hidden(h) => RecurrentState::to_data(h),
            Self::Lstm(state) => state.to_data(),
        }
    }

    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self> {
        match data.len() {
            1 => RecurrentState::from_data(data, device).map(Self::Hidden),
            _ => RecurrentState::from_data(data, device).map(Self::Lstm),
        }
    }
}
