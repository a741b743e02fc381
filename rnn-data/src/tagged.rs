//! Sentences with a tag for each word: the formats that they come in, the words of a vocabulary, spans
//! that tags mark, and vectors of words.

mod columns;
mod conllu;
mod corpus;
mod error;
mod format;
mod label;
mod read;
mod spans;
mod tokenizer;
mod vectors;
mod word_encoder;
mod word_form;
mod word_tags;

pub use columns::parse_columns;
pub use conllu::{ConlluField, ConlluReader, ConlluSentence, parse_conllu};
pub use corpus::TaggedCorpus;
pub use error::TaggedError;
pub use format::TaggedFormat;
pub use label::{Label, LabelError};
pub use read::{decode_tagged, parse_tagged, read_tagged};
pub use spans::{Span, spans};
pub use tokenizer::Tokenizer;
pub use vectors::{VectorsError, WordVectors};
pub use word_encoder::{SentenceIds, WordEncoder};
pub use word_form::WordForm;
pub use word_tags::parse_word_tags;

/// Words with their parts of speech, or any other tag each.
///
/// What is read from text has at least one word, as many tags as words, and none of them empty.
///
/// ```
/// use rnn_data::Sentence;
///
/// let sentence = Sentence { words: vec!["Go".into()], tags: vec!["V".into()] };
/// assert_eq!(sentence.iter().collect::<Vec<_>>(), [("Go", "V")]);
/// assert_eq!((sentence.len(), sentence.is_empty()), (1, false));
/// ```
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

/// Lines and their numbers from 1, without what ends them, and without a byte order mark.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The file may be cut off between CR and LF.
    let lines = text.lines().map(|line| line.trim_end_matches('\r'));
    (1..).zip(lines)
}

/// A parser's last word.
fn check_any(
    sentences: Vec<Sentence>,
    lines: impl FnOnce() -> usize,
) -> Result<Vec<Sentence>, TaggedError> {
    if sentences.is_empty() {
        let lines = lines();
        return Err(TaggedError::NoSentences { lines });
    }
    Ok(sentences)
}
