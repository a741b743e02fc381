//! Text, bytes and files in any of the formats.

use std::path::Path;

use super::{Label, Sentence, TaggedError, TaggedFormat};
use crate::fs::{decode_text, read_text};

/// Reads text in any format: [`parse_conllu`](super::parse_conllu),
/// [`parse_columns`](super::parse_columns) or [`parse_word_tags`](super::parse_word_tags), as
/// [`TaggedFormat::of_text`] says.
///
/// # Errors
///
/// Those of [`TaggedFormat::of_text`] and of the three.
///
/// ```
/// use rnn_data::{Label, parse_tagged};
///
/// let conllu = parse_tagged("1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n", Label::Auto)?;
/// assert_eq!(conllu, parse_tagged("Go/VERB", Label::Auto)?);
/// assert_eq!(conllu, parse_tagged("Go\tVERB", Label::Auto)?);
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn parse_tagged(text: &str, label: Label) -> Result<Vec<Sentence>, TaggedError> {
    TaggedFormat::of_text(text)?.parse(text, label)
}

/// Reads bytes, plain or in gzip, in any format. The content tells which.
///
/// # Errors
///
/// Those of [`decode_text`] and of [`parse_tagged`].
///
/// ```
/// use rnn_data::{Label, decode_tagged, notebook_sentences};
///
/// let sentences = decode_tagged(b"Everybody/NN read/V that/DET book/NN", Label::Auto)?;
/// assert_eq!(sentences[0], notebook_sentences()[1]);
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn decode_tagged(bytes: &[u8], label: Label) -> Result<Vec<Sentence>, TaggedError> {
    parse_tagged(&decode_text(bytes)?, label)
}

/// Reads a file, plain or in gzip, in the format that its name says ([`TaggedFormat::of_name`]), or else
/// its content. Whether it is in gzip tells the content alone.
///
/// # Errors
///
/// Those of [`read_text`], and [`TaggedError::File`] around the errors of [`parse_tagged`]. All name
/// the file.
///
/// ```
/// use rnn_data::{Label, read_tagged};
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("sentences.txt");
/// std::fs::write(&path, "The/DET dog/NN ate/V\nthe apple/NN\n")?;
/// let error = read_tagged(&path, Label::Auto).unwrap_err();
/// assert!(error.to_string().ends_with("sentences.txt"));
/// let cause = std::error::Error::source(&error).ok_or("no cause")?;
/// assert_eq!(cause.to_string(), "line 2, column 1: expected word/TAG, found \"the\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_tagged(path: impl AsRef<Path>, label: Label) -> Result<Vec<Sentence>, TaggedError> {
    let path = path.as_ref();
    let text = read_text(path)?;
    TaggedFormat::of_name(path)
        .map_or_else(|| TaggedFormat::of_text(&text), Ok)
        .and_then(|format| format.parse(&text, label))
        .map_err(|error| error.in_file(path))
}
