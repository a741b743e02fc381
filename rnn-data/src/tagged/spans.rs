//! Spans of words that BIO tags mark.

/// Words that belong together, as BIO tags mark them: a name, a phrase.
///
/// ```
/// use rnn_data::tagged::{Span, spans};
///
/// let tags = ["B-PER", "I-PER", "O", "B-LOC"];
/// let expected = [
///     Span { label: "PER", start: 0, end: 2 },
///     Span { label: "LOC", start: 3, end: 4 },
/// ];
/// assert_eq!(spans(&tags), expected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span<'a> {
    /// What it is, such as `PER`.
    pub label: &'a str,
    /// Its first word, from 0.
    pub start: usize,
    /// The word after its last.
    pub end: usize,
}

/// The spans in one sentence's tags, by the rules of `conlleval`, the script of the CoNLL shared tasks,
/// which the Python package `seqeval` has in its default mode.
///
/// A tag is a letter and, after a hyphen, a label; `O` is a word outside. The rules take any tags:
///
/// - `B` and `S` begin a span, wherever they stand. `I` and `E` begin one after `O`, `E` and `S`.
/// - A span ends after `E` and `S`, and after `B` and `I` where `O`, `B` or `S` follows.
/// - Where the label changes, a span ends and another begins.
///
/// Other letters have no rule but the last: `L` goes on with the span before it, as `I` does, and so
/// does `U` with a span of its own label. In a tag without a hyphen all that follows the first letter
/// is the label; it is `_` where nothing does, as in `O`.
///
/// ```
/// use rnn_data::tagged::spans;
///
/// let shown = |tags: &str| {
///     let tags: Vec<&str> = tags.split(' ').collect();
///     let shown = spans(&tags).into_iter().map(|s| format!("{}:{}..{}", s.label, s.start, s.end));
///     shown.collect::<Vec<_>>().join(" ")
/// };
/// assert_eq!(shown("O I-PER I-PER"), "PER:1..3"); // begins with I
/// assert_eq!(shown("B-PER B-PER"), "PER:0..1 PER:1..2"); // side by side
/// assert_eq!(shown("B-PER I-LOC"), "PER:0..1 LOC:1..2"); // the label changes
/// ```
pub fn spans<S: AsRef<str>>(tags: &[S]) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut before = Tag::OUTSIDE;
    let tags = tags.iter().map(|tag| Tag::parse(tag.as_ref()));
    // Nothing goes on after the sentence.
    for (end, tag) in tags.chain([Tag::OUTSIDE]).enumerate() {
        if before.ends_before(tag) {
            let label = before.label;
            spans.push(Span { label, start, end });
        }
        if tag.begins_after(before) {
            start = end;
        }
        before = tag;
    }
    spans
}

/// A tag's parts.
#[derive(Clone, Copy)]
struct Tag<'a> {
    letter: char,
    label: &'a str,
}

impl<'a> Tag<'a> {
    const OUTSIDE: Self = Self {
        letter: 'O',
        label: NO_LABEL,
    };

    fn parse(tag: &'a str) -> Self {
        let mut rest = tag.chars();
        let Some(letter) = rest.next() else {
            return Self::OUTSIDE;
        };
        let rest = rest.as_str();
        let label = rest.split_once('-').map_or(rest, |(_, label)| label);
        Self {
            letter,
            label: if label.is_empty() { NO_LABEL } else { label },
        }
    }

    /// Whether a word with this tag can be in a span at all, as far as labels tell.
    const fn is_inside(self) -> bool {
        !matches!(self.letter, 'O' | '.')
    }

    fn ends_before(self, next: Self) -> bool {
        matches!(
            (self.letter, next.letter),
            ('E' | 'S', _) | ('B' | 'I', 'B' | 'S' | 'O')
        ) || self.is_inside() && self.label != next.label
    }

    fn begins_after(self, before: Self) -> bool {
        matches!(
            (before.letter, self.letter),
            (_, 'B' | 'S') | ('O' | 'E' | 'S', 'I' | 'E')
        ) || self.is_inside() && self.label != before.label
    }
}

const NO_LABEL: &str = "_";
