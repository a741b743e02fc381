use super::{GruStep, LstmStep, RnnStep};
#[cfg(feature = "kernel")]
use crate::kernel::CellKind;

/// What a cell is to the kernels. Nothing outside of this crate can name it, so that there are no
/// other cells.
pub trait Fused {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind;
}

impl Fused for LstmStep {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind {
        CellKind::Lstm
    }
}

impl Fused for GruStep {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind {
        CellKind::Gru
    }
}

impl Fused for RnnStep {
    #[cfg(feature = "kernel")]
    fn kernel(&self) -> CellKind {
        match self.nonlinearity {
            super::Nonlinearity::Tanh => CellKind::RnnTanh,
            super::Nonlinearity::Relu => CellKind::RnnRelu,
        }
    }
}
