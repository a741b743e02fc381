//! `word/TAG word/TAG`, a sentence a line.

use super::{Sentence, TaggedError, check_any, lines};
use crate::fs::file::excerpt;

/// Reads lines of `word/TAG word/TAG`, a sentence each, with spaces or tabs between. The last slash
/// is the one that splits: `1/2/CD` is the word `1/2`. Blank lines are skipped; lines may end in
/// CRLF, and there may be a byte order mark.
///
/// # Errors
///
/// [`TaggedError::EmptyWord`], [`TaggedError::MissingTag`] or [`TaggedError::NoSentences`].
///
/// ```
/// use rnn_data::parse_word_tags;
///
/// let sentences = parse_word_tags("Add/VB 1/2/CD cup/NN\nStir/VB\n")?;
/// assert_eq!(sentences[0].words, ["Add", "1/2", "cup"]);
/// assert_eq!(sentences[1].tags, ["VB"]);
///
/// let error = parse_word_tags("Add/VB salt").unwrap_err();
/// assert_eq!(error.to_string(), "line 1, column 8: expected word/TAG, found \"salt\"");
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn parse_word_tags(text: &str) -> Result<Vec<Sentence>, TaggedError> {
    let mut sentences = Vec::new();
    let mut last = 0;
    for (line, content) in lines(text) {
        last = line;
        let mut sentence = Sentence::default();
        let mut start = 0;
        for token in content.split([' ', '\t']) {
            if !token.is_empty() {
                let column = || content[..start].chars().count() + 1;
                let missing = || TaggedError::MissingTag {
                    line,
                    column: column(),
                    expected: "word/TAG",
                    found: excerpt(token),
                };
                let (word, tag) = token.rsplit_once('/').ok_or_else(missing)?;
                if tag.is_empty() {
                    return Err(missing());
                }
                if word.is_empty() {
                    let column = column();
                    return Err(TaggedError::EmptyWord { line, column });
                }
                sentence.words.push(word.to_owned());
                sentence.tags.push(tag.to_owned());
            }
            // Past the token and what separates it from the next.
            start += token.len() + 1;
        }
        if !sentence.is_empty() {
            sentences.push(sentence);
        }
    }
    check_any(sentences, last)
}
