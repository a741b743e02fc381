use std::fmt::Display;

use burn::tensor::{Device, Tensor};

use crate::recurrent::shapes::{concat, dims};

/// A recurrent state, whatever the cell: the hidden state `h` and, for an LSTM, the cell state `c`.
///
/// It is a tensor for an [`Rnn`](crate::Rnn) or a [`Gru`](crate::Gru), an
/// [`LstmState`](crate::LstmState) for an [`Lstm`](crate::Lstm). The tensors' rank D is 3 for the
/// state of a whole module and 2 for that of a single cell.
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{LstmState, ModuleState};
/// # let device = Default::default();
/// let h = Tensor::<2>::ones([2, 3], &device);
/// assert!(LstmState::from_parts(h.clone(), None).is_none());
/// let state = LstmState::from_parts(h.clone(), Some(h)).expect("h and c");
/// let (h, c) = ModuleState::detach(state).into_parts();
/// assert_eq!((h.dims(), c.map(|c| c.dims())), ([2, 3], Some([2, 3])));
/// ```
pub trait ModuleState<const D: usize>: Clone + core::fmt::Debug + Send + 'static {
    /// `h`, and `c` if the cell has such a state.
    fn into_parts(self) -> (Tensor<D>, Option<Tensor<D>>);

    /// The state of these tensors; none if `c` is missing, or given to a cell that has none.
    fn from_parts(h: Tensor<D>, c: Option<Tensor<D>>) -> Option<Self>;

    /// `h`: what a step puts out and feeds back.
    fn hidden(&self) -> &Tensor<D>;

    /// The same values without their history: gradients stop here.
    ///
    /// Call it on a state that is carried to the next window, or the graph grows with every
    /// window (truncated back-propagation through time).
    ///
    /// Code for any cell has it for the state of every [`RecurrentModule`](crate::RecurrentModule):
    ///
    /// ```
    /// use burn::tensor::Tensor;
    /// use rnn_model::{ModuleState, RecurrentModule}; // both: `detach` is of the first
    ///
    /// fn run<R: RecurrentModule>(module: &R, windows: Vec<Tensor<3>>) -> Option<R::State> {
    ///     let mut state: Option<R::State> = None;
    ///     for window in windows {
    ///         let (_, next) = module.forward(window, state);
    ///         state = Some(next.detach());
    ///     }
    ///     state
    /// }
    ///
    /// # let device = Default::default();
    /// let lstm = rnn_model::LstmConfig::new(5, 3).init(&device);
    /// let state = run(&lstm, vec![Tensor::ones([2, 6, 5], &device); 3]).expect("windows");
    /// assert_eq!(state.h.dims(), [1, 2, 3]);
    /// ```
    fn detach(self) -> Self {
        let (h, c) = self.into_parts();
        let detached = Self::from_parts(h.detach(), c.map(Tensor::detach));
        detached.expect("the parts of such a state")
    }
}

impl<const D: usize> ModuleState<D> for Tensor<D> {
    fn into_parts(self) -> (Tensor<D>, Option<Tensor<D>>) {
        (self, None)
    }

    fn from_parts(h: Tensor<D>, c: Option<Tensor<D>>) -> Option<Self> {
        c.is_none().then_some(h)
    }

    fn hidden(&self) -> &Tensor<D> {
        self
    }
}

/// The tensors of a state, for the code that is the same for all cells.
#[derive(Clone, Debug)]
pub struct Parts<const D: usize> {
    pub h: Tensor<D>,
    /// Of a cell that has such a state.
    pub c: Option<Tensor<D>>,
}

impl<const D: usize> Parts<D> {
    pub fn of(state: impl ModuleState<D>) -> Self {
        let (h, c) = state.into_parts();
        Self { h, c }
    }

    pub fn into_state<S: ModuleState<D>>(self) -> S {
        S::from_parts(self.h, self.c).expect("a cell's own parts")
    }

    /// Zeros of the shapes of `h` and, if there is one, `c`.
    pub fn zeros(h: [usize; D], c: Option<[usize; D]>, device: &Device) -> Self {
        Self {
            h: Tensor::zeros(h, device),
            c: c.map(|c| Tensor::zeros(c, device)),
        }
    }

    /// Checks the tensors' shapes.
    ///
    /// - `module`: what takes the state
    /// - `axes`: the names of a tensor's axes
    /// - `h`, `c`: the expected shapes
    ///
    /// # Panics
    ///
    /// If one is another.
    pub fn check(&self, module: impl Display, axes: &str, h: [usize; D], c: [usize; D]) {
        let (part, found, expected) = match &self.c {
            _ if dims(&self.h) != h && self.c.is_some() => ("h of the state", dims(&self.h), h),
            _ if dims(&self.h) != h => ("the state", dims(&self.h), h),
            Some(cell) if dims(cell) != c => ("c of the state", dims(cell), c),
            _ => return,
        };
        panic!("{module}: {part} is {found:?}, expected {axes} = {expected:?}");
    }

    /// Applies `f` to each tensor, `h` first.
    pub fn map<const E: usize>(self, mut f: impl FnMut(Tensor<D>) -> Tensor<E>) -> Parts<E> {
        Parts {
            h: f(self.h),
            c: self.c.map(f),
        }
    }

    /// Combines two states tensor by tensor, `h` first.
    pub fn zip(self, other: Self, mut f: impl FnMut(Tensor<D>, Tensor<D>) -> Tensor<D>) -> Self {
        Self {
            h: f(self.h, other.h),
            c: self.c.zip(other.c).map(|(a, b)| f(a, b)),
        }
    }
}

impl Parts<3> {
    /// The states of single directions, stacked along a new first axis.
    pub fn stack(states: Vec<Parts<2>>) -> Self {
        let (h, c) = unzip(states);
        Self {
            h: Tensor::stack(h, 0),
            c: c.map(|c| Tensor::stack(c, 0)),
        }
    }

    /// The states of layers, `[directions, batch, ..]` each, concatenated along the first axis.
    pub fn concat(states: Vec<Self>) -> Self {
        let has_cell_state = states.iter().all(|state| state.c.is_some());
        let c = || states.iter().filter_map(|state| state.c.clone());
        Self {
            h: concat(states.iter().map(|state| state.h.clone())),
            c: has_cell_state.then(|| concat(c())),
        }
    }
}

/// All `h`, and all `c` if there are any.
fn unzip<const D: usize>(states: Vec<Parts<D>>) -> (Vec<Tensor<D>>, Option<Vec<Tensor<D>>>) {
    let (h, c): (Vec<_>, Vec<_>) = states.into_iter().map(|state| (state.h, state.c)).unzip();
    (h, c.into_iter().collect())
}
