//! Characters and their ids.

use crate::Vocab;

/// The characters of a text that are not in a vocabulary, from [`Text::count_unknown`](super::Text::count_unknown).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownChars {
    /// How many there are.
    pub count: u64,
    /// The first distinct ones, at most ten, in the order of the text.
    pub examples: Vec<char>,
}

impl UnknownChars {
    pub(super) fn add(&mut self, c: char) {
        self.count += 1;
        if self.examples.len() < 10 && !self.examples.contains(&c) {
            self.examples.push(c);
        }
    }
}

/// The ids of a vocabulary's characters, which are found without making strings of them.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    /// By code point, up to the last that has one; [`NONE`] for the others. Maps with hashes take five
    /// times as long, and this is never more than 4.25 MiB.
    table: Vec<u32>,
    unk: Option<usize>,
    /// How many symbols the vocabulary has.
    pub(super) len: usize,
}

/// What stands for no id. There are fewer characters.
const NONE: u32 = u32::MAX;

impl Ids {
    pub(super) fn new(vocab: &Vocab) -> Self {
        let mut table = Vec::new();
        for (symbol, id) in vocab.iter().zip(0..NONE) {
            let mut chars = symbol.chars();
            let (Some(c), None) = (chars.next(), chars.next()) else {
                continue;
            };
            let point = c as usize;
            table.resize(table.len().max(point + 1), NONE);
            table[point] = id;
        }
        Self {
            table,
            unk: vocab.unk_id(),
            len: vocab.len(),
        }
    }

    /// The character's own id.
    pub(super) fn own(&self, c: char) -> Option<usize> {
        let id = self.table.get(c as usize).filter(|id| **id != NONE);
        id.map(|id| *id as usize)
    }

    /// The character's id, or else that of the symbol for unknown ones.
    pub(super) fn get(&self, c: char) -> Option<usize> {
        self.own(c).or(self.unk)
    }
}
