use super::{GruStep, LstmStep, RnnStep};
#[cfg(feature = "kernel")]
use crate::kernel::Cell;

/// What a cell is to the kernels. Nothing outside of this crate can name it, so that there are no
/// other cells.
pub trait Fused {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> Cell;
}

impl Fused for LstmStep {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> Cell {
        Cell::Lstm
    }
}

impl Fused for GruStep {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> Cell {
        Cell::Gru
    }
}

impl Fused for RnnStep {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> Cell {
        match self.nonlinearity {
            super::Nonlinearity::Tanh => Cell::RnnTanh,
            super::Nonlinearity::Relu => Cell::RnnRelu,
        }
    }
}
