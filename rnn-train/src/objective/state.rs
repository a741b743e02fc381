use burn::tensor::{Bool, Device, Tensor, TensorData};
use rnn_model::LstmState;

/// What a training step hands on to the next one: a recurrent state, or `()` for nothing.
///
/// It is what truncated back-propagation through time carries from window to window: detached, so that
/// gradients end at the border; started anew where a document begins; and kept in checkpoints.
pub trait Carried: Sized + Send + 'static {
    /// The state without its history.
    fn detach(self) -> Self;

    /// The state with zeros for the sequences of the batch that `starts` marks.
    fn restart(self, starts: &[bool]) -> Self;

    /// Its values, in an order that [`from_data`](Self::from_data) knows.
    fn to_data(&self) -> Vec<TensorData>;

    /// The state of such values; none if they are not of such a state.
    fn from_data(data: Vec<TensorData>, device: &Device) -> Option<Self>;
}

/// Nothing is handed on.
impl Carried for () {
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
impl Carried for Tensor<3> {
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

impl Carried for LstmState<3> {
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
            h: Carried::from_data(vec![h], device)?,
            c: Carried::from_data(vec![c], device)?,
        })
    }
}
