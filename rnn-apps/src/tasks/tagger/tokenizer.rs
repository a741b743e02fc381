//! Splits written sentences into words as treebanks have them.

use rnn_data::Vocab;

/// Endings that English treebanks split off a word: `do n't`, `it 's`.
const ENDINGS: [&str; 7] = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];

/// Splits sentences into words, guided by a vocabulary.
pub struct Tokenizer<'a> {
    vocab: &'a Vocab,
    /// The length in bytes of the longest word in the vocabulary; longer ones are not looked up,
    /// which bounds the time.
    longest: usize,
}

impl<'a> Tokenizer<'a> {
    pub fn new(vocab: &'a Vocab) -> Self {
        let longest = vocab.iter().map(str::len).max().unwrap_or(0);
        Self { vocab, longest }
    }

    /// The words of a sentence. Punctuation before and after a word becomes separate words, unless
    /// the vocabulary has both as one word (`U.S.`). Endings are split off if the vocabulary has
    /// them.
    pub fn tokens(&self, sentence: &str) -> Vec<String> {
        // Normalises quotes and ellipses to the form that most treebanks use.
        let sentence = sentence
            .replace(['‘', '’'], "'")
            .replace(['“', '”', '„', '«', '»'], "\"")
            .replace('…', "...");
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
            .take(self.longest + 1)
            .take_while(is_mark)
            .map(char::len_utf8);
        let first = run.next().unwrap_or(0);
        (first, first + run.sum::<usize>())
    }

    fn has_word(&self, word: &str) -> bool {
        word.len() <= self.longest && self.vocab.contains(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_and_endings_come_off_as_the_vocabulary_has_them() {
        let vocab = Vocab::words(["U.S.", "...", "n't", "'s", "it's", ":-)"]);
        let tokenizer = Tokenizer::new(&vocab);
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
        assert!(Tokenizer::new(&Vocab::words([""; 0])).tokens("a, b") == ["a", ",", "b"]);
    }
}
