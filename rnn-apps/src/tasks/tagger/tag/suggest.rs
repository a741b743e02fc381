//! A sentence to try a tagger with.

use rnn_data::tagged::{Tokenizer, WordEncoder};

/// The notebook's first sentence, with the full stop of one.
const ENGLISH: &str = "The dog ate the apple.";

/// As many words are shown.
const WORDS: usize = 5;

/// A sentence that a tagger with these words can read: English, or the first of its words that are words by
/// themselves, joined by spaces.
pub fn sentence_of(words: &WordEncoder) -> String {
    let tokenizer = Tokenizer::new(words);
    let is_known = |word: &str| words.is_known(word) || words.words().unk_id().is_some();
    let english = tokenizer.tokens(ENGLISH);
    // Most of it, so that a tagger of another language with the word "the" is asked for something else.
    let known = english.iter().filter(|word| words.is_known(word)).count();
    if 2 * known > english.len() && english.iter().all(|word| is_known(word)) {
        return ENGLISH.to_owned();
    }
    let unknown = words
        .words()
        .unk_id()
        .and_then(|id| words.words().symbol(id));
    let is_word = |word: &&str| {
        let is_mark = word.starts_with(['<', '[', '-']) && word.len() > 1;
        let tokens = tokenizer.tokens(word);
        !is_mark && Some(*word) != unknown && tokens.len() == 1 && words.is_known(&tokens[0])
    };
    let found: Vec<&str> = words.words().iter().filter(is_word).take(WORDS).collect();
    match found.is_empty() {
        true => words.words().symbol(0).unwrap_or_default().to_owned(),
        false => found.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rnn_data::Vocab;
    use rnn_data::tagged::WordForm;

    #[test]
    fn the_sentence_is_one_that_the_tagger_knows() {
        for (symbols, unk, expected) in [
            (
                &["The", "dog", "ate", "the", "apple", "."][..],
                None,
                ENGLISH,
            ),
            (
                &["<unk>", "The", "dog", "ate", "the"],
                Some("<unk>"),
                ENGLISH,
            ),
            (&["<pad>", "<unk>", "a", "b", "c"], Some("<unk>"), "a b c"),
            (
                &["The", "dog", "ate", "the", "apple"],
                None,
                "The dog ate the apple",
            ),
            (
                &["der", "Hund", "a b", "frißt", "den", "Apfel", "nicht"],
                None,
                "der Hund frißt den Apfel",
            ),
        ] {
            let vocab = Vocab::in_order(symbols);
            let vocab = match unk {
                Some(unk) => vocab.with_unk(unk).expect("it is there"),
                None => vocab,
            };
            let words = WordEncoder::new(vocab, WordForm::default());
            assert_eq!(sentence_of(&words), expected);
        }
    }
}
