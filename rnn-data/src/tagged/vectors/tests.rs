use super::*;

fn read(text: &str) -> Result<WordVectors, String> {
    let read = WordVectors::read_from(text.as_bytes(), |_| true);
    read.map_err(|error| error.to_string())
}

#[test]
fn with_a_header_and_without() {
    let lines = "the 0.5 -1 2\n, 1e-3 +4 .5\n. 1 2 3\n";
    let plain = read(lines).expect("GloVe's form");
    assert_eq!((plain.dim(), plain.len(), plain.is_empty()), (3, 3, false));
    assert_eq!(plain.get(","), Some(&[0.001, 4.0, 0.5][..]));
    // word2vec has a space at the end of lines; files may have CRLF, a mark, and blank lines at the end.
    let spaced = format!("3 3\n{lines}").replace('\n', " \n");
    let crlf = format!("\u{feff}{lines}\n\n").replace('\n', "\r\n");
    let tabs = lines.replace(' ', "\t");
    for text in [spaced.as_str(), &crlf, &tabs, lines.trim_end()] {
        assert_eq!(read(text).as_ref(), Ok(&plain), "{text:?}");
    }
}

#[test]
fn words_with_spaces_and_numbers_as_words() {
    let text = "a 1 2\nat name@domain.com 3 4\n. . . 5 6\n1999 7 8\n\u{a0} 9 10\n";
    let vectors = read(text).expect("vectors");
    assert_eq!(vectors.get("at name@domain.com"), Some(&[3.0, 4.0][..]));
    assert_eq!(vectors.get(". . ."), Some(&[5.0, 6.0][..]));
    assert_eq!(vectors.get("1999"), Some(&[7.0, 8.0][..]));
    assert_eq!(vectors.get("\u{a0}"), Some(&[9.0, 10.0][..]));
}

#[test]
fn the_first_of_duplicates_counts() {
    let vectors = read("3 1\na 1\nb 2\na 3\n").expect("vectors");
    assert_eq!((vectors.len(), vectors.get("a")), (2, Some(&[1.0][..])));
}

#[test]
fn words_that_are_not_wanted_take_no_memory() {
    let text = "a 1 2\nb 3 x\nc 5 6\n";
    let vectors = WordVectors::read_from(text.as_bytes(), |word| word == "c").expect("vectors");
    assert_eq!((vectors.len(), vectors.values.len()), (1, 2));
    let none = WordVectors::read_from(text.as_bytes(), |_| false).expect("no vectors");
    assert!(none.is_empty() && none.get("a").is_none());
    let short = WordVectors::read_from(&b"a 1 2\nb 3\n"[..], |_| false);
    assert!(short.is_err());
}

#[test]
fn what_is_wrong_is_told_where() {
    for (text, expected) in [
        (
            "a 1 2\né 3\n",
            "line 2, column 5: expected 2 values after the word, found 1",
        ),
        (
            "a 1 2\nb\n",
            "line 2, column 3: expected 2 values after the word, found 0",
        ),
        (
            "a 1 2\nb 3 4 5\n",
            "line 2, column 3: expected 2 values after the word, found 3",
        ),
        (
            "2 3\na 1 2\n",
            "line 2, column 7: expected 3 values after the word, found 2",
        ),
        (
            "a\n",
            "line 1, column 3: expected 1 values after the word, found 0",
        ),
        (
            "é 1 x\n",
            "line 1, column 5: expected a number, found \"x\"",
        ),
        (
            "a 1 2\nb 1,5 2\n",
            "line 2, column 3: expected a number, found \"1,5\"",
        ),
        (
            "a 1 nan\n",
            "line 1, column 5: expected a finite number of 32 bits, found \"nan\"",
        ),
        (
            "a 1 1e39\n",
            "line 1, column 5: expected a finite number of 32 bits, found \"1e39\"",
        ),
        (
            "a 1\n -1\n",
            "line 2, column 1: expected a word, found none",
        ),
        (
            "3 1\na 1\nb 2\n",
            "expected 3 vectors, as line 1 says, found 2",
        ),
        (
            "1 1\na 1\nb 2\n",
            "expected 1 vectors, as line 1 says, found 2",
        ),
        (
            "3 0\n",
            "line 1: expected vectors of at least 1 dimension, found 0",
        ),
        ("", "expected at least one vector, found none"),
        ("\n\n", "expected at least one vector, found none"),
        ("2 3\n", "expected at least one vector, found none"),
    ] {
        assert_eq!(read(text).expect_err(text), expected, "{text:?}");
    }
    let error = WordVectors::read_from(&b"a 1\n\xff 2\n"[..], |_| true).expect_err("no text");
    assert!(
        error
            .to_string()
            .starts_with("line 2, column 1: expected UTF-8")
    );
}

#[test]
fn a_header_s_claims_take_no_memory() {
    let text = "99999999999999 99999999999\na 1\n";
    let error = read(text).expect_err("one value");
    assert!(error.ends_with("found 1"), "{error}");
}

#[test]
fn cut_at_every_byte() {
    let text = "2 2\né 0.5 -1\nb c 1e3 2\n";
    for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
        // An error or vectors of two values; no panic.
        if let Ok(vectors) = read(&text[..end]) {
            assert!(vectors.get("é").is_none_or(|values| values.len() == 2));
        }
    }
}
