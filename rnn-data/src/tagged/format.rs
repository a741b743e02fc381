use std::fmt;
use std::path::Path;

use super::columns::{LINES, Layout};
use super::conllu::{is_fields, is_spaced};
use super::word_tags::is_word_tags;
use super::{Label, Sentence, TaggedError, lines, parse_columns, parse_conllu, parse_word_tags};
use crate::fs::file::excerpt;

/// A format of tagged sentences.
///
/// ```
/// use rnn_data::tagged::TaggedFormat;
///
/// assert_eq!(TaggedFormat::of_name("en-train.conllu.gz"), Some(TaggedFormat::Conllu));
/// assert_eq!(TaggedFormat::of_name("en-train.txt"), None);
/// let text = "a line of something\nDogs\tNNS\nleft\tVBD\n";
/// assert_eq!(TaggedFormat::of_text(text)?, TaggedFormat::Columns);
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaggedFormat {
    /// CoNLL-U: a word a line in ten fields. See [`parse_conllu`].
    Conllu,
    /// A word a line in two or more columns. See [`parse_columns`].
    Columns,
    /// Lines of `word/TAG`. See [`parse_word_tags`].
    WordTags,
}

/// What a line looks like by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Conllu,
    /// CoNLL-U with spaces for tabs.
    Spaced,
    WordTags,
    Columns(Layout),
    None,
}

impl TaggedFormat {
    /// The format that a file's name says: `.conllu` is CoNLL-U; `.tsv`, `.bio`, `.iob` and `.iob2` are
    /// columns, before `.gz` too. `None` for any other name.
    pub fn of_name(path: impl AsRef<Path>) -> Option<Self> {
        let name = path.as_ref().file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "conllu" => Some(Self::Conllu),
            "tsv" | "bio" | "iob" | "iob2" => Some(Self::Columns),
            _ => None,
        }
    }

    /// The format that most of the first 1,000 lines have, leaving blank ones and comments out.
    ///
    /// # Errors
    ///
    /// [`TaggedError::NoSentences`] if there is no such line, [`TaggedError::Spaces`] for CoNLL-U with
    /// spaces for tabs, and [`TaggedError::Format`] if no line has a format, or fewer than half of them
    /// have as many columns.
    ///
    /// ```
    /// use rnn_data::tagged::TaggedFormat;
    ///
    /// let error = TaggedFormat::of_text("Dogs left the house.\nThey did not say why.\nToo bad.").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "line 2: expected CoNLL-U (10 fields with tabs between them), columns (as many in each line, at \
    ///      least 2) or word/TAG pairs, found \"They did not say why.\""
    /// );
    /// ```
    pub fn of_text(text: &str) -> Result<Self, TaggedError> {
        let content = || lines(text).filter(|(_, line)| is_content(line)).take(LINES);
        // In the order in which they go first where they have as many lines.
        let mut counts = vec![(Look::Conllu, 0), (Look::Spaced, 0), (Look::WordTags, 0)];
        let mut total = 0;
        for (_, line) in content() {
            total += 1;
            let look = Look::of(line);
            match counts.iter_mut().find(|(other, _)| *other == look) {
                Some((_, count)) => *count += 1,
                None => counts.push((look, 1)),
            }
        }
        let Some(first) = content().next() else {
            let lines = lines(text).count();
            return Err(TaggedError::NoSentences { lines });
        };
        counts.retain(|&(look, count)| look != Look::None && count > 0);
        let most = counts.iter().map(|&(_, count)| count).max();
        let likely = counts.into_iter().find(|&(_, count)| Some(count) == most);
        let mut unlike = first;
        if let Some((look, count)) = likely {
            match look {
                Look::Conllu => return Ok(Self::Conllu),
                Look::WordTags => return Ok(Self::WordTags),
                Look::Columns(_) if count * 2 >= total => return Ok(Self::Columns),
                Look::Spaced => {
                    let spaced = content().find(|(_, line)| Look::of(line) == look);
                    let (line, _) = spaced.unwrap_or(first);
                    return Err(TaggedError::Spaces { line });
                }
                Look::Columns(_) | Look::None => {}
            }
            let mut others = content().filter(|(_, line)| Look::of(line) != look);
            unlike = others.next().unwrap_or(first);
        }
        Err(TaggedError::Format {
            line: unlike.0,
            found: excerpt(unlike.1),
        })
    }

    /// Reads text of this format.
    ///
    /// # Errors
    ///
    /// Those of the function for the format.
    ///
    /// ```
    /// use rnn_data::tagged::{Label, TaggedFormat};
    ///
    /// let sentences = TaggedFormat::WordTags.parse("Go/VB", Label::Auto)?;
    /// assert_eq!(sentences, TaggedFormat::Columns.parse("Go VB", Label::Auto)?);
    /// # Ok::<(), rnn_data::TaggedError>(())
    /// ```
    pub fn parse(self, text: &str, label: Label) -> Result<Vec<Sentence>, TaggedError> {
        match self {
            Self::Conllu => parse_conllu(text, label),
            Self::Columns => parse_columns(text, label),
            Self::WordTags => parse_word_tags(text, label),
        }
    }
}

impl fmt::Display for TaggedFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Conllu => "CoNLL-U",
            Self::Columns => "columns",
            Self::WordTags => "word/TAG lines",
        })
    }
}

/// Whether a line is neither blank nor, as far as can be told, a comment.
fn is_content(line: &str) -> bool {
    let first = line.split_ascii_whitespace().next();
    // The word `#` may begin a sentence: `#/NN`.
    first.is_some_and(|first| !first.starts_with('#') || first.contains('/'))
}

impl Look {
    fn of(line: &str) -> Self {
        if is_fields(line) {
            Self::Conllu
        } else if is_spaced(line) {
            Self::Spaced
        } else if is_word_tags(line) {
            Self::WordTags
        } else {
            let layout = Layout::of_line(line);
            match layout.has_tags() {
                true => Self::Columns(layout),
                false => Self::None,
            }
        }
    }
}
