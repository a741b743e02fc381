use std::io;
use std::path::{Path, PathBuf};

use super::{ConlluField, Label, TaggedFormat};
use crate::TextError;

/// What can be wrong with tagged sentences, or with the file that holds them.
///
/// Lines and columns count from 1; columns count characters, so they are where an editor shows them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaggedError {
    /// A line of CoNLL-U has other than ten fields.
    #[error(
        "line {line}, column {column}: expected 10 fields with tabs between them, found {found}"
    )]
    Fields {
        /// The line.
        line: usize,
        /// Where it ends too early, or the first field that is too much begins.
        column: usize,
        /// How many fields.
        found: usize,
    },
    /// A line would be CoNLL-U if it had tabs where it has spaces.
    #[error(
        "line {line}: expected 10 fields with tabs between them, found spaces between them: replace \
         them by tabs, as CoNLL-U has them"
    )]
    Spaces {
        /// The line.
        line: usize,
    },
    /// The first field of CoNLL-U is no id.
    #[error(
        "line {line}, column 1: expected a word's number, a range such as 3-4 or an empty node \
         such as 5.1, found {found:?}"
    )]
    Id {
        /// The line.
        line: usize,
        /// The field, or its first 40 characters.
        found: String,
    },
    /// Words of a sentence in CoNLL-U are not numbered 1, 2, 3 and so on, with ranges before their
    /// words, empty nodes in order after the word that they are numbered by, and comments before them
    /// all.
    #[error("line {line}, column 1: expected {expected}, found {found}")]
    Order {
        /// The line.
        line: usize,
        /// What may stand there.
        expected: String,
        /// What does.
        found: String,
    },
    /// A field of CoNLL-U is empty.
    #[error(
        "line {line}, column {column}: expected a value, or _ for none, in {field}, found nothing"
    )]
    EmptyField {
        /// The line.
        line: usize,
        /// Where the field should be.
        column: usize,
        /// Which field.
        field: ConlluField,
    },
    /// There is a space in a field of CoNLL-U other than FORM, LEMMA and MISC.
    #[error("line {line}, column {column}: expected no space in {field}, found {found:?}")]
    Space {
        /// The line.
        line: usize,
        /// Where the space is.
        column: usize,
        /// Which field.
        field: ConlluField,
        /// The field, or its first 40 characters.
        found: String,
    },
    /// The field HEAD of CoNLL-U names no word of its sentence.
    #[error(
        "line {line}, column {column}: expected {expected} in {}, found {found:?}",
        ConlluField::Head
    )]
    Head {
        /// The line.
        line: usize,
        /// Where the field is.
        column: usize,
        /// What may stand there.
        expected: String,
        /// The field, or its first 40 characters.
        found: String,
    },
    /// A sentence of CoNLL-U is longer than any is.
    #[error("line {line}: expected a blank line after at most {limit} bytes, found none")]
    LongSentence {
        /// The line that is too much.
        line: usize,
        /// The limit.
        limit: usize,
    },
    /// Not as many values as a sentence of CoNLL-U has words.
    #[error("expected {expected} values, one for each word of the sentence, found {found}")]
    ValueCount {
        /// How many words there are.
        expected: usize,
        /// How many values.
        found: usize,
    },
    /// A value that no field of CoNLL-U can have.
    #[error(
        "word {word}: expected a value of at least 1 character and no tab or line end, found {found:?}"
    )]
    Value {
        /// The word's number, from 1.
        word: usize,
        /// The value, or its first 40 characters.
        found: String,
    },

    /// A line has another number of columns than most.
    #[error("line {line}: expected {expected} columns, as most lines have, found {found}")]
    Columns {
        /// The line.
        line: usize,
        /// How many most lines have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// There is no such column.
    #[error("line {line}: expected a column {expected} to read tags from, found {found} in all")]
    NoColumn {
        /// The line.
        line: usize,
        /// The column's number, from 1.
        expected: usize,
        /// How many columns there are.
        found: usize,
    },
    /// The format has no such label.
    #[error("{}", label_message(*format, *label))]
    Label {
        /// The format.
        format: TaggedFormat,
        /// The label.
        label: Label,
    },
    /// A line of no known format, in a text of which no format fits most lines.
    #[error(
        "line {line}: expected CoNLL-U (10 fields with tabs between them), columns (as many in each \
         line, at least 2) or word/TAG pairs, found {found:?}"
    )]
    Format {
        /// The first line that does not have the likeliest format.
        line: usize,
        /// The line, or its first 40 characters.
        found: String,
    },

    /// There is a tag, or the place for one, and no word.
    #[error("line {line}, column {column}: expected a word, found none")]
    EmptyWord {
        /// The line.
        line: usize,
        /// Where the word should be.
        column: usize,
    },
    /// There is a word and no tag.
    #[error("line {line}, column {column}: expected {expected}, found {found:?}")]
    MissingTag {
        /// The line.
        line: usize,
        /// Where the tag should be in CoNLL-U and columns; where the word starts in `word/TAG`.
        column: usize,
        /// What a tag looks like in this format, or where it stands.
        expected: String,
        /// What there is, or its first 40 characters.
        found: String,
    },
    /// There may be blank lines and comments, and there is nothing else.
    #[error("expected at least one sentence, found none (lines: {lines})")]
    NoSentences {
        /// How many lines there are.
        lines: usize,
    },

    /// The bytes are no text, or the file can't be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A folder holds no file of a part.
    #[error(
        "{}: expected a file with {} in its name, ending in .conllu, .conll, .tsv, .bio, .iob, .iob2 \
         or .txt (or .gz after that), found none",
        dir.display(),
        words.join(" or ")
    )]
    MissingFile {
        /// The folder.
        dir: PathBuf,
        /// What its name has in it, as a word of its own.
        words: &'static [&'static str],
    },
    /// A folder can't be read.
    #[error("{}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file could be read, and what it holds is wrong.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<TaggedError>,
    },
}

impl TaggedError {
    /// The error with the name of the file that it is about.
    pub(super) fn in_file(self, path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            source: Box::new(self),
        }
    }
}

fn label_message(format: TaggedFormat, label: Label) -> String {
    let (has, what) = match label {
        Label::Upos => ("CoNLL-U, which has a field UPOS", "a column's number"),
        Label::Xpos => ("CoNLL-U, which has a field XPOS", "a column's number"),
        _ => ("CoNLL-U or columns, which have columns by number", ""),
    };
    let instead = match format {
        TaggedFormat::WordTags => "auto for the one tag of each word".to_owned(),
        _ => format!("{what}, or auto for the last one"),
    };
    format!("expected {has}, found {format}: give {instead}")
}
