//! What tells one recurrent network from another: the equations of a single time step.
//!
//! Depth, direction and time are the business of [`Recurrent`](crate::Recurrent); a cell only says
//! how many gates it has, what its state is made of, and how one step goes.

mod equations;
mod gru;
mod lstm;
mod rnn;
mod state;

pub use gru::GruStep;
pub use lstm::{LstmState, LstmStep};
pub use rnn::{Nonlinearity, RnnStep};
pub use state::{ModuleState, Parts};

use equations::Equations;

/// A kind of recurrent network: [`RnnStep`], [`LstmStep`] or [`GruStep`], the type parameter of
/// [`Recurrent`](crate::Recurrent) and [`RecurrentCell`](crate::RecurrentCell).
///
/// The cells are those of this crate, which has kernels for them.
///
/// ```
/// use rnn_model::{Cell, GruStep, LstmStep};
/// assert_eq!((LstmStep::GATES, LstmStep::HAS_CELL_STATE), (4, true));
/// assert_eq!((GruStep::GATES, GruStep::NAME), (3, "Gru"));
/// ```
pub trait Cell: Equations {
    /// The state, with tensors of rank `D`: `[batch, hidden_size]` at one step of one layer,
    /// `[layers·directions, batch, hidden_size]` for a whole module.
    type State<const D: usize>: ModuleState<D>;

    /// The number of gates: blocks of `hidden_size` rows in the weights.
    const GATES: usize;

    /// The module's name, for display and errors.
    const NAME: &'static str;

    /// Whether the state has a second part beside the hidden state `h`, the cell state `c`.
    const HAS_CELL_STATE: bool;
}
