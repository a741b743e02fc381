use super::ConlluField;
use super::check::{Checker, Line};
use crate::fs::file::excerpt;
use crate::fs::line_content;
use crate::fs::text::BOM;
use crate::tagged::{Label, Sentence, TaggedError};

/// The longest sentence that is read, in bytes, with its comments: 16 MiB.
const MAX_SENTENCE: usize = 16 << 20;

/// A sentence of CoNLL-U with its text as it was read, byte for byte: comments, multiword tokens, empty
/// nodes, line ends, and the blank line that ends it.
///
/// Blank lines beyond the first, and comments with a blank line after them, are part of the text of the
/// sentence that follows; at the end of a file they make a sentence without words.
///
/// ```
/// use rnn_data::tagged::{ConlluField, ConlluReader};
///
/// let text = "# text = Go!\r\n1\tGo\tgo\t_\t_\t_\t0\troot\t_\t_\r\n2\t!\t!\t_\t_\t_\t1\tx\t_\t_\r\n\r\n";
/// let sentence = ConlluReader::new(text.as_bytes()).next().expect("a sentence")?;
/// assert_eq!(sentence.text(), text);
/// assert_eq!(sentence.words().collect::<Vec<_>>(), ["Go", "!"]);
///
/// let tagged = sentence.with_column(ConlluField::Upos, &["VERB", "PUNCT"])?;
/// assert_eq!(
///     tagged.text(),
///     text.replace("go\t_", "go\tVERB").replace("!\t_", "!\tPUNCT")
/// );
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConlluSentence {
    text: String,
    /// Where the line of each word begins.
    words: Vec<usize>,
    /// The first line's number, from 1.
    line: usize,
}

impl ConlluSentence {
    /// How many words there are: multiword tokens and empty nodes are none.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none: what a file has after its last sentence.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The text as it was read. The texts of all sentences of a file, one after the other, are the
    /// file's.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of its text's first line, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The field FORM of each word.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &str> {
        self.values(ConlluField::Form)
    }

    /// A field of each word.
    ///
    /// ```
    /// use rnn_data::tagged::{ConlluField, ConlluReader};
    ///
    /// let text = "1-2\tzum\t_\t_\t_\t_\t_\t_\t_\t_\n\
    ///             1\tzu\tzu\tADP\t_\t_\t2\tcase\t_\t_\n\
    ///             2\tdem\tder\tDET\t_\t_\t0\troot\t_\t_\n";
    /// let sentence = ConlluReader::new(text.as_bytes()).next().expect("a sentence")?;
    /// assert_eq!(sentence.values(ConlluField::Lemma).collect::<Vec<_>>(), ["zu", "der"]);
    /// # Ok::<(), rnn_data::TaggedError>(())
    /// ```
    pub fn values(&self, field: ConlluField) -> impl ExactSizeIterator<Item = &str> {
        self.words.iter().map(move |&at| self.value(at, field).1)
    }

    /// A field of the word whose line begins there, and where it begins.
    fn value(&self, at: usize, field: ConlluField) -> (usize, &str) {
        let mut start = at;
        for (index, value) in line_at(&self.text, at).split('\t').enumerate() {
            if index == field.index() {
                return (start, value);
            }
            start += value.len() + 1;
        }
        // A word has all fields.
        (start, "")
    }

    /// The words with their tags, from the field UPOS or the one that the label names.
    ///
    /// # Errors
    ///
    /// [`TaggedError::MissingTag`] for `_` in UPOS and XPOS, where it means that nothing is known (in FEATS
    /// or MISC, that there is nothing, which is a tag as any other), and [`TaggedError::NoColumn`] for a
    /// column beyond the tenth.
    ///
    /// ```
    /// use rnn_data::tagged::{ConlluReader, Label};
    ///
    /// let text = "1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n";
    /// let sentence = ConlluReader::new(text.as_bytes()).next().expect("a sentence")?;
    /// assert_eq!(sentence.sentence(Label::Auto)?.tags, ["VERB"]);
    /// assert_eq!(
    ///     sentence.sentence(Label::Xpos).unwrap_err().to_string(),
    ///     "line 1, column 14: expected a tag in field 5 (XPOS), found \"_\""
    /// );
    /// # Ok::<(), rnn_data::TaggedError>(())
    /// ```
    pub fn sentence(&self, label: Label) -> Result<Sentence, TaggedError> {
        let line_of = |at: usize| self.line + self.text[..at].matches('\n').count();
        let field = ConlluField::of_label(label).ok_or_else(|| TaggedError::NoColumn {
            line: line_of(self.words.first().copied().unwrap_or(0)),
            expected: ConlluField::number_of(label),
            found: ConlluField::ALL.len(),
        })?;
        let mut sentence = Sentence::default();
        for &at in &self.words {
            let (start, tag) = self.value(at, field);
            if tag == "_" && [ConlluField::Upos, ConlluField::Xpos].contains(&field) {
                return Err(TaggedError::MissingTag {
                    line: line_of(at),
                    column: self.text[at..start].chars().count() + 1,
                    expected: format!("a tag in {field}"),
                    found: tag.to_owned(),
                });
            }
            let (_, word) = self.value(at, ConlluField::Form);
            sentence.words.push(word.to_owned());
            sentence.tags.push(tag.to_owned());
        }
        Ok(sentence)
    }

    /// The same with one field of each word replaced, and every other byte as it is.
    ///
    /// # Errors
    ///
    /// [`TaggedError::ValueCount`], [`TaggedError::Value`], and those of [`ConlluReader`](super::ConlluReader)
    /// if the text would no longer be CoNLL-U, with lines as in the file.
    pub fn with_column(
        &self,
        field: ConlluField,
        values: &[impl AsRef<str>],
    ) -> Result<Self, TaggedError> {
        if values.len() != self.len() {
            return Err(TaggedError::ValueCount {
                expected: self.len(),
                found: values.len(),
            });
        }
        let mut text = String::with_capacity(self.text.len() + 8 * values.len());
        let mut copied = 0;
        for ((word, &at), value) in (1..).zip(&self.words).zip(values) {
            let value = value.as_ref();
            if value.is_empty() || value.contains(['\t', '\n', '\r']) {
                let found = excerpt(value);
                return Err(TaggedError::Value { word, found });
            }
            let (start, old) = self.value(at, field);
            text.push_str(&self.text[copied..start]);
            text.push_str(value);
            copied = start + old.len();
        }
        text.push_str(&self.text[copied..]);
        let mut builder = Builder::new(self.line);
        for (line, content) in (self.line..).zip(text.split_inclusive('\n')) {
            builder.add(line, content)?;
        }
        builder.finish()
    }
}

