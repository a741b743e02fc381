//! Which format a text has, and columns.

use rnn_data::tagged::{TaggedError, TaggedFormat, parse_columns};
use rnn_data::{Label, Sentence, parse_tagged};

fn words_and_tags(text: &str) -> Vec<(String, String)> {
    let sentences = parse_tagged(text, Label::Auto).expect(text);
    let joined = |sentence: Sentence| (sentence.words.join(" "), sentence.tags.join(" "));
    sentences.into_iter().map(joined).collect()
}

fn format(text: &str) -> Result<TaggedFormat, String> {
    TaggedFormat::of_text(text).map_err(|error| error.to_string())
}

fn error(text: &str) -> String {
    parse_tagged(text, Label::Auto).expect_err(text).to_string()
}

#[test]
fn lines_of_word_tags_may_begin_with_a_tab() {
    let text = "\n\n\tA/at dog/nn ``/`` ran/vbd ./.\n\n\n\tIt/pps sat/vbd ;/. ;/.\n\n";
    assert_eq!(format(text), Ok(TaggedFormat::WordTags));
    let expected = [
        ("A dog `` ran .", "at nn `` vbd ."),
        ("It sat ; ;", "pps vbd . ."),
    ];
    assert_eq!(
        words_and_tags(text),
        expected.map(|(a, b)| (a.into(), b.into()))
    );
}

#[test]
fn conllu_with_spaces_for_tabs_is_told_so() {
    let line = |id: usize, word: &str| format!("{id}  {word}  _  X  _  _  0  dep  _  _\n");
    let text = format!("# text = Go on\n{}{}\n", line(1, "Go"), line(2, "on"));
    let expected = "line 2: expected 10 fields with tabs between them, found spaces between them: \
                    replace them by tabs, as CoNLL-U has them";
    assert_eq!(error(&text), expected);
    let strict = rnn_data::parse_conllu(&text, Label::Auto).expect_err("spaces");
    assert_eq!(strict.to_string(), expected);
    // Words may have spaces, and single spaces separate as well.
    assert!(error("1 New York _ X _ _ 0 dep _ _\n").contains("found spaces between them"));
}

#[test]
fn columns_of_two_and_four() {
    let two = "Dogs\tNNS\nran\tVBD\n\nThey\tPRP\n";
    let expected = [("Dogs ran", "NNS VBD"), ("They", "PRP")];
    let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(format(two), Ok(TaggedFormat::Columns));
    assert_eq!(words_and_tags(two), expected);
    for changed in [
        two.replace('\t', " "),
        two.replace('\t', "   "),
        two.replace('\n', "\r\n"),
        two.replace("\n\n", "\n \t\n\n"),
        two.trim_end().to_owned(),
        format!("\u{feff}{two}"),
        format!("-DOCSTART-\tO\n\n{two}\n-DOCSTART-\n"),
        format!("# id = 1 2\n{two}"),
    ] {
        assert_eq!(words_and_tags(&changed), expected, "{changed:?}");
    }
    let four = "-DOCSTART- -X- -X- O\n\nBo NNP B-NP B-PER\nran VBD B-VP O\n\n-DOCSTART- -X- -X- O\n\n\
                Oslo NNP B-NP B-LOC\n";
    let expected = [("Bo ran", "B-PER O"), ("Oslo", "B-LOC")];
    assert_eq!(
        words_and_tags(four),
        expected.map(|(a, b)| (a.into(), b.into()))
    );
    for (column, tags) in [
        ("1", "Bo ran"),
        ("2", "NNP VBD"),
        ("3", "B-NP B-VP"),
        ("4", "B-PER O"),
    ] {
        let label = column.parse().expect("a column");
        let sentences = parse_columns(four, label).expect("columns");
        assert_eq!(sentences[0].tags.join(" "), tags);
    }
}

