//! CoNLL-U: a word a line in ten fields, a blank line after each sentence.

mod check;
mod field;
mod reader;
mod sentence;

use super::{Label, Sentence, TaggedError, check_any, lines};
pub(super) use check::{is_fields, is_spaced};
pub use field::ConlluField;
pub use reader::ConlluReader;
pub use sentence::ConlluSentence;

/// Reads CoNLL-U: words from the field FORM, tags from UPOS or the field that the label names.
///
/// Lines that begin with `#` are comments. Multiword tokens (`3-4`) and empty nodes (`5.1`) are left
/// out: the words that a multiword token stands for follow it. The last blank line may be missing,
/// lines may end in CRLF, and there may be a byte order mark. For text that is too long for memory, or
/// to be written back, there is [`ConlluReader`].
///
/// # Errors
///
/// Those of [`ConlluReader`] and of [`ConlluSentence::sentence`], and [`TaggedError::NoSentences`].
///
/// ```
/// use rnn_data::tagged::{Label, parse_conllu};
///
/// let text = "# text = Don't!\n\
///             1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_\n\
///             1\tDo\tdo\tAUX\tVB\t_\t0\troot\t_\t_\n\
///             2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_\n\
///             3\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_\n";
/// let sentences = parse_conllu(text, Label::Auto)?;
/// assert_eq!(sentences[0].words, ["Do", "n't", "!"]);
/// assert_eq!(sentences[0].tags, ["AUX", "PART", "PUNCT"]);
/// assert_eq!(parse_conllu(text, Label::Xpos)?[0].tags, ["VB", "RB", "."]);
///
/// let error = parse_conllu(&text.replace("3\t!", "4\t!"), Label::Auto).unwrap_err();
/// assert_eq!(error.to_string(), "line 5, column 1: expected word 3, found word 4");
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn parse_conllu(text: &str, label: Label) -> Result<Vec<Sentence>, TaggedError> {
    let mut sentences = Vec::new();
    for sentence in ConlluReader::new(text.as_bytes()) {
        let sentence = sentence?;
        if !sentence.is_empty() {
            sentences.push(sentence.sentence(label)?);
        }
    }
    check_any(sentences, || lines(text).count())
}
