use burn::module::{Module, ModuleDisplay};
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

#[cfg(feature = "serde")]
use super::rnn::Nonlinearity;
use super::state::Parts;
#[cfg(feature = "kernel")]
use crate::kernel::CellKind;

/// The equations of one time step. Nothing outside of this crate can name it, so that there are no
/// other cells.
///
/// The two matrix products of a step, `x_t·W_ihᵀ + b_ih` and `h_{t-1}·W_hhᵀ + b_hh`, are the same
/// for every cell and are done outside: the first for all steps at once, the second for all gates
/// at once. A cell sees their results, both `[batch, gates·hidden_size]`.
///
/// It is a [`Module`] (one without parameters), so that it can be a type parameter of modules.
pub trait Equations: Module + ModuleDisplay + PartialEq + Sync + 'static {
    /// Whether `b_hh` may be added together with `b_ih`, before the loop over time. A cell that
    /// multiplies the recurrent product by a gate needs it on that side.
    const BIASES_MERGE: bool;

    /// The kernel's name for the cell.
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind;

    /// The activation, of a cell that leaves the choice.
    #[cfg(feature = "serde")]
    fn nonlinearity(&self) -> Option<Nonlinearity> {
        None
    }

    /// The cell with this activation; none if the cell leaves no choice.
    #[cfg(feature = "serde")]
    fn of(_: Nonlinearity) -> Option<Self> {
        None
    }

    /// One time step.
    ///
    /// - `input`: `x_t·W_ihᵀ` with its bias, `[batch, gates·hidden_size]`
    /// - `recurrent`: `h_{t-1}·W_hhᵀ`, with its bias unless biases merge, the same shape
    /// - `state`: with a cell state if the cell has one
    /// - `norm`: for a module with layer normalisation whose cell has a cell state: what `h` sees
    ///   of that state
    fn step(
        &self,
        input: Tensor<2>,
        recurrent: Tensor<2>,
        state: Parts<2>,
        norm: Option<&LayerNorm>,
    ) -> Parts<2>;
}
