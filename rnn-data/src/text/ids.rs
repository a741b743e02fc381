//! Characters and their ids.

use std::collections::HashMap;

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
    ascii: [Option<usize>; 128],
    others: HashMap<char, usize>,
    unk: Option<usize>,
    /// How many symbols the vocabulary has.
    pub(super) len: usize,
}

impl Ids {
    pub(super) fn new(vocab: &Vocab) -> Self {
        let mut ids = Self {
            ascii: [None; 128],
            others: HashMap::new(),
            unk: vocab.unk_id(),
            len: vocab.len(),
        };
        for (id, symbol) in vocab.iter().enumerate() {
            let mut chars = symbol.chars();
            let (Some(c), None) = (chars.next(), chars.next()) else {
                continue;
            };
            match ids.ascii.get_mut(c as usize) {
                Some(place) => *place = Some(id),
                None => {
                    ids.others.insert(c, id);
                }
            }
        }
        ids
    }

    /// The character's own id.
    pub(super) fn own(&self, c: char) -> Option<usize> {
        match self.ascii.get(c as usize) {
            Some(id) => *id,
            None => self.others.get(&c).copied(),
        }
    }

    /// The character's id, or else that of the symbol for unknown ones.
    pub(super) fn get(&self, c: char) -> Option<usize> {
        self.own(c).or(self.unk)
    }
}
