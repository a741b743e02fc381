//! Sentences with a tag for each word, from text in one of two formats.

mod conllu;
mod corpus;
mod error;
mod word_tags;

use std::path::Path;

use crate::fs::{decode_text, read_text};
pub use conllu::parse_conllu;
pub use corpus::TaggedCorpus;
pub use error::TaggedError;
pub use word_tags::parse_word_tags;

/// Words with their parts of speech, or any other tag each.
///
/// What is read from text has at least one word, as many tags as words, and none of them empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// The words.
    pub words: Vec<String>,
    /// The tag of each word.
    pub tags: Vec<String>,
}

impl Sentence {
    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Each word with its tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.tags.iter().map(String::as_str);
        self.words.iter().map(String::as_str).zip(tags)
    }
}

/// The two sentences, with articles, nouns and verbs told apart, that PyTorch's tutorial on tagging
/// made well known.
///
/// ```
/// let sentences = rnn_data::notebook_sentences();
/// assert_eq!(sentences[0].words.join(" "), "The dog ate the apple");
/// assert_eq!(sentences[0].tags.join(" "), "DET NN V DET NN");
/// assert_eq!(sentences[1].words.join(" "), "Everybody read that book");
/// assert_eq!(sentences[1].tags.join(" "), "NN V DET NN");
/// ```
pub fn notebook_sentences() -> Vec<Sentence> {
    let split = |text: &str| text.split(' ').map(str::to_owned).collect();
    [
        ("The dog ate the apple", "DET NN V DET NN"),
        ("Everybody read that book", "NN V DET NN"),
    ]
    .map(|(words, tags)| Sentence {
        words: split(words),
        tags: split(tags),
    })
    .into()
}

/// Reads text in either format: see [`parse_conllu`] and [`parse_word_tags`].
///
/// The first line that is neither blank nor a comment tells which: CoNLL-U has a tab there, and no
/// slash before it.
///
/// # Errors
///
/// Those of the two, and [`TaggedError::NoSentences`] if there is no such line.
///
/// ```
/// use rnn_data::parse_tagged;
///
/// let column = parse_tagged("1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n")?;
/// assert_eq!(column, parse_tagged("Go/VERB")?);
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn parse_tagged(text: &str) -> Result<Vec<Sentence>, TaggedError> {
    let is_content = |line: &str| {
        let first = line.split_ascii_whitespace().next();
        // The word `#` may begin a sentence: `#/NN`.
        first.is_some_and(|first| !first.starts_with('#') || first.contains('/'))
    };
    match lines(text)
        .map(|(_, line)| line)
        .find(|line| is_content(line))
    {
        Some(line) if matches!(line.split_once('\t'), Some((id, _)) if !id.contains('/')) => {
            parse_conllu(text)
        }
        Some(_) => parse_word_tags(text),
        None => Err(TaggedError::NoSentences {
            lines: lines(text).count(),
        }),
    }
}

/// Reads bytes, plain or in gzip, in either format. The content tells which.
///
/// # Errors
///
/// Those of [`decode_text`] and of [`parse_tagged`].
///
/// ```
/// let sentences = rnn_data::decode_tagged(b"Everybody/NN read/V that/DET book/NN")?;
/// assert_eq!(sentences[0], rnn_data::notebook_sentences()[1]);
/// # Ok::<(), rnn_data::TaggedError>(())
/// ```
pub fn decode_tagged(bytes: &[u8]) -> Result<Vec<Sentence>, TaggedError> {
    parse_tagged(&decode_text(bytes)?)
}

/// Reads a file, plain or in gzip, in either format. The content tells which, not the name.
///
/// # Errors
///
/// Those of [`read_text`], and [`TaggedError::File`] around the errors of [`parse_tagged`]. All name
/// the file.
///
/// ```
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("sentences.txt");
/// std::fs::write(&path, "The/DET dog/NN ate/V\nthe apple/NN\n")?;
/// let error = rnn_data::read_tagged(&path).unwrap_err();
/// assert!(error.to_string().ends_with("sentences.txt"));
/// let cause = std::error::Error::source(&error).ok_or("no cause")?;
/// assert_eq!(cause.to_string(), "line 2, column 1: expected word/TAG, found \"the\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_tagged(path: impl AsRef<Path>) -> Result<Vec<Sentence>, TaggedError> {
    let path = path.as_ref();
    parse_tagged(&read_text(path)?).map_err(|error| TaggedError::File {
        path: path.to_owned(),
        source: Box::new(error),
    })
}

/// Lines and their numbers from 1, without what ends them, and without a byte order mark.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The file may be cut off between CR and LF.
    let lines = text.lines().map(|line| line.trim_end_matches('\r'));
    (1..).zip(lines)
}

/// A parser's last word.
fn check_any(sentences: Vec<Sentence>, lines: usize) -> Result<Vec<Sentence>, TaggedError> {
    if sentences.is_empty() {
        return Err(TaggedError::NoSentences { lines });
    }
    Ok(sentences)
}
