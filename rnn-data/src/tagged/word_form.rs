use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::Vocab;

/// The form in which a vocabulary has its words: as they are written, or with case or digits made one.
///
/// In every form a word is in Unicode's normal form C, in which `é` is one character, however it was
/// typed.
///
/// ```
/// use rnn_data::tagged::WordForm;
///
/// let written = WordForm::default();
/// assert_eq!(written.apply("Cafe\u{301}"), "Café");
/// let form = WordForm { lowercase: true, digits: true };
/// assert_eq!(form.apply("B-52"), "b-00");
/// assert_eq!(form.apply("٢٠٢٦"), "0000");
/// let read: WordForm = serde_json::from_str(r#"{"lowercase": true}"#)?;
/// assert_eq!(read, WordForm { lowercase: true, digits: false });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WordForm {
    /// Whether letters are made lower case.
    pub lowercase: bool,
    /// Whether each decimal digit, of any script, becomes `0`.
    pub digits: bool,
}

impl WordForm {
    /// The word in this form. A word that is in it already is not copied; the form of a form is itself.
    ///
    /// ```
    /// use rnn_data::tagged::WordForm;
    ///
    /// let form = WordForm { lowercase: true, digits: false };
    /// assert_eq!(form.apply("ÉTÉ 1"), "été 1");
    /// assert!(matches!(form.apply("dog"), std::borrow::Cow::Borrowed("dog")));
    /// ```
    pub fn apply<'a>(&self, word: &'a str) -> Cow<'a, str> {
        let mut form = Cow::Borrowed(word);
        if self.lowercase {
            let lowercase = form.to_lowercase();
            if lowercase != *form {
                form = Cow::Owned(lowercase);
            }
        }
        if self.digits && form.contains(is_digit) {
            form = Cow::Owned(form.replace(is_digit, "0"));
        }
        // Last, since a text in normal form need not be in it once its case has changed.
        if is_nfc_quick(form.chars()) != IsNormalized::Yes {
            let normal: String = form.nfc().collect();
            if normal != *form {
                form = Cow::Owned(normal);
            }
        }
        form
    }

    /// The id of a word: its own as it is written, or else that of its form, or else that of the symbol
    /// for unknown words, if there is one.
    ///
    /// ```
    /// use rnn_data::{Vocab, tagged::WordForm};
    ///
    /// let words = Vocab::builder().with_unk("<unk>").words(["Polish", "polish", "the"]);
    /// let form = WordForm { lowercase: true, digits: false };
    /// let ids = ["Polish", "POLISH", "The", "cat"].map(|word| form.id(&words, word));
    /// assert_eq!(ids, [Some(1), Some(2), Some(3), Some(0)]);
    /// ```
    pub fn id(&self, vocab: &Vocab, word: &str) -> Option<usize> {
        if vocab.contains(word) {
            vocab.id(word)
        } else {
            vocab.id(&self.apply(word))
        }
    }

    /// Whether a vocabulary has the word, as it is written or in its form.
    ///
    /// ```
    /// use rnn_data::{Vocab, tagged::WordForm};
    ///
    /// let words = Vocab::builder().with_unk("<unk>").words(["the"]);
    /// let form = WordForm { lowercase: true, digits: false };
    /// assert!(form.is_known(&words, "THE") && !form.is_known(&words, "cat"));
    /// ```
    pub fn is_known(&self, vocab: &Vocab, word: &str) -> bool {
        vocab.contains(word) || vocab.contains(&self.apply(word))
    }
}

fn is_digit(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_digit(),
        false => c.general_category() == GeneralCategory::DecimalNumber,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_form_is_itself() {
        let words = [
            "dog",
            "Dog",
            "É",
            "E\u{301}",
            "É1",
            "İstanbul",
            "ΣΊΣΥΦΟΣ",
            "K",
            "Å",
            "ǅ",
            "½",
            "²",
            "１２",
            "𝟙",
            "Ⅷ",
            "각",
            "한국",
            "a\u{323}\u{307}",
            "",
            "👩‍👧",
        ];
        for (lowercase, digits) in [(false, false), (true, false), (false, true), (true, true)] {
            let form = WordForm { lowercase, digits };
            for word in words {
                let once = form.apply(word);
                assert_eq!(form.apply(&once), once, "{word}");
                assert!(once.nfc().eq(once.chars()), "{word}");
            }
        }
    }

    #[test]
    fn digits_alone_are_digits() {
        let form = WordForm {
            lowercase: false,
            digits: true,
        };
        assert_eq!(form.apply("1a２b𝟙c٣"), "0a0b0c0");
        // Numbers, and no decimal digits.
        assert_eq!(form.apply("½²Ⅷ五"), "½²Ⅷ五");
        assert_eq!(WordForm::default().apply("1２"), "1２");
    }

    #[test]
    fn normal_form_before_unknown() {
        let words = Vocab::builder().with_unk("?").words(["café"]);
        let form = WordForm::default();
        assert_eq!(form.id(&words, "cafe\u{301}"), Some(1));
        assert_eq!(form.id(&words, "Café"), Some(0));
        assert_eq!(form.id(&Vocab::words(["a"]), "b"), None);
    }
}
