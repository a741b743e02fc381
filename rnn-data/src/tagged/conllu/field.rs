use std::fmt;

use crate::tagged::Label;

/// A field of CoNLL-U.
///
/// ```
/// use rnn_data::tagged::ConlluField;
///
/// assert_eq!(ConlluField::Upos.number(), 4);
/// assert_eq!(ConlluField::Upos.to_string(), "field 4 (UPOS)");
/// assert_eq!(ConlluField::ALL[9], ConlluField::Misc);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConlluField {
    /// The word's number.
    Id,
    /// The word.
    Form,
    /// Its dictionary form.
    Lemma,
    /// Its universal part of speech.
    Upos,
    /// Its part of speech in the treebank's own terms.
    Xpos,
    /// Its morphological features.
    Feats,
    /// The number of the word that it depends on, 0 for none.
    Head,
    /// Its relation to that word.
    Deprel,
    /// Its relations in the enhanced graph.
    Deps,
    /// Anything else.
    Misc,
}

impl ConlluField {
    /// All fields, in their order.
    pub const ALL: [Self; 10] = [
        Self::Id,
        Self::Form,
        Self::Lemma,
        Self::Upos,
        Self::Xpos,
        Self::Feats,
        Self::Head,
        Self::Deprel,
        Self::Deps,
        Self::Misc,
    ];

    /// The field's number, from 1.
    pub const fn number(self) -> usize {
        self.index() + 1
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// Its name in the format's description.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::Form => "FORM",
            Self::Lemma => "LEMMA",
            Self::Upos => "UPOS",
            Self::Xpos => "XPOS",
            Self::Feats => "FEATS",
            Self::Head => "HEAD",
            Self::Deprel => "DEPREL",
            Self::Deps => "DEPS",
            Self::Misc => "MISC",
        }
    }

    /// The field that a label names; `None` beyond the tenth.
    ///
    /// ```
    /// use rnn_data::tagged::{ConlluField, Label};
    ///
    /// assert_eq!(ConlluField::of_label(Label::Auto), Some(ConlluField::Upos));
    /// assert_eq!(ConlluField::of_label("5".parse()?), Some(ConlluField::Xpos));
    /// assert_eq!(ConlluField::of_label("11".parse()?), None);
    /// # Ok::<(), rnn_data::tagged::LabelError>(())
    /// ```
    pub fn of_label(label: Label) -> Option<Self> {
        Self::ALL.get(Self::number_of(label) - 1).copied()
    }

    /// The number of the field that a label names, from 1, which there may not be.
    pub(super) const fn number_of(label: Label) -> usize {
        match label {
            Label::Auto | Label::Upos => Self::Upos.number(),
            Label::Xpos => Self::Xpos.number(),
            Label::Column(number) => number.get(),
        }
    }

    /// Whether there may be spaces in it.
    pub(super) const fn has_spaces(self) -> bool {
        matches!(self, Self::Form | Self::Lemma | Self::Misc)
    }
}

impl fmt::Display for ConlluField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {} ({})", self.number(), self.name())
    }
}
