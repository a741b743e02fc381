//! What makes a line, and a sentence, CoNLL-U.

use std::mem;

use super::ConlluField;
use crate::fs::file::excerpt;
use crate::tagged::TaggedError;

const FIELDS: usize = ConlluField::ALL.len();

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// The end of a sentence.
    Blank,
    Comment,
    Word,
    /// A multiword token or an empty node.
    Other,
}

/// Checks the lines of a sentence, one after the other.
#[derive(Default)]
pub(super) struct Checker {
    /// Whether there was a line that is no comment.
    has_begun: bool,
    /// How many words there were.
    words: usize,
    /// How many empty nodes there were after the last word.
    empty_nodes: usize,
    /// The last word of a multiword token.
    range_end: usize,
    /// Those that name a word which had not come yet.
    heads: Vec<Head>,
}

/// A field HEAD.
struct Head {
    line: usize,
    column: usize,
    /// The word that it names.
    word: usize,
}

impl Checker {
    /// Takes the next line, without what ends it.
    pub(super) fn add(&mut self, line: usize, content: &str) -> Result<Line, TaggedError> {
        // Spaces alone are no field, and invisible.
        if content.trim_matches(' ').is_empty() {
            self.close(line)?;
            return Ok(Line::Blank);
        }
        if content.starts_with('#') {
            if self.has_begun {
                return Err(TaggedError::Order {
                    line,
                    expected: format!("word {} or a blank line", self.words + 1),
                    found: "a comment".to_owned(),
                });
            }
            return Ok(Line::Comment);
        }
        self.has_begun = true;
        let fields = fields(line, content)?;
        let kind = self.check_id(line, fields[0])?;
        for (field, value) in ConlluField::ALL.into_iter().zip(fields) {
            if value.is_empty() {
                let column = column(&fields, field);
                return Err(match (kind, field) {
                    (Line::Word, ConlluField::Form) => TaggedError::EmptyWord { line, column },
                    _ => TaggedError::EmptyField {
                        line,
                        column,
                        field,
                    },
                });
            }
            if !field.has_spaces()
                && let Some(at) = value.find(char::is_whitespace)
            {
                return Err(TaggedError::Space {
                    line,
                    column: column(&fields, field) + value[..at].chars().count(),
                    field,
                    found: excerpt(value),
                });
            }
        }
        self.check_head(line, kind, &fields)?;
        Ok(kind)
    }

    fn check_id(&mut self, line: usize, field: &str) -> Result<Line, TaggedError> {
        let id = Id::parse(field).ok_or_else(|| TaggedError::Id {
            line,
            found: excerpt(field),
        })?;
        let words = self.words;
        let order = |expected: String, found: &str| {
            let found = format!("{found} {}", excerpt(field));
            Err(TaggedError::Order {
                line,
                expected,
                found,
            })
        };
        match id {
            Id::Word(number) if number != words + 1 => order(format!("word {}", words + 1), "word"),
            Id::Range(..) if self.range_end > words => {
                order(format!("word {} of a range", words + 1), "range")
            }
            Id::Range(first, end) if first != words + 1 || end < first => {
                order(format!("a range from {} on", words + 1), "range")
            }
            Id::Empty(after, which) if (after, which) != (words, self.empty_nodes + 1) => {
                let expected = format!("empty node {words}.{}", self.empty_nodes + 1);
                order(expected, "empty node")
            }
            Id::Word(_) => {
                self.words += 1;
                self.empty_nodes = 0;
                Ok(Line::Word)
            }
            Id::Range(_, end) => {
                self.range_end = end;
                Ok(Line::Other)
            }
            Id::Empty(..) => {
                self.empty_nodes += 1;
                Ok(Line::Other)
            }
        }
    }

