//! Sentences in both formats, in all forms that files come in.

use std::fs;
use std::io::Write;

use rnn_data::{
    Label, Sentence, Vocab, decode_tagged, notebook_sentences, parse_conllu, parse_tagged,
    parse_word_tags, read_tagged,
};
use tempfile::tempdir;

const SLASHED: &str = "The/DET dog/NN ate/V the/DET apple/NN\n\
                       Everybody/NN read/V that/DET book/NN\n";

fn conllu(sentences: &[Sentence]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        text += "# text = ...\n";
        for (i, (word, tag)) in sentence.iter().enumerate() {
            text += &format!("{}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n", i + 1);
        }
        text += "\n";
    }
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn both_formats_say_the_same() {
    let columns = conllu(&notebook_sentences());
    assert_eq!(
        parse_word_tags(SLASHED, Label::Auto).unwrap(),
        notebook_sentences()
    );
    assert_eq!(
        parse_conllu(&columns, Label::Auto).unwrap(),
        notebook_sentences()
    );
    for text in [SLASHED, &columns] {
        let marked = format!("\u{feff}{text}");
        let crlf = text.replace('\n', "\r\n");
        let unfinished = text.trim_end();
        // A file of CRLF lines may end between the two.
        let half = format!("{unfinished}\r");
        let spaced = format!("\n  \n{text}\n \n\n");
        for text in [text, &marked, &crlf, unfinished, &half, &spaced] {
            assert_eq!(
                parse_tagged(text, Label::Auto).unwrap(),
                notebook_sentences(),
                "{text:?}"
            );
            let bytes = gzip(text);
            assert_eq!(
                decode_tagged(text.as_bytes(), Label::Auto).unwrap(),
                notebook_sentences()
            );
            assert_eq!(
                decode_tagged(&bytes, Label::Auto).unwrap(),
                notebook_sentences()
            );
            // `cat a.gz b.gz`: members follow one another.
            let twice = [gzip(""), bytes].concat();
            assert_eq!(
                decode_tagged(&twice, Label::Auto).unwrap(),
                notebook_sentences()
            );
        }
    }
}

#[test]
fn the_last_slash_splits() {
    let sentences =
        parse_word_tags("  1/2/CD\t//SYM  http://a.b//X \u{a0}/SP", Label::Auto).unwrap();
    assert_eq!(sentences[0].words, ["1/2", "/", "http://a.b/", "\u{a0}"]);
    assert_eq!(sentences[0].tags, ["CD", "SYM", "X", "SP"]);
}

#[test]
fn hashes_are_words_in_lines_of_word_tags() {
    let sentences = parse_tagged("#/SYM 1/CD\n#/SYM 2/CD", Label::Auto).unwrap();
    assert_eq!(sentences.len(), 2);
    assert_eq!(sentences[0].words, ["#", "1"]);
    // Tabs between pairs do not make it CoNLL-U.
    assert_eq!(
        parse_tagged("a/X\tb/Y", Label::Auto).unwrap()[0].words,
        ["a", "b"]
    );
}

#[test]
fn ranges_and_empty_nodes_are_left_out() {
    let line =
        |id: &str, word: &str, tag: &str| format!("{id}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n");
    let text = [
        line("0.1", "first", "_"),
        line("1", "_", "SYM"),
        line("2-3", "vámonos", "_"),
        line("2", "vamos", "VERB"),
        line("3", "nos", "PRON"),
        line("3.1", "empty", "VERB"),
        line("3.2", "empty", "_"),
        line("4", "New York", "PROPN"),
    ]
    .concat();
    let sentences = parse_conllu(
        &format!("# a comment, and no sentence\n\n{text}\n{text}"),
        Label::Auto,
    )
    .unwrap();
    assert_eq!(sentences.len(), 2);
    assert_eq!(sentences[0], sentences[1]);
    assert_eq!(sentences[0].words, ["_", "vamos", "nos", "New York"]);
    assert_eq!(sentences[0].tags, ["SYM", "VERB", "PRON", "PROPN"]);
}

#[test]
fn files_by_content_where_their_names_do_not_say() {
    let dir = tempdir().unwrap();
    let columns: String = SLASHED.replace(' ', "\n").replace('/', "\t");
    for text in [conllu(&notebook_sentences()), SLASHED.to_owned()] {
        for name in [
            "sentences.txt",
            "sentences.conll",
            "sentences",
            "sentences.GZ",
        ] {
            let path = dir.path().join(name);
            for bytes in [text.as_bytes().to_vec(), gzip(&text)] {
                fs::write(&path, bytes).unwrap();
                assert_eq!(
                    read_tagged(&path, Label::Auto).unwrap(),
                    notebook_sentences()
                );
            }
        }
    }
    // The name says columns, in which any slash is part of a word.
    let path = dir.path().join("a.tsv");
    fs::write(&path, "and/or\tCC\nw/o\tIN\n").unwrap();
    let read = read_tagged(&path, Label::Auto).unwrap();
    assert_eq!(read[0].words, ["and/or", "w/o"]);
    // The name says CoNLL-U, whatever the content.
    let path = dir.path().join("a.conllu");
    fs::write(&path, columns).unwrap();
    let message = crate::chain(&read_tagged(&path, Label::Auto).unwrap_err());
    assert!(message.ends_with(
        "a.conllu: line 1, column 8: expected 10 fields with tabs between them, found 2"
    ));
}

#[test]
fn vocabularies_of_sentences() {
    let sentences = notebook_sentences();
    let tags = Vocab::words(sentences.iter().flat_map(|sentence| &sentence.tags));
    assert_eq!(tags.iter().collect::<Vec<_>>(), ["DET", "NN", "V"]);
    assert_eq!(tags.encode(&sentences[0].tags).unwrap(), [0, 1, 2, 0, 1]);
    assert_eq!((sentences[0].len(), sentences[0].is_empty()), (5, false));
}
