//! Vocabularies as JSON and as files, whole and damaged.

use std::fs;

use rnn_data::{Vocab, VocabError};
use tempfile::tempdir;

fn sample() -> Vocab {
    Vocab::builder()
        .with_pad("<pad>")
        .with_unk("<unk>")
        .chars("a\"\\\n\u{0}\u{2028}ñ日 ")
}

fn message(json: &str) -> String {
    Vocab::from_json(json).unwrap_err().to_string()
}

#[test]
fn comes_back() {
    for vocab in [sample(), Vocab::chars(""), Vocab::words(["", "a b"])] {
        let json = vocab.to_json();
        assert_eq!(Vocab::from_json(&json).unwrap(), vocab, "{json}");
        // A line each, so that a diff is readable.
        if !vocab.is_empty() {
            assert_eq!(json.lines().count(), vocab.len() + 6, "{json}");
        }
        assert!(json.ends_with("}\n"));
    }
}

#[test]
fn fields_in_any_order() {
    let vocab = Vocab::from_json(r#"{"pad": "b", "symbols": ["b", "a"]}"#).unwrap();
    assert_eq!((vocab.pad_id(), vocab.unk_id()), (Some(0), None));
    assert_eq!(vocab.id("a"), Some(1));
}

#[test]
fn syntax() {
    let error = Vocab::from_json("{\n  \"symbols\": [\"a\",, \"b\"]\n}").unwrap_err();
    assert!(
        matches!(
            error,
            VocabError::Json {
                line: 2,
                column: 19,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "vocabulary, line 2, column 19: expected value"
    );
    assert!(message("").starts_with("vocabulary, line 1, column 0: EOF"));
    assert!(message("{\"symbols\": []}\n x").starts_with("vocabulary, line 2, column 2: trailing"));
}

#[test]
fn types() {
    let of_list = message("[\"a\"]");
    assert!(of_list.contains("expected an object with a list of symbols"));
    let of_number = message("{\"symbols\": [\"a\",\n 7]}");
    assert!(of_number.starts_with("vocabulary, line 2, column 2: invalid type: integer `7`"));
    assert!(message("{\"symbols\": {}}").contains("expected a list of symbols"));
    assert!(message("{\"unk\": 0}").contains("expected a symbol as a string, or null"));
}

#[test]
fn duplicate_symbols() {
    let error = Vocab::from_json("{\"symbols\": [\n\"a\",\n\"b\",\n\"a\",\n\"c\"]}").unwrap_err();
    assert!(
        matches!(
            &error,
            VocabError::Duplicate { line: 4, column: 3, symbol, first: 0, second: 2 } if symbol == "a"
        ),
        "{error:?}"
    );
}

#[test]
fn unk_and_pad_must_be_symbols() {
    for (json, at, wrong) in [
        ("{\"unk\": \"u\",\n\"symbols\": [\"a\"]}", (1, 11), "unk"),
        ("{\"symbols\": [\"a\"],\n\"pad\": \"u\"}", (2, 10), "pad"),
        (
            "{\"unk\": \"a\", \"symbols\": [\"a\"],\n\n\"pad\": \"u\"}",
            (3, 10),
            "pad",
        ),
    ] {
        let error = Vocab::from_json(json).unwrap_err();
        assert!(
            matches!(
                &error,
                VocabError::NoSuchSymbol { line, column, field, symbol, len: 1 }
                    if (*line, *column) == at && *field == wrong && symbol == "u"
            ),
            "{error:?}"
        );
    }
}

#[test]
fn fields_unknown_twice_and_missing() {
    let unknown = message("{\n\"symbols\": [],\n\"unknown\": \"a\"}");
    assert!(
        unknown.starts_with("vocabulary, line 3, column "),
        "{unknown}"
    );
    assert!(unknown.contains("unknown field `unknown`, expected one of `unk`, `pad`, `symbols`"));
    for twice in [
        "{\"symbols\": [], \"symbols\": []}",
        "{\"unk\": null, \"unk\": null}",
        "{\"pad\": null, \"pad\": null}",
    ] {
        assert!(message(twice).contains("duplicate field"), "{twice}");
    }
    assert!(message("{\"unk\": null}").contains("missing field `symbols`"));
}

#[test]
fn cut_at_every_byte() {
    let json = sample().to_json();
    let end = json.trim_end().len();
    for cut in (0..end).filter(|&cut| json.is_char_boundary(cut)) {
        let error = Vocab::from_json(&json[..cut]).unwrap_err();
        assert!(matches!(error, VocabError::Json { line: 1.., .. }), "{cut}");
    }
}

#[test]
fn files() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("vocab.json");
    Vocab::chars("old").write(&path).unwrap();
    sample().write(&path).unwrap();
    assert_eq!(Vocab::read(&path).unwrap(), sample());
    assert_eq!(fs::read_to_string(&path).unwrap(), sample().to_json());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    fs::write(&path, "{\n").unwrap();
    let message = crate::chain(&Vocab::read(&path).unwrap_err());
    assert!(
        message.contains("vocab.json: vocabulary, line 2"),
        "{message}"
    );
    fs::write(&path, b"{\n \"\xffa").unwrap();
    let message = crate::chain(&Vocab::read(&path).unwrap_err());
    assert!(
        message.ends_with("line 2, character 3: expected UTF-8, found byte 0xff"),
        "{message}"
    );
    // A sparse file: the length alone is checked.
    let file = fs::File::create(&path).unwrap();
    file.set_len(Vocab::MAX_BYTES + 1).unwrap();
    let message = crate::chain(&Vocab::read(&path).unwrap_err());
    assert!(message.contains("at most 268435456 bytes, found 268435457"));

    for error in [
        Vocab::read(dir.path().join("none")).unwrap_err(),
        sample()
            .write(dir.path().join("none/vocab.json"))
            .unwrap_err(),
    ] {
        assert!(matches!(&error, VocabError::Io { .. }));
        assert!(error.to_string().contains("none"));
    }
}
