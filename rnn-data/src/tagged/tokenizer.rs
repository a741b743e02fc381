//! Splits written sentences into words as treebanks have them.

use super::WordEncoder;

/// Endings that English treebanks split off a word: `do n't`, `it 's`.
const ENDINGS: [&str; 7] = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];

/// Splits sentences into words, guided by a vocabulary.
///
/// ```
/// use rnn_data::Vocab;
/// use rnn_data::tagged::{Tokenizer, WordEncoder, WordForm};
///
/// let words = Vocab::words(["n't", "U.S.", "in"]);
/// let words = WordEncoder::new(words, WordForm::default());
/// let tokens = Tokenizer::new(&words).tokens("\"I don’t live in the U.S.\"");
/// assert_eq!(tokens, ["\"", "I", "do", "n't", "live", "in", "the", "U.S.", "\""]);
/// ```
#[derive(Clone, Debug)]
pub struct Tokenizer<'a> {
    words: &'a WordEncoder,
}

impl<'a> Tokenizer<'a> {
    /// Splits as words of this vocabulary are written.
    pub fn new(words: &'a WordEncoder) -> Self {
        Self { words }
    }

    /// The sentence with quotes and ellipses as most treebanks write them: what [`tokens`](Self::tokens)
    /// splits, and all of it but white space.
    ///
    /// ```
    /// use rnn_data::tagged::Tokenizer;
    ///
    /// assert_eq!(Tokenizer::normalize("“Don’t…”"), "\"Don't...\"");
    /// ```
    pub fn normalize(sentence: &str) -> String {
        sentence
            .replace(['‘', '’'], "'")
            .replace(['“', '”', '„', '«', '»'], "\"")
            .replace('…', "...")
    }

    /// The words of a sentence. Punctuation before and after a word becomes separate words, unless
    /// the vocabulary has both as one word (`U.S.`). Endings are split off if the vocabulary has
    /// them.
    pub fn tokens(&self, sentence: &str) -> Vec<String> {
        let sentence = Self::normalize(sentence);
        let mut tokens = Vec::new();
        for chunk in sentence.split_whitespace() {
            self.split(chunk, &mut tokens);
        }
        tokens
    }

    fn split(&self, chunk: &str, tokens: &mut Vec<String>) {
        let mut rest = chunk;
        let mut after = Vec::new();
        // A run of punctuation is split off as one word if the vocabulary has it (`...`), or else
        // mark by mark.
        while !self.has_word(rest) {
            let (first, run) = self.marks(rest.chars());
            if run > 0 {
                let end = if self.has_word(&rest[..run]) {
                    run
                } else {
                    first
                };
                if end == rest.len() {
                    break;
                }
                tokens.push(rest[..end].to_owned());
                rest = &rest[end..];
                continue;
            }
            let (last, run) = self.marks(rest.chars().rev());
            if run == 0 {
                break;
            }
            let known = self.has_word(&rest[rest.len() - run..]);
            let start = rest.len() - if known { run } else { last };
            after.push(rest[start..].to_owned());
            rest = &rest[..start];
        }
        let ending = ENDINGS.iter().find_map(|ending| {
            let word = rest.strip_suffix(ending).filter(|word| !word.is_empty())?;
            self.has_word(ending).then_some((word, *ending))
        });
        match ending {
            Some((word, ending)) => tokens.extend([word.to_owned(), ending.to_owned()]),
            None => tokens.push(rest.to_owned()),
        }
        tokens.extend(after.into_iter().rev());
    }

    /// The lengths in bytes of the first punctuation mark and of the run of marks that it begins,
    /// cut off at the length of the longest word.
    fn marks(&self, chars: impl Iterator<Item = char>) -> (usize, usize) {
        let is_mark = |c: &char| c.is_ascii_punctuation() || matches!(c, '–' | '—' | '¿' | '¡');
        let mut run = chars
            .take(self.words.longest() + 1)
            .take_while(is_mark)
            .map(char::len_utf8);
        let first = run.next().unwrap_or(0);
        (first, first + run.sum::<usize>())
    }

    fn has_word(&self, word: &str) -> bool {
        // Longer ones are not looked up, which bounds the time.
        word.len() <= self.words.longest() && self.words.is_known(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vocab;
    use crate::tagged::WordForm;

    #[test]
    fn punctuation_and_endings_come_off_as_the_vocabulary_has_them() {
        let encoder = |vocab| WordEncoder::new(vocab, WordForm::default());
        let words = encoder(Vocab::words(["U.S.", "...", "n't", "'s", "it's", ":-)"]));
        let tokenizer = Tokenizer::new(&words);
        for (text, expected) in [
            ("The dog ate.", "The|dog|ate|."),
            ("(the U.S.)", "(|the|U.S.|)"),
            ("\"No!\", he said...", "\"|No|!|\"|,|he|said|..."),
            ("wait …", "wait|..."),
            ("don't  re-read", "do|n't|re-read"),
            ("Don’t say “it’s”, we're", "Do|n't|say|\"|it|'s|\"|,|we're"),
            ("?! :-) --", "?|!|:-)|-|-"),
            ("été, ß — na", "été|,|ß|—|na"),
            (" ", ""),
        ] {
            assert_eq!(tokenizer.tokens(text).join("|"), expected, "{text}");
        }
        // In time linear in the length of the text.
        assert_eq!(tokenizer.tokens(&"-".repeat(100_000)).len(), 100_000);
        let nothing = encoder(Vocab::words([""; 0]));
        assert!(Tokenizer::new(&nothing).tokens("a, b") == ["a", ",", "b"]);
    }
}