#[test]
fn a_comment_has_another_number_of_columns() {
    let text = "# from a book\n#hash\tNN\n#\tSYM\n# 1\n1\tCD\n";
    assert_eq!(
        words_and_tags(text),
        [("#hash # 1".to_owned(), "NN SYM CD".to_owned())]
    );
    // Between tabs there may be spaces.
    let text = "New York\tNNP\n is \t VBZ \nbig\tJJ\n";
    assert_eq!(
        words_and_tags(text),
        [("New York is big".into(), "NNP VBZ JJ".into())]
    );
}

#[test]
fn what_is_wrong_with_columns() {
    let message = |text: &str, label: &str| {
        let label = label.parse().expect("a label");
        parse_columns(text, label).expect_err(text).to_string()
    };
    assert_eq!(
        message("a X\nb Y\nc Y Z\n", "auto"),
        "line 3: expected 2 columns, as most lines have, found 3"
    );
    // Most lines, not the first.
    assert_eq!(
        message("title\na X\nb Y\n", "auto"),
        "line 1: expected 2 columns, as most lines have, found 1"
    );
    assert_eq!(
        message("\na X\n", "3"),
        "line 2: expected a column 3 to read tags from, found 2 in all"
    );
    assert_eq!(
        message("a\nb\n", "auto"),
        "line 1: expected a column 2 to read tags from, found 1 in all"
    );
    assert_eq!(
        message("a\tX\n\tX\n", "auto"),
        "line 2, column 1: expected a word, found none"
    );
    assert_eq!(
        message("a\tX\né\t\n", "auto"),
        "line 2, column 3: expected a tag in column 2, found \"\""
    );
    assert!(message("a X\n", "upos").contains("which has a field UPOS, found columns"));
    assert_eq!(
        message("-DOCSTART- O\n\n", "1"),
        "expected at least one sentence, found none (lines: 2)"
    );
}

#[test]
fn labels_that_a_format_does_not_have() {
    for (text, label, expected) in [
        (
            "a/X",
            "2",
            "expected CoNLL-U or columns, which have columns by number, found word/TAG lines: give auto \
             for the one tag of each word",
        ),
        (
            "a/X",
            "upos",
            "expected CoNLL-U, which has a field UPOS, found word/TAG lines: give auto for the one tag \
             of each word",
        ),
        (
            "a X",
            "xpos",
            "expected CoNLL-U, which has a field XPOS, found columns: give a column's number, or auto \
             for the last one",
        ),
    ] {
        let error = parse_tagged(text, label.parse().expect("a label")).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn most_lines_say_the_format() {
    let conllu = "1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n";
    let many = conllu.repeat(3);
    assert_eq!(
        format(&format!("a/X b/Y\n{many}")),
        Ok(TaggedFormat::Conllu)
    );
    assert_eq!(
        format(&format!("{conllu}a/X\nb/Y c/Z\n")),
        Ok(TaggedFormat::WordTags)
    );
    assert_eq!(
        format("a/X b/Y\nc X\nand/or Y\n"),
        Ok(TaggedFormat::Columns)
    );
    // Only the first thousand are looked at.
    let long = format!("{}{}", "a X\n".repeat(1000), "b/Y\n".repeat(2000));
    assert_eq!(format(&long), Ok(TaggedFormat::Columns));
    // Comments are not.
    let comments = format!("{}{conllu}", "# a b\n".repeat(2000));
    assert_eq!(format(&comments), Ok(TaggedFormat::Conllu));
}

#[test]
fn text_of_no_format_is_refused() {
    let expected = "expected CoNLL-U (10 fields with tabs between them), columns (as many in each line, \
                    at least 2) or word/TAG pairs";
    assert_eq!(
        error("Go.\nGo on.\nNo, he said.\nStop\n"),
        format!("line 1: {expected}, found \"Go.\"")
    );
    assert_eq!(
        error("He went home early.\n\nIt was late by then, and dark.\nOdd.\n"),
        format!("line 3: {expected}, found \"It was late by then, and dark.\"")
    );
    assert_eq!(
        error("Stop\n"),
        format!("line 1: {expected}, found \"Stop\"")
    );
    assert!(matches!(
        parse_tagged("x".repeat(1000).as_str(), Label::Auto),
        Err(TaggedError::Format { found, .. }) if found.chars().count() == 41
    ));
}
