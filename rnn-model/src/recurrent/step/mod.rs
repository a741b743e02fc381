//! What tells one recurrent network from another: the equations of a single time step.
//!
//! Depth, direction and time are the business of [`Recurrent`](crate::Recurrent); a cell only says
//! how many gates it has, what its state is made of, and how one step goes.

mod fused;
mod gru;
mod lstm;
mod rnn;

pub use gru::GruStep;
pub use lstm::{LstmState, LstmStep};
pub use rnn::{Nonlinearity, RnnStep};

pub(crate) use fused::Fused;

use burn::module::{Module, ModuleDisplay};
use burn::nn::LayerNorm;
use burn::tensor::{Device, Tensor};

/// The equations of one time step.
///
/// The two matrix products of a step, `x_t·W_ihᵀ + b_ih` and `h_{t-1}·W_hhᵀ + b_hh`, are the same
/// for every cell and are done outside: the first for all steps at once, the second for all gates
/// at once. A cell sees their results, both `[batch, gates·hidden_size]`.
///
/// The cells are those of this crate, which knows their kernels. It is a [`Module`] (one without
/// parameters), so that it can be a type parameter of modules.
pub trait Cell: Fused + Module + ModuleDisplay + Sync + 'static {
    /// The state, with tensors of rank `D`: `[batch, hidden_size]` at one step of one layer,
    /// `[layers·directions, batch, hidden_size]` for a whole module.
    type State<const D: usize>: Clone + core::fmt::Debug + Send;

    /// How many blocks of `hidden_size` rows the weights hold.
    const GATES: usize;

    /// The module's name, for display and errors.
    const NAME: &'static str;

    /// Whether `b_hh` may be added together with `b_ih`, before the loop over time. A cell that
    /// multiplies the recurrent product by a gate needs it on that side.
    const BIASES_MERGE: bool;

    /// Whether the state has a part beside `h`, which layer normalisation then knows too.
    const HAS_CELL_STATE: bool;

    /// One time step.
    ///
    /// - `input`: `x_t·W_ihᵀ` with its bias, `[batch, gates·hidden_size]`
    /// - `recurrent`: `h_{t-1}·W_hhᵀ`, with its bias unless biases merge, the same shape
    /// - `norm`: for a module with layer normalisation whose cell
    ///   [has a cell state](Self::HAS_CELL_STATE): what `h` sees of that state
    fn step(
        &self,
        input: Tensor<2>,
        recurrent: Tensor<2>,
        state: Self::State<2>,
        norm: Option<&LayerNorm>,
    ) -> Self::State<2>;

    /// `h`, and the cell state if there is one.
    fn into_parts<const D: usize>(state: Self::State<D>) -> (Tensor<D>, Option<Tensor<D>>);

    /// The state of the two; the second is there if the cell [has one](Self::HAS_CELL_STATE).
    fn from_parts<const D: usize>(hidden: Tensor<D>, cell: Option<Tensor<D>>) -> Self::State<D>;

    /// `h`: what the step puts out and feeds back, `[.., hidden_size]`.
    fn hidden<const D: usize>(state: &Self::State<D>) -> &Tensor<D>;

    /// The state with another `h`.
    fn with_hidden<const D: usize>(state: Self::State<D>, hidden: Tensor<D>) -> Self::State<D> {
        let (_, cell) = Self::into_parts(state);
        Self::from_parts(hidden, cell)
    }

    /// The state with `f` applied to each of its tensors, `h` first.
    fn map_state<const A: usize, const B: usize>(
        state: Self::State<A>,
        mut f: impl FnMut(Tensor<A>) -> Tensor<B>,
    ) -> Self::State<B> {
        let (hidden, cell) = Self::into_parts(state);
        let hidden = f(hidden);
        Self::from_parts(hidden, cell.map(f))
    }

    /// Two states, tensor by tensor, `h` first.
    fn zip_states<const D: usize>(
        a: Self::State<D>,
        b: Self::State<D>,
        mut f: impl FnMut(Tensor<D>, Tensor<D>) -> Tensor<D>,
    ) -> Self::State<D> {
        let ((h_a, c_a), (h_b, c_b)) = (Self::into_parts(a), Self::into_parts(b));
        let hidden = f(h_a, h_b);
        Self::from_parts(hidden, c_a.zip(c_b).map(|(a, b)| f(a, b)))
    }

    /// States of single directions, stacked along a new first axis.
    fn stack(states: Vec<Self::State<2>>) -> Self::State<3> {
        let parts = states.into_iter().map(Self::into_parts);
        let (hidden, cells): (Vec<_>, Vec<_>) = parts.unzip();
        let cells: Option<Vec<_>> = cells.into_iter().collect();
        Self::from_parts(
            Tensor::stack(hidden, 0),
            cells.map(|cells| Tensor::stack(cells, 0)),
        )
    }

    /// States of layers, `[directions, batch, ..]` each, one after another along the first axis.
    fn join(mut states: Vec<Self::State<3>>) -> Self::State<3> {
        if states.len() == 1 {
            return states.remove(0);
        }
        let parts = states.into_iter().map(Self::into_parts);
        let (hidden, cells): (Vec<_>, Vec<_>) = parts.unzip();
        let cells: Option<Vec<_>> = cells.into_iter().collect();
        Self::from_parts(
            Tensor::cat(hidden, 0),
            cells.map(|cells| Tensor::cat(cells, 0)),
        )
    }

    /// The state before the first step: zeros, shaped as `hidden` and, if there is one, `cell`.
    fn zeros<const D: usize>(
        hidden: [usize; D],
        cell: [usize; D],
        device: &Device,
    ) -> Self::State<D> {
        let cell = Self::HAS_CELL_STATE.then(|| Tensor::zeros(cell, device));
        Self::from_parts(Tensor::zeros(hidden, device), cell)
    }
}
