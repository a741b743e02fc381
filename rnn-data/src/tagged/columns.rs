//! Columns: a word a line with as many columns in each, a blank line after each sentence.

use super::{Label, Sentence, TaggedError, TaggedFormat, check_any, lines};

/// How many lines are looked at to tell what most lines are.
pub(super) const LINES: usize = 1000;

/// What begins a document in the data of CoNLL-2003, on a line of its own.
const DOCUMENT: &str = "-DOCSTART-";

/// Reads columns: words from the first, tags from the last or the one that the label names.
///
/// There are tabs between the columns, or spaces where most lines have no tab, and at least two
/// columns, as many in each line as in most. So have the shared tasks of CoNLL their data (four columns
/// in 2003), and many others word, tab and tag. Blank lines end sentences; lines may end in CRLF, and
/// there may be a byte order mark. Lines that begin with `-DOCSTART-` are left out, and of those that
/// begin with `#` the ones that have another number of columns, those with a tab behind `# ` and a letter,
/// and `# newdoc` and `# newpar`.
///
/// # Errors
///
/// [`TaggedError::Columns`], [`TaggedError::NoColumn`], [`TaggedError::EmptyWord`],
/// [`TaggedError::MissingTag`], [`TaggedError::NoSentences`], and [`TaggedError::Label`] for a label that
/// only CoNLL-U has.
///
/// ```
/// use rnn_data::tagged::{Label, parse_columns};
///
/// let text = "-DOCSTART- -X- -X- O\n\nEva NNP B-NP B-PER\nsat VBD B-VP O\n\nGo VB B-VP O\n";
/// let sentences = parse_columns(text, Label::Auto)?;
/// assert_eq!(sentences.len(), 2);
/// assert_eq!(sentences[0].words, ["Eva", "sat"]);
/// assert_eq!(sentences[0].tags, ["B-PER", "O"]);
/// assert_eq!(parse_columns(text, "2".parse()?)?[0].tags, ["NNP", "VBD"]);
/// assert_eq!(parse_columns("Eva\tNNP\n", Label::Auto)?[0].tags, ["NNP"]);
///
/// let error = parse_columns("Eva NNP\nsat VBD\nup\n", Label::Auto).unwrap_err();
/// assert_eq!(error.to_string(), "line 3: expected 2 columns, as most lines have, found 1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parse_columns(text: &str, label: Label) -> Result<Vec<Sentence>, TaggedError> {
    let column = match label {
        Label::Auto => None,
        Label::Column(number) => Some(number.get()),
        Label::Upos | Label::Xpos => {
            let format = TaggedFormat::Columns;
            return Err(TaggedError::Label { format, label });
        }
    };
    let Some((first, layout)) = Layout::of(text) else {
        return check_any(Vec::new(), || lines(text).count());
    };
    let column = column.unwrap_or(layout.columns.max(2));
    if column > layout.columns {
        return Err(TaggedError::NoColumn {
            line: first,
            expected: column,
            found: layout.columns,
        });
    }
    let mut sentences = Vec::new();
    let mut sentence = Sentence::default();
    for (line, content) in lines(text) {
        if is_blank(content) || is_document(content) {
            sentences.extend(take(&mut sentence));
        } else if let Some((word, tag)) = layout.read(line, content, column)? {
            sentence.words.push(word.to_owned());
            sentence.tags.push(tag.to_owned());
        }
    }
    sentences.extend(take(&mut sentence));
    check_any(sentences, || lines(text).count())
}

/// The sentence, if it has any words, and a new one begins.
fn take(sentence: &mut Sentence) -> Option<Sentence> {
    let sentence = std::mem::take(sentence);
    Some(sentence).filter(|sentence| !sentence.is_empty())
}

fn is_blank(content: &str) -> bool {
    content.trim_matches([' ', '\t']).is_empty()
}

fn is_document(content: &str) -> bool {
    let rest = content.strip_prefix(DOCUMENT);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Whether a line is a comment however many columns it has: `# newdoc`, or `# id 1<tab>domain=en`, where
/// a word that begins so would have a space and a letter in it.
fn is_comment(content: &str) -> bool {
    let Some(rest) = content.strip_prefix("# ") else {
        return false;
    };
    let first = rest.split_ascii_whitespace().next();
    let is_mark = first.is_some_and(|first| ["newdoc", "newpar"].contains(&first));
    is_mark || rest.contains('\t') && rest.starts_with(char::is_alphabetic)
}

/// What separates the columns, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    tabs: bool,
    columns: usize,
}

impl Layout {
    /// That of a line by itself.
    pub(super) fn of_line(content: &str) -> Self {
        let tabs = content.contains('\t');
        let columns = columns(content, tabs).count();
        Self { tabs, columns }
    }

    /// Whether each line has a word and something more.
    pub(super) const fn has_tags(self) -> bool {
        self.columns >= 2
    }

    /// That of most lines, and the number of the first that has it. `None` if there is no line but
    /// blank ones and comments.
    fn of(text: &str) -> Option<(usize, Self)> {
        let content = lines(text)
            .filter(|(_, line)| !is_blank(line) && !line.starts_with('#') && !is_document(line));
        let mut counts: Vec<(Self, usize, usize)> = Vec::new();
        for (number, line) in content.take(LINES) {
            let layout = Self::of_line(line);
            match counts.iter_mut().find(|(other, ..)| *other == layout) {
                Some((_, _, count)) => *count += 1,
                None => counts.push((layout, number, 1)),
            }
        }
        let most = counts.iter().map(|&(_, _, count)| count).max()?;
        let (layout, first, _) = counts.into_iter().find(|&(_, _, count)| count == most)?;
        Some((first, layout))
    }

    /// The word and the tag of a line, or `None` for a comment.
    fn read<'a>(
        &self,
        line: usize,
        content: &'a str,
        column: usize,
    ) -> Result<Option<(&'a str, &'a str)>, TaggedError> {
        if is_comment(content) {
            return Ok(None);
        }
        let (mut word, mut tag, mut found) = ("", "", 0);
        for value in columns(content, self.tabs) {
            found += 1;
            if found == 1 {
                word = value;
            }
            if found == column {
                tag = value;
            }
        }
        if found != self.columns {
            // The word `#` has as many columns as any other.
            if content.starts_with('#') {
                return Ok(None);
            }
            return Err(TaggedError::Columns {
                line,
                expected: self.columns,
                found,
            });
        }
        // Between spaces nothing is empty.
        if word.is_empty() {
            return Err(TaggedError::EmptyWord { line, column: 1 });
        }
        if tag.is_empty() {
            let before = content.split('\t').take(column - 1);
            return Err(TaggedError::MissingTag {
                line,
                column: before.map(|value| value.chars().count() + 1).sum::<usize>() + 1,
                expected: format!("a tag in column {column}"),
                found: String::new(),
            });
        }
        Ok(Some((word, tag)))
    }
}

/// The columns of a line. Between tabs there may be spaces within them, but not around them.
fn columns(content: &str, tabs: bool) -> impl Iterator<Item = &str> {
    let by_tabs = tabs.then(|| content.split('\t').map(|value| value.trim_matches(' ')));
    let by_spaces = (!tabs).then(|| {
        let parts = content.split([' ', '\t']);
        parts.filter(|value| !value.is_empty())
    });
    let by_tabs = by_tabs.into_iter().flatten();
    by_tabs.chain(by_spaces.into_iter().flatten())
}