/// The line that begins there, without what ends it.
fn line_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    line_content(rest.split_inclusive('\n').next().unwrap_or_default())
}

/// A sentence that is being read.
pub(super) struct Builder {
    sentence: ConlluSentence,
    checker: Checker,
}

impl Builder {
    /// Begins before the line of this number.
    pub(super) fn new(line: usize) -> Self {
        Self {
            sentence: ConlluSentence {
                text: String::new(),
                words: Vec::new(),
                line,
            },
            checker: Checker::default(),
        }
    }

    /// Whether there is no line yet.
    pub(super) fn is_empty(&self) -> bool {
        self.sentence.text.is_empty()
    }

    /// Takes the next line, with what ends it, and says whether it ends the sentence.
    pub(super) fn add(&mut self, number: usize, line: &str) -> Result<bool, TaggedError> {
        let ConlluSentence { text, words, .. } = &mut self.sentence;
        if text.len() + line.len() > MAX_SENTENCE {
            return Err(TaggedError::LongSentence {
                line: number,
                limit: MAX_SENTENCE,
            });
        }
        let mark = match number {
            1 if line.starts_with(BOM) => BOM.len_utf8(),
            _ => 0,
        };
        match self.checker.add(number, line_content(&line[mark..]))? {
            Line::Word => words.push(text.len() + mark),
            Line::Blank if !words.is_empty() => {
                text.push_str(line);
                return Ok(true);
            }
            Line::Blank | Line::Comment | Line::Other => {}
        }
        text.push_str(line);
        Ok(false)
    }

    /// The sentence, whose last line may be missing.
    pub(super) fn finish(mut self) -> Result<ConlluSentence, TaggedError> {
        let lines = self.sentence.text.lines().count();
        self.checker
            .close((self.sentence.line + lines).saturating_sub(1))?;
        Ok(self.sentence)
    }
}