    fn check_head(
        &mut self,
        line: usize,
        kind: Line,
        fields: &[&str; FIELDS],
    ) -> Result<(), TaggedError> {
        let head = fields[ConlluField::Head.index()];
        if head == "_" {
            return Ok(());
        }
        let column = || column(fields, ConlluField::Head);
        let word = number(head).ok_or_else(|| TaggedError::Head {
            line,
            column: column(),
            expected: "the number of a word, or _ for none,".to_owned(),
            found: excerpt(head),
        })?;
        if kind == Line::Word && word == self.words {
            return Err(TaggedError::Head {
                line,
                column: column(),
                expected: "the number of another word".to_owned(),
                found: excerpt(head),
            });
        }
        if word > self.words {
            let column = column();
            self.heads.push(Head { line, column, word });
        }
        Ok(())
    }

    /// The sentence ends, at this line, and a new one begins.
    pub(super) fn close(&mut self, line: usize) -> Result<(), TaggedError> {
        let Self {
            words,
            range_end,
            heads,
            ..
        } = mem::take(self);
        if range_end > words {
            return Err(TaggedError::Order {
                line,
                expected: format!(
                    "word {} of a range up to {range_end}",
                    words.saturating_add(1)
                ),
                found: "the end of the sentence".to_owned(),
            });
        }
        match heads.into_iter().find(|head| head.word > words) {
            Some(Head { line, column, word }) => Err(TaggedError::Head {
                line,
                column,
                expected: format!("the number of a word, at most {words},"),
                found: word.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// The ten fields of a line.
fn fields(line: usize, content: &str) -> Result<[&str; FIELDS], TaggedError> {
    let mut fields = [""; FIELDS];
    let mut found = 0;
    for value in content.split('\t') {
        if let Some(field) = fields.get_mut(found) {
            *field = value;
        }
        found += 1;
    }
    if found == FIELDS {
        Ok(fields)
    } else if is_spaced(content) {
        Err(TaggedError::Spaces { line })
    } else {
        // Where the line ends too early, or the first field that is too much begins.
        let expected = content.split('\t').take(FIELDS);
        let chars: usize = expected.map(|value| value.chars().count() + 1).sum();
        Err(TaggedError::Fields {
            line,
            column: chars + usize::from(found > FIELDS),
            found,
        })
    }
}

/// Whether a line is a word in CoNLL-U, as far as its number of fields and its id tell.
pub(crate) fn is_fields(content: &str) -> bool {
    let mut fields = content.split('\t');
    fields.next().is_some_and(|id| Id::parse(id).is_some()) && fields.count() + 1 == FIELDS
}

/// Whether a line would be a word in CoNLL-U if it had tabs where it has spaces.
pub(crate) fn is_spaced(content: &str) -> bool {
    let mut fields = content.split_ascii_whitespace();
    !content.contains('\t')
        && fields.next().is_some_and(|id| Id::parse(id).is_some())
        // Words may have spaces.
        && fields.count() + 1 >= FIELDS
}

/// Where a field begins in its line.
fn column(fields: &[&str; FIELDS], field: ConlluField) -> usize {
    let before = fields[..field.index()].iter();
    before.map(|field| field.chars().count() + 1).sum::<usize>() + 1
}

/// The field ID.
#[derive(Clone, Copy)]
enum Id {
    Word(usize),
    Range(usize, usize),
    /// The word that it follows, and which of the nodes after that word it is.
    Empty(usize, usize),
}

impl Id {
    fn parse(field: &str) -> Option<Self> {
        if let Some((first, end)) = field.split_once('-') {
            Some(Self::Range(number(first)?, number(end)?))
        } else if let Some((after, which)) = field.split_once('.') {
            Some(Self::Empty(number(after)?, number(which)?))
        } else {
            number(field).map(Self::Word)
        }
    }
}

/// Digits only, in the one way to write a number: `+1` and `01` are numbers to Rust, and not here.
fn number(digits: &str) -> Option<usize> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    match is_number && (digits == "0" || !digits.starts_with('0')) {
        true => digits.parse().ok(),
        false => None,
    }
}
