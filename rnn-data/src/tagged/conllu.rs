//! CoNLL-U: a word a line in ten fields, a blank line after each sentence.

use std::mem;

use super::{Sentence, TaggedError, check_any, lines};
use crate::fs::file::excerpt;

const FIELDS: usize = 10;
const FORM: usize = 1;
const UPOS: usize = 3;

/// Reads CoNLL-U: words from the field FORM, tags from UPOS.
///
/// Lines that begin with `#` are comments. Multiword tokens (`3-4`) and empty nodes (`5.1`) are left
/// out: the words that a multiword token stands for follow it. The last blank line may be missing,
/// lines may end in CRLF, and there may be a byte order mark.
///
/// # Errors
///
/// [`TaggedError::Fields`], [`TaggedError::Id`], [`TaggedError::Order`],
/// [`TaggedError::EmptyWord`], [`TaggedError::MissingTag`] or [`TaggedError::NoSentences`]. `_`,
/// CoNLL-U's sign for nothing, is a word but no tag.
///
/// ```
/// use rnn_data::parse_conllu;
///
/// let text = "# text = Don't!\n\
///             1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_\n\
///             1\tDo\tdo\tAUX\t_\t_\t0\troot\t_\t_\n\
///             2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_\n\
///             3\t!\t!\tPUNCT\t_\t_\t1\tpunct\t_\t_\n";
/// let sentences = parse_conllu(text)?;
/// assert_eq!(sentences[0].words, ["Do", "n't", "!"]);
/// assert_eq!(sentences[0].tags, ["AUX", "PART", "PUNCT"]);
///
/// let error = parse_conllu(&text.replace("3\t!", "4\t!")).unwrap_err();
/// assert_eq!(error.to_string(), "line 5, column 1: expected word 3, found word 4");
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn parse_conllu(text: &str) -> Result<Vec<Sentence>, TaggedError> {
    let mut sentences = Vec::new();
    let mut open = Open::default();
    let mut last = 0;
    for (line, content) in lines(text) {
        last = line;
        // Spaces alone are no field, and invisible.
        if content.trim_matches(' ').is_empty() {
            sentences.extend(open.close(line)?);
        } else if !content.starts_with('#') {
            open.add(line, content)?;
        }
    }
    sentences.extend(open.close(last)?);
    check_any(sentences, last)
}

/// The sentence being read.
#[derive(Default)]
struct Open {
    sentence: Sentence,
    /// The last word of a multiword token.
    range_end: usize,
}

/// The field ID.
#[derive(Clone, Copy)]
enum Id {
    Word(usize),
    Range(usize, usize),
    /// The word that it follows.
    Empty(usize),
}

impl Open {
    fn add(&mut self, line: usize, content: &str) -> Result<(), TaggedError> {
        let fields: Vec<&str> = content.splitn(FIELDS + 1, '\t').collect();
        if fields.len() != FIELDS {
            let found = content.split('\t').count();
            return Err(TaggedError::Fields { line, found });
        }
        let id = Id::parse(fields[0]).ok_or_else(|| TaggedError::Id {
            line,
            found: excerpt(fields[0]),
        })?;
        let words = self.sentence.words.len();
        let order = |expected: String, found: &str| {
            let found = format!("{found} {}", excerpt(fields[0]));
            Err(TaggedError::Order {
                line,
                expected,
                found,
            })
        };
        match id {
            Id::Word(number) if number != words + 1 => {
                return order(format!("word {}", words + 1), "word");
            }
            Id::Range(first, end) if first != words + 1 || end < first => {
                return order(format!("a range from {} on", words + 1), "range");
            }
            Id::Empty(after) if after != words => {
                return order(format!("an empty node after word {words}"), "empty node");
            }
            Id::Range(_, end) => self.range_end = end,
            Id::Empty(_) => {}
            Id::Word(_) => {
                // Only an error needs the place.
                let column = |field: usize| {
                    let before = fields[..field].iter();
                    before.map(|field| field.chars().count() + 1).sum::<usize>() + 1
                };
                if fields[FORM].is_empty() {
                    let column = column(FORM);
                    return Err(TaggedError::EmptyWord { line, column });
                }
                if matches!(fields[UPOS], "" | "_") {
                    return Err(TaggedError::MissingTag {
                        line,
                        column: column(UPOS),
                        expected: "a tag in field 4 (UPOS)",
                        found: fields[UPOS].to_owned(),
                    });
                }
                self.sentence.words.push(fields[FORM].to_owned());
                self.sentence.tags.push(fields[UPOS].to_owned());
            }
        }
        Ok(())
    }

    /// The sentence, if it has any words, and a new one begins.
    fn close(&mut self, line: usize) -> Result<Option<Sentence>, TaggedError> {
        let Self {
            sentence,
            range_end,
        } = mem::take(self);
        if range_end > sentence.len() {
            return Err(TaggedError::Order {
                line,
                expected: format!(
                    "word {} of a range up to {range_end}",
                    sentence.len().saturating_add(1)
                ),
                found: "the end of the sentence".to_owned(),
            });
        }
        Ok(Some(sentence).filter(|sentence| !sentence.is_empty()))
    }
}

impl Id {
    fn parse(field: &str) -> Option<Self> {
        if let Some((first, end)) = field.split_once('-') {
            Some(Self::Range(number(first)?, number(end)?))
        } else if let Some((after, which)) = field.split_once('.') {
            number(which)?;
            number(after).map(Self::Empty)
        } else {
            number(field).map(Self::Word)
        }
    }
}

/// Digits only: `+1` is a number to Rust, and not here.
fn number(digits: &str) -> Option<usize> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}
