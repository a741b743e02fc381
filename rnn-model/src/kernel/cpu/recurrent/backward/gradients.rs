use crate::kernel::cpu::recurrent::weight_gradients::WeightGradients;
use crate::kernel::cpu::rows::Rows;

/// Gradients to be computed, of what is in [`Inputs`].
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub input: bool,
    pub weights: bool,
    /// Of the state before the first step.
    pub state: bool,
}

/// The loss's gradients with respect to what [`forward`](super::super::forward()) gave; none is zero.
pub struct Gradient<'a> {
    /// `[time, batch, directions·output_size]`
    pub output: Option<Rows<'a>>,
    /// `[directions, batch, output_size]`
    pub h_n: Option<Rows<'a>>,
    /// `[directions, batch, hidden_size]`
    pub c_n: Option<Rows<'a>>,
}

/// Gradients of the loss by what is in [`Inputs`], of the same shapes.
pub struct Gradients {
    pub input: Option<Vec<f32>>,
    /// Of each direction.
    pub weights: Option<Vec<WeightGradients>>,
    /// `h_0` and `c_0`; nothing for a cell state that is not there.
    pub state: Option<[Vec<f32>; 2]>,
}
