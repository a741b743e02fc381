use std::ops::{Index, IndexMut};

use super::{Id, Value};

/// The values in a block.
const BLOCK: usize = 1 << 12;

/// The values of a pickle, in blocks: a vector that grows takes up to three times what it holds.
pub(super) struct Values {
    blocks: Vec<Vec<Value>>,
}

impl Values {
    /// These values, at the ids from 0 on.
    pub fn new(first: [Value; 3]) -> Self {
        let mut block = Vec::with_capacity(BLOCK);
        block.extend(first);
        Self {
            blocks: vec![block],
        }
    }

    /// Adds a value; gives its id.
    pub fn push(&mut self, value: Value) -> Id {
        let is_full = |block: &Vec<Value>| block.len() == BLOCK;
        if self.blocks.last().is_none_or(is_full) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.blocks.len() - 1) * BLOCK;
        let block = &mut self.blocks[before / BLOCK];
        block.push(value);
        // As many values as that take more memory than the budget has.
        (before + block.len() - 1) as Id
    }

    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.blocks.iter().flatten()
    }
}

impl Index<Id> for Values {
    type Output = Value;

    fn index(&self, id: Id) -> &Value {
        &self.blocks[id as usize / BLOCK][id as usize % BLOCK]
    }
}

impl IndexMut<Id> for Values {
    fn index_mut(&mut self, id: Id) -> &mut Value {
        &mut self.blocks[id as usize / BLOCK][id as usize % BLOCK]
    }
}
