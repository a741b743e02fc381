//! CoNLL-U sentence by sentence, with every byte kept.

use std::io::{self, BufReader, Read};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rnn_data::Label;
use rnn_data::tagged::{ConlluField, ConlluReader, ConlluSentence, TaggedError};

/// With all that a sentence can have.
pub const GOOD: &str = "# text = Vámonos ya\n\
                    1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_\n\
                    1\tVamos\tir\tVERB\t_\tMood=Imp\t0\troot\t_\t_\n\
                    2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\tSpaceAfter=No\n\
                    2.1\té\t_\t_\t_\t_\t_\t_\t_\t_\n\
                    3\tya ya\tya\tADV\t_\t_\t1\tadvmod\t_\tA b=C d\n\n";

pub fn read(text: &str) -> Result<Vec<ConlluSentence>, TaggedError> {
    ConlluReader::new(text.as_bytes()).collect()
}

/// A file as treebanks and programs write them, with its words.
fn generate(rng: &mut ChaCha8Rng) -> (String, Vec<Vec<String>>) {
    const FORMS: [&str; 6] = ["a", "New York", "_", "été", "#", "👩‍👧"];
    let end = ["\n", "\r\n"][rng.random_range(0..2)];
    let mut text = String::from(["", "\u{feff}"][rng.random_range(0..2)]);
    let mut sentences = Vec::new();
    let line = |text: &mut String, id: String, form: &str, head: usize| {
        let head = if head == 0 {
            "_".to_owned()
        } else {
            head.to_string()
        };
        *text += &format!("{id}\t{form}\t{form}\tX\t_\tA=B\t{head}\tdep\t_\tSpaceAfter=No|a b");
        *text += end;
    };
    for _ in 0..rng.random_range(0..5) {
        for _ in 0..rng.random_range(0..3) {
            text += ["# sent_id = é/1", "#", "# 1\t2"][rng.random_range(0..3)];
            text += end;
            if rng.random_bool(0.1) {
                text += end;
            }
        }
        let words = rng.random_range(1..6);
        let mut sentence = Vec::new();
        if rng.random_bool(0.3) {
            line(&mut text, "0.1".to_owned(), "x", 0);
        }
        let mut range_end = 0;
        for word in 1..=words {
            if word > range_end && rng.random_bool(0.2) {
                range_end = rng.random_range(word..=words);
                line(&mut text, format!("{word}-{range_end}"), "xy", 0);
            }
            let form = FORMS[rng.random_range(0..FORMS.len())];
            let head = rng.random_range(0..=words);
            let head = if head == word { 0 } else { head };
            line(&mut text, word.to_string(), form, head);
            sentence.push(form.to_owned());
            for node in 1..=rng.random_range(0..3) {
                line(&mut text, format!("{word}.{node}"), "x", 0);
            }
        }
        sentences.push(sentence);
        for _ in 0..rng.random_range(1..4) {
            text += ["", " "][rng.random_range(0..2)];
            text += end;
        }
    }
    // A file may end in comments, and may lack its last line end.
    if rng.random_bool(0.3) {
        text += "# the end";
        text += ["", end][rng.random_range(0..2)];
    } else if rng.random_bool(0.3) {
        text.truncate(text.trim_end().len());
    }
    (text, sentences)
}

#[test]
fn all_texts_together_are_the_file() {
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    let mut total = 0;
    for _ in 0..2000 {
        let (text, words) = generate(&mut rng);
        let sentences = read(&text).expect(&text);
        let joined: String = sentences.iter().map(ConlluSentence::text).collect();
        assert_eq!(joined, text);
        let found: Vec<Vec<&str>> = sentences
            .iter()
            .filter(|sentence| !sentence.is_empty())
            .map(|sentence| sentence.words().collect())
            .collect();
        assert_eq!(found, words, "{text:?}");
        total += found.len();
        // Only what comes after the last sentence has no words.
        let wordless = sentences.iter().position(ConlluSentence::is_empty);
        assert!(wordless.is_none_or(|at| at == sentences.len() - 1));
        // Lines are counted through.
        let mut line = 1;
        for sentence in &sentences {
            assert_eq!(sentence.line(), line);
            line += sentence.text().lines().count();
        }

        for field in [ConlluField::Upos, ConlluField::Form, ConlluField::Misc] {
            let mut replaced = String::new();
            for sentence in &sentences {
                let same: Vec<&str> = sentence.values(field).collect();
                assert_eq!(
                    &sentence.with_column(field, &same).expect("the same"),
                    sentence
                );
                let values: Vec<String> = (0..sentence.len())
                    .map(|word| format!("né{word}"))
                    .collect();
                let new = sentence.with_column(field, &values).expect("new");
                assert!(new.values(field).eq(values.iter().map(String::as_str)));
                replaced += new.text();
            }
            // The rest is as it was.
            let back: String = read(&replaced)
                .expect("CoNLL-U")
                .iter()
                .zip(&sentences)
                .map(|(new, old)| {
                    let old: Vec<&str> = old.values(field).collect();
                    new.with_column(field, &old).expect("old").text().to_owned()
                })
                .collect();
            assert_eq!(back, text);
        }
    }
    assert!(total > 3000, "{total}");
}

#[test]
fn only_the_words_fields_are_replaced() {
    let sentence = &read(GOOD).expect("good")[0];
    assert_eq!(
        sentence.words().collect::<Vec<_>>(),
        ["Vamos", "nos", "ya ya"]
    );
    let new = sentence
        .with_column(ConlluField::Xpos, &["A", "B", "C"])
        .expect("new");
    let expected = GOOD
        .replace("VERB\t_", "VERB\tA")
        .replace("PRON\t_", "PRON\tB")
        .replace("ADV\t_", "ADV\tC");
    assert_eq!(new.text(), expected);
    assert_eq!(
        new.sentence(Label::Xpos).expect("tags").tags,
        ["A", "B", "C"]
    );
}

/// Gives one line at a time, and an error where more is read than was asked for.
struct Slow<'a>(std::str::SplitInclusive<'a, char>);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self
            .0
            .next()
            .ok_or_else(|| io::Error::other("read too far"))?;
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}

#[test]
fn a_sentence_is_there_with_its_blank_line() {
    let text = GOOD.repeat(2);
    let mut reader = ConlluReader::new(BufReader::new(Slow(text.split_inclusive('\n'))));
    for _ in 0..2 {
        assert_eq!(
            reader.next().expect("an item").expect("a sentence").text(),
            GOOD
        );
    }
    let error = reader.next().expect("an item").expect_err("no more");
    assert_eq!(
        crate::chain(&error),
        "line 15: expected to read it, found an error: read too far"
    );
}
