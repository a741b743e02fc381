use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of the things that a file says of a word is read as its tag.
///
/// As text, in settings and on a command line, it is `auto`, `upos`, `xpos`, or a column's number.
///
/// ```
/// use rnn_data::tagged::{Label, parse_columns, parse_conllu};
///
/// let conllu = "1\tdogs\tdog\tNOUN\tNNS\tNumber=Plur\t0\troot\t_\t_\n";
/// let tag = |label: &str| -> Result<_, Box<dyn std::error::Error>> {
///     Ok(parse_conllu(conllu, label.parse()?)?[0].tags[0].clone())
/// };
/// assert_eq!([tag("auto")?, tag("upos")?, tag("xpos")?], ["NOUN", "NOUN", "NNS"]);
/// assert_eq!(tag("6")?, "Number=Plur");
///
/// let columns = "dogs NNS I-NP O\n";
/// assert_eq!(parse_columns(columns, Label::Auto)?[0].tags, ["O"]);
/// assert_eq!(parse_columns(columns, "2".parse()?)?[0].tags, ["NNS"]);
/// let error = parse_columns(columns, Label::Upos).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "expected CoNLL-U, which has a field UPOS, found columns: give a column's number, or auto for \
///      the last one"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Label {
    /// What the format has for tags: the field UPOS of CoNLL-U, the last of columns, the tag of
    /// `word/TAG`.
    #[default]
    Auto,
    /// The field UPOS of CoNLL-U: universal parts of speech.
    Upos,
    /// The field XPOS of CoNLL-U: the treebank's own parts of speech.
    Xpos,
    /// A column of columns, or a field of CoNLL-U, counted from 1.
    Column(NonZeroUsize),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Upos => f.pad("upos"),
            Self::Xpos => f.pad("xpos"),
            Self::Column(number) => number.fmt(f),
        }
    }
}

/// A text that names no [`Label`].
///
/// ```
/// use rnn_data::tagged::Label;
///
/// let error = "0".parse::<Label>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "expected auto, upos, xpos or the number of a column from 1 on, found \"0\""
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected auto, upos, xpos or the number of a column from 1 on, found {found:?}")]
pub struct LabelError {
    /// The text.
    pub found: String,
}

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "upos" => Ok(Self::Upos),
            "xpos" => Ok(Self::Xpos),
            _ => text
                .parse()
                .ok()
                .filter(|_| is_number)
                .map(Self::Column)
                .ok_or_else(|| LabelError {
                    found: text.to_owned(),
                }),
        }
    }
}

impl TryFrom<String> for Label {
    type Error = LabelError;

    fn try_from(text: String) -> Result<Self, LabelError> {
        text.parse()
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_there_and_back() {
        for text in ["auto", "upos", "xpos", "1", "12"] {
            let label: Label = text.parse().expect("a label");
            assert_eq!(label.to_string(), text);
            let json = serde_json::to_string(&label).expect("JSON");
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(
                serde_json::from_str::<Label>(&json).expect("a label"),
                label
            );
        }
        assert_eq!("UPOS".parse(), Ok(Label::Upos));
        for text in [
            "",
            "0",
            "+1",
            "-1",
            "1.0",
            " 1",
            "pos",
            "99999999999999999999999",
        ] {
            let error = text.parse::<Label>().expect_err(text);
            assert!(error.to_string().ends_with(&format!("found {text:?}")));
            assert!(serde_json::from_str::<Label>(&format!("{text:?}")).is_err());
        }
    }
}
