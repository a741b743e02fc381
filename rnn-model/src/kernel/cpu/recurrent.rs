//! One layer of a recurrent network over a sequence, in one direction or in both.
//!
//! A cell's equations are in `equations`; all else is common. All gates of a unit are made in
//! registers' reach of each other; what the input contributes is computed for several steps at once,
//! into the memory where the gates will lie. Threads share the batch, or have a direction each.

mod backward;
mod equations;
mod forward;
mod inputs;
mod prepared;
mod reserve;
mod step;
mod weight_gradients;

pub use backward::{Gradient, Gradients, Wanted, backward};
pub use equations::{Equations, Gru, Lstm, Rnn};
pub use forward::forward;
pub use inputs::{Direction, Inputs, Outputs};
pub use prepared::prepare;
pub use reserve::Reserve;

#[cfg(test)]
pub(super) use inputs::cut;
