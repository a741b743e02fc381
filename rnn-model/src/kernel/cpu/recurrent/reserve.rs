use super::equations::Equations;
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::rows::Rows;

/// What the backward pass needs of the forward pass, of one direction.
pub struct Reserve {
    /// What a step keeps, `[time, batch, blocks·width]` in the sequence's order.
    pub blocks: Buffer,
    /// The cell state before each step in the order of the steps, and after the last,
    /// `[time + 1, batch, width]`; empty for a cell without one.
    pub cells: Buffer,
    /// The hidden states before the projection, `[time, batch, width]`; empty without a projection.
    pub hidden: Buffer,
    /// `hidden_size`, up to a multiple of a vector.
    pub width: usize,
}

impl Reserve {
    /// `[time, batch, blocks·width]`
    pub fn blocks(&self, [time, batch, _]: [usize; 3]) -> Rows<'_> {
        let width = self.blocks.len() / (time * batch);
        Rows::contiguous(&self.blocks, [time, batch, width])
    }
}

/// The blocks that the input contributes to.
pub fn of_input<E: Equations>(blocks: Rows<'_>, width: usize) -> Rows<'_> {
    blocks.columns(E::INPUT_FIRST * width..(E::INPUT_FIRST + E::GATES) * width)
}

/// The blocks that the state contributes to.
pub fn of_state<E: Equations>(blocks: Rows<'_>, width: usize) -> Rows<'_> {
    blocks.columns(0..E::GATES * width)
}
