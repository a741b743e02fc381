//! One test per way in which tagged sentences can be wrong.

use std::fs;
use std::io::Write;

use rnn_data::{
    GzipError, Label, TaggedError, TextError, decode_tagged, parse_conllu, parse_tagged,
    parse_word_tags, read_tagged,
};
use tempfile::tempdir;

const GOOD: &str = "# text = Go on\n\
                    1-2\tGo on\t_\t_\t_\t_\t_\t_\t_\t_\n\
                    1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n\
                    1.1\té\t_\t_\t_\t_\t_\t_\t_\t_\n\
                    2\ton\ton\tADP\t_\t_\t1\tx\t_\t_\n\n";

/// What is said of the good text with `from` replaced.
fn message(from: &str, to: &str) -> String {
    assert!(parse_conllu(GOOD, Label::Auto).is_ok());
    assert!(GOOD.contains(from));
    let text = GOOD.replacen(from, to, 1);
    let error = parse_conllu(&text, Label::Auto).unwrap_err();
    assert_eq!(
        parse_tagged(&text, Label::Auto).unwrap_err().to_string(),
        error.to_string()
    );
    error.to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn fields_too_few_or_too_many() {
    assert_eq!(
        message("\troot\t_\t_", "\troot"),
        "line 3, column 24: expected 10 fields with tabs between them, found 8"
    );
    assert!(
        message("\tADP\t", "\tADP\tIN\t")
            .contains("expected 10 fields with tabs between them, found 11")
    );
    // Spaces where tabs should be, and too few of them.
    assert!(message("2\ton\ton\tADP\t_\t_\t1\tx\t_\t_", "2 on on ADP").ends_with("found 1"));
}

#[test]
fn ids_that_are_none() {
    for id in [
        "x",
        "",
        "+2",
        "2-",
        "-2",
        "2.",
        ".1",
        "2.x",
        "2-3-4",
        "２",
        "99999999999999999999999",
    ] {
        let message = message("2\ton", &format!("{id}\ton"));
        assert_eq!(
            message,
            format!(
                "line 5, column 1: expected a word's number, a range such as 3-4 or an empty node \
                 such as 5.1, found {id:?}"
            )
        );
    }
}

#[test]
fn ids_out_of_order() {
    assert!(message("2\ton", "3\ton").ends_with("line 5, column 1: expected word 2, found word 3"));
    assert!(message("2\ton", "1\ton").contains("expected word 2, found word 1"));
    assert!(
        message("1\tGo\t", "0\tGo\t").contains("line 3, column 1: expected word 1, found word 0")
    );
    assert!(message("1-2", "2-3").contains("expected a range from 1 on, found range 2-3"));
    assert!(message("1-2", "1-0").contains("expected a range from 1 on, found range 1-0"));
    assert!(message("1.1", "2.1").contains("expected empty node 1.1, found empty node 2.1"));
    // A blank line is missing.
    let error = parse_conllu(
        &format!("{}{GOOD}", GOOD.trim_end_matches("\n\n").to_owned() + "\n"),
        Label::Auto,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("line 6, column 1: expected word 3 or a blank line, found a comment")
    );
    // The words of a range are missing.
    let expected =
        "line 6, column 1: expected word 3 of a range up to 9, found the end of the sentence";
    assert_eq!(message("1-2", "1-9"), expected);
    let huge = format!("1-{}", usize::MAX);
    assert!(message("1-2", &huge).contains("expected word 3 of a range"));
}

#[test]
fn empty_words() {
    assert_eq!(
        message("2\ton\t", "2\t\t"),
        "line 5, column 3: expected a word, found none"
    );
    let error = parse_word_tags("a/X\n é/Y  /Z", Label::Auto).unwrap_err();
    assert!(
        matches!(error, TaggedError::EmptyWord { line: 2, column: 7 }),
        "{error}"
    );
}

#[test]
fn missing_tags() {
    assert_eq!(
        message("\ton\ton\tADP", "\tön\tön\t_"),
        "line 5, column 9: expected a tag in field 4 (UPOS), found \"_\""
    );
    for (label, expected) in [
        (
            "xpos",
            "line 3, column 14: expected a tag in field 5 (XPOS), found \"_\"",
        ),
        (
            "11",
            "line 3: expected a column 11 to read tags from, found 10 in all",
        ),
    ] {
        let error = parse_conllu(GOOD, label.parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    // Without features there are none, which is a tag as any other.
    let sentences = parse_conllu(GOOD, "6".parse().unwrap()).unwrap();
    assert!(sentences[0].tags.iter().any(|tag| tag == "_"));
    for (text, found) in [("a/X é/Y b", "b"), ("a/X é/Y b/", "b/"), ("a/X é/Y /", "/")] {
        assert_eq!(
            parse_word_tags(text, Label::Auto).unwrap_err().to_string(),
            format!("line 1, column 9: expected word/TAG, found {found:?}")
        );
    }
    // What was found is shown, up to a point.
    let message = parse_word_tags(&"x".repeat(1000), Label::Auto)
        .unwrap_err()
        .to_string();
    assert!(
        message.len() < 120 && message.ends_with("x…\""),
        "{message}"
    );
}

#[test]
fn not_utf8() {
    let plain = b"a/X\n\xc3\xa9/Y b\xff/Z";
    for bytes in [&plain[..], &gzip(plain)] {
        let error = decode_tagged(bytes, Label::Auto).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2, column 6: expected UTF-8, found byte 0xff (byte offset 10)"
        );
    }
}

#[test]
fn no_sentences() {
    for (text, count) in [
        ("", 0),
        ("\n\r\n", 2),
        ("\u{feff}", 0),
        ("# sent_id = a/b\n#\n\n", 3),
    ] {
        for error in [
            parse_conllu(text, Label::Auto),
            parse_tagged(text, Label::Auto),
        ] {
            let error = error.unwrap_err();
            assert!(
                matches!(error, TaggedError::NoSentences { lines } if lines == count),
                "{text:?}: {error}"
            );
        }
    }
    assert!(matches!(
        parse_word_tags(" \n\t\n", Label::Auto),
        Err(TaggedError::NoSentences { lines: 2 })
    ));
}

#[test]
fn damaged_gzip() {
    let good = gzip(GOOD.as_bytes());
    let error = decode_tagged(&good[..good.len() - 1], Label::Auto).unwrap_err();
    assert!(matches!(
        error,
        TaggedError::Text(TextError::Gzip(GzipError::Truncated { .. }))
    ));
    assert!(error.to_string().starts_with("gzip stream cut off at byte"));
    let mut wrong = good.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    assert!(matches!(
        decode_tagged(&wrong, Label::Auto),
        Err(TaggedError::Text(TextError::Gzip(
            GzipError::Checksum { .. }
        )))
    ));
}

#[test]
fn files_are_named() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("some.conllu");
    let error = read_tagged(&path, Label::Auto).unwrap_err();
    assert!(matches!(error, TaggedError::Text(TextError::Io { .. })));
    assert!(crate::chain(&error).contains("some.conllu: "));
    fs::write(&path, GOOD.replace("VERB", "_")).unwrap();
    let error = read_tagged(&path, Label::Auto).unwrap_err();
    assert!(matches!(error, TaggedError::File { .. }));
    let message = crate::chain(&error);
    assert!(
        message.contains("some.conllu: line 3, column 9: "),
        "{message}"
    );
    // What PowerShell's > writes.
    let utf16: Vec<u8> = "\u{feff}Go/V"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(&path, utf16).unwrap();
    let message = crate::chain(&read_tagged(&path, Label::Auto).unwrap_err());
    assert!(
        message.contains("some.conllu: expected UTF-8, found UTF-16"),
        "{message}"
    );
    // A sparse file: the length alone is checked.
    let file = fs::File::create(&path).unwrap();
    file.set_len((1 << 30) + 1).unwrap();
    let message = crate::chain(&read_tagged(&path, Label::Auto).unwrap_err());
    assert!(message.contains("expected at most 1073741824 bytes of text, found 1073741825"));
}

#[test]
fn cut_or_changed_at_every_byte() {
    let slashed = "é/X 1/2/CD\r\nb/Y\n";
    for text in [GOOD, slashed] {
        for mut bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            for end in 0..=bytes.len() {
                check(&bytes[..end]);
            }
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                check(&bytes);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}

/// Sound sentences, or an error; no panic.
fn check(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = parse_conllu(text, Label::Auto);
        let _ = parse_word_tags(text, Label::Auto);
    }
    for sentence in decode_tagged(bytes, Label::Auto).unwrap_or_default() {
        assert_eq!(sentence.words.len(), sentence.tags.len());
        assert!(!sentence.is_empty());
        assert!(
            sentence
                .iter()
                .all(|(word, tag)| !word.is_empty() && !tag.is_empty())
        );
    }
}
