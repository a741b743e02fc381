//! One test per way in which CoNLL-U, read sentence by sentence, can be wrong.

use std::fs;
use std::io::{self, BufReader, Read};

use rnn_data::tagged::{ConlluField, ConlluReader, TaggedError};
use rnn_data::{Label, TextError, parse_conllu};

use crate::tagged_conllu::{GOOD, read};

/// What is said of the good text with `from` replaced.
fn message(from: &str, to: &str) -> String {
    assert_eq!(read(GOOD).expect("good").len(), 1);
    assert!(GOOD.contains(from));
    let text = GOOD.replacen(from, to, 1);
    read(&text).expect_err("not good").to_string()
}

#[test]
fn values_that_no_field_can_have() {
    let text = format!("# more\n\n{GOOD}").repeat(2);
    let sentences = read(&text).expect("good");
    let error = |field, values: &[&str]| {
        let error = sentences[1].with_column(field, values);
        error.expect_err("not CoNLL-U").to_string()
    };
    assert_eq!(
        error(ConlluField::Upos, &["A", "B"]),
        "expected 3 values, one for each word of the sentence, found 2"
    );
    for value in ["", "A\tB", "A\n", "\r"] {
        assert!(
            error(ConlluField::Upos, &["A", value, "C"]).starts_with("word 2: expected a value")
        );
    }
    // With lines as in the file.
    assert_eq!(
        error(ConlluField::Upos, &["A", "B C", "D"]),
        "line 15, column 17: expected no space in field 4 (UPOS), found \"B C\""
    );
    assert!(error(ConlluField::Head, &["0", "1", "4"]).starts_with("line 17, column 20: "));
    assert!(error(ConlluField::Id, &["1", "3", "2"]).contains("expected word 2, found word 3"));
}

#[test]
fn fields_are_checked() {
    for (from, to, expected) in [
        (
            "\tADV\t",
            "\t\t",
            "line 6, column 12: expected a value, or _ for none, in field 4 (UPOS), found nothing",
        ),
        (
            "\t_\tA b=C d",
            "\t\tA b=C d",
            "line 6, column 29: expected a value, or _ for none, in field 9 (DEPS), found nothing",
        ),
        (
            "A b=C d",
            "",
            "line 6, column 31: expected a value, or _ for none, in field 10 (MISC), found nothing",
        ),
        (
            "1-2\tVámonos",
            "1-2\t",
            "line 2, column 5: expected a value, or _ for none, in field 2 (FORM), found nothing",
        ),
        (
            "1\tVamos",
            "1\t",
            "line 3, column 3: expected a word, found none",
        ),
        (
            "ADV",
            "ADV ",
            "line 6, column 15: expected no space in field 4 (UPOS), found \"ADV \"",
        ),
        (
            "Mood=Imp",
            "Mood=\u{a0}Imp",
            "line 3, column 24: expected no space in field 6 (FEATS), found \"Mood=\\u{a0}Imp\"",
        ),
        (
            "3\tya ya",
            "3 \tya ya",
            "line 6, column 1: expected a word's number, a range such as 3-4 or an empty node such as 5.1, found \"3 \"",
        ),
        (
            "1\tadvmod",
            "4\tadvmod",
            "line 6, column 20: expected the number of a word, at most 3, in field 7 (HEAD), found \"4\"",
        ),
        (
            "1\tobj",
            "9\tobj",
            "line 4, column 25: expected the number of a word, at most 3, in field 7 (HEAD), found \"9\"",
        ),
        (
            "1\tadvmod",
            "-1\tadvmod",
            "line 6, column 20: expected the number of a word, or _ for none, in field 7 (HEAD), found \"-1\"",
        ),
        (
            "1\tobj",
            "2\tobj",
            "line 4, column 25: expected the number of another word in field 7 (HEAD), found \"2\"",
        ),
        (
            "2\tnos",
            "02\tnos",
            "line 4, column 1: expected a word's number, a range such as 3-4 or an empty node such as 5.1, found \"02\"",
        ),
        (
            "2\tnos",
            "# nos\n2\tnos",
            "line 4, column 1: expected word 2 or a blank line, found a comment",
        ),
        (
            "2\tnos",
            "2-3\tnos\t_\t_\t_\t_\t_\t_\t_\t_\n2\tnos",
            "line 4, column 1: expected word 2 of a range, found range 2-3",
        ),
        (
            "2.1\té",
            "2.2\té",
            "line 5, column 1: expected empty node 2.1, found empty node 2.2",
        ),
        (
            "A b=C d",
            "A b=C d\té",
            "line 6, column 39: expected 10 fields with tabs between them, found 11",
        ),
        (
            "0\troot",
            "2.1\troot",
            "line 3, column 28: expected the number of a word, or _ for none, in field 7 (HEAD), found \"2.1\"",
        ),
    ] {
        assert_eq!(message(from, to), expected);
    }
    // A head may come later.
    assert!(read(&GOOD.replace("0\troot", "3\troot")).is_ok());
}

