//! `word/TAG word/TAG`, a sentence a line.

use super::{Label, Sentence, TaggedError, TaggedFormat, check_any, lines};
use crate::fs::file::excerpt;

/// Reads lines of `word/TAG word/TAG`, a sentence each, with spaces or tabs between and before. The last
/// slash is the one that splits: `1/2/CD` is the word `1/2`. Blank lines are skipped; lines may end in
/// CRLF, and there may be a byte order mark.
///
/// # Errors
///
/// [`TaggedError::EmptyWord`], [`TaggedError::MissingTag`], [`TaggedError::NoSentences`], and
/// [`TaggedError::Label`] for a label other than [`Label::Auto`].
///
/// ```
/// use rnn_data::tagged::{Label, parse_word_tags};
///
/// let sentences = parse_word_tags("Add/VB 1/2/CD cup/NN\n\tStir/VB\n", Label::Auto)?;
/// assert_eq!(sentences[0].words, ["Add", "1/2", "cup"]);
/// assert_eq!(sentences[1].tags, ["VB"]);
///
/// let error = parse_word_tags("Add/VB salt", Label::Auto).unwrap_err();
/// assert_eq!(error.to_string(), "line 1, column 8: expected word/TAG, found \"salt\"");
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn parse_word_tags(text: &str, label: Label) -> Result<Vec<Sentence>, TaggedError> {
    if label != Label::Auto {
        let format = TaggedFormat::WordTags;
        return Err(TaggedError::Label { format, label });
    }
    let mut sentences = Vec::new();
    for (line, content) in lines(text) {
        let mut sentence = Sentence::default();
        let mut start = 0;
        for token in content.split([' ', '\t']) {
            if !token.is_empty() {
                let column = || content[..start].chars().count() + 1;
                let missing = || TaggedError::MissingTag {
                    line,
                    column: column(),
                    expected: "word/TAG".to_owned(),
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
    check_any(sentences, || lines(text).count())
}

/// Whether a line is of this format.
pub(super) fn is_word_tags(content: &str) -> bool {
    let mut tokens = content
        .split([' ', '\t'])
        .filter(|token| !token.is_empty())
        .peekable();
    let is_pair = |token: &str| {
        let pair = token.rsplit_once('/');
        pair.is_some_and(|(word, tag)| !word.is_empty() && !tag.is_empty())
    };
    tokens.peek().is_some() && tokens.all(is_pair)
}