#[test]
fn it_ends_after_the_first_error() {
    let text = format!("{GOOD}1\tx\n\n{GOOD}");
    let mut reader = ConlluReader::new(text.as_bytes());
    assert!(reader.next().is_some_and(|sentence| sentence.is_ok()));
    assert!(reader.next().is_some_and(|sentence| sentence.is_err()));
    assert!(reader.next().is_none());
}

#[test]
fn bytes_that_are_no_text() {
    let bytes = [GOOD.as_bytes(), b"# \xc3\xa9\xff\n"].concat();
    let error = ConlluReader::new(&bytes[..])
        .last()
        .expect("an item")
        .expect_err("no text");
    assert_eq!(
        error.to_string(),
        format!(
            "line 8, column 4: expected UTF-8, found byte 0xff (byte offset {})",
            GOOD.len() + 4
        )
    );
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = ConlluReader::new(&utf16[..])
        .next()
        .expect("an item")
        .expect_err("UTF-16");
    assert!(matches!(error, TaggedError::Text(TextError::Utf16)));
}

#[test]
fn files_are_named_and_may_be_compressed() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.conllu.gz");
    let compress = |text: &str| {
        let mut bytes = Vec::new();
        let level = flate2::Compression::default();
        flate2::read::GzEncoder::new(text.as_bytes(), level)
            .read_to_end(&mut bytes)
            .expect("gzip");
        bytes
    };
    // `cat a.gz b.gz`: members follow one another.
    let bytes = [compress(GOOD), compress(GOOD)].concat();
    fs::write(&path, &bytes).expect("written");
    let count = ConlluReader::open(&path)
        .expect("open")
        .filter(|sentence| sentence.is_ok())
        .count();
    assert_eq!(count, 2);
    fs::write(&path, &bytes[..bytes.len() - 9]).expect("written");
    let error = ConlluReader::open(&path)
        .expect("open")
        .last()
        .expect("an item");
    let message = crate::chain(&error.expect_err("cut off"));
    assert!(message.contains("a.conllu.gz: line "), "{message}");
    fs::write(&path, "1\tx\n").expect("written");
    let error = ConlluReader::open(&path)
        .expect("open")
        .next()
        .expect("an item");
    let message = crate::chain(&error.expect_err("two fields"));
    assert!(message.ends_with(
        "a.conllu.gz: line 1, column 4: expected 10 fields with tabs between them, found 2"
    ));
    fs::remove_file(&path).expect("removed");
    assert!(ConlluReader::open(&path).is_err());
}

#[test]
fn endless_lines_and_sentences_are_refused() {
    let endless = BufReader::new(io::repeat(b'#'));
    let error = ConlluReader::new(endless)
        .next()
        .expect("an item")
        .expect_err("endless");
    assert_eq!(
        error.to_string(),
        "line 1: expected at most 1048576 bytes, found more"
    );
    let comments = "# more and more\n".repeat((1 << 20) + 1);
    let error = parse_conllu(&comments, Label::Auto).expect_err("endless");
    assert_eq!(
        error.to_string(),
        "line 1048577: expected a blank line after at most 16777216 bytes, found none"
    );
}
