//! Which files of a folder are the corpus.

use std::fs;
use std::path::Path;

use rnn_data::{Label, TaggedCorpus, TaggedError};

const WORD_TAGS: &str = "The/DET dog/NN\nthe/DET book/NN\nGo/V\n";
const CONLLU: &str = "1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n\n";

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        fs::write(dir.join(name), text).expect("written");
    }
}

#[test]
fn a_treebank_s_raw_text_is_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    write(
        dir.path(),
        &[
            ("en-ud-train.conllu", CONLLU),
            ("en-ud-train.txt", "Go."),
            ("en-ud-dev.conllu", CONLLU),
            ("en-ud-test.conllu", CONLLU),
            ("README.md", "training"),
        ],
    );
    let corpus = TaggedCorpus::open(dir.path(), Label::Auto).expect("a corpus");
    let TaggedCorpus { train, dev, test } = corpus;
    assert_eq!((train.len(), dev.len(), test.len()), (1, 1, 1));
    assert_eq!(train[0].tags, ["VERB"]);
}

#[test]
fn dev_sentences_are_optional_and_may_be_set_aside() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &[("train.txt", WORD_TAGS)]);
    for path in [dir.path().to_owned(), dir.path().join("train.txt")] {
        let corpus = TaggedCorpus::open(path, Label::Auto).expect("a corpus");
        assert_eq!((corpus.train.len(), corpus.dev.len()), (3, 0));
        let split = corpus.clone().with_dev_share(0.3);
        assert_eq!((split.train.len(), split.dev.len()), (2, 1));
        assert_eq!(split.dev[0].words, ["Go"]);
        // There are some already.
        assert_eq!(split.clone().with_dev_share(0.9), split);
        for (share, dev) in [(f64::NAN, 0), (-1.0, 0), (0.0, 0), (0.1, 1), (2.0, 3)] {
            assert_eq!(corpus.clone().with_dev_share(share).dev.len(), dev);
        }
    }
    write(dir.path(), &[("valid.txt", "Go/V\n")]);
    let corpus = TaggedCorpus::open(dir.path(), Label::Auto).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (3, 1));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let here = dir.path().display().to_string();
    let message =
        |path: &Path| crate::chain(&TaggedCorpus::open(path, Label::Auto).expect_err("none"));

    let error = TaggedCorpus::read_dev(dir.path(), Label::Auto).expect_err("nothing in it");
    assert!(
        error
            .to_string()
            .contains("dev or valid or validation or testa in its name"),
        "{error}"
    );
    let error = TaggedCorpus::open(dir.path(), Label::Auto).expect_err("nothing in it");
    assert!(matches!(error, TaggedError::MissingFile { .. }));
    assert!(error.to_string().starts_with(&here), "{error}");

    let missing = dir.path().join("nowhere");
    assert!(message(&missing).contains("nowhere"));
    write(dir.path(), &[("b-train.conllu", "Go\n")]);
    assert!(message(dir.path()).contains("b-train.conllu: line 1"));
}

#[test]
fn each_split_is_read_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &[("en-dev.conllu", CONLLU)]);
    assert_eq!(
        TaggedCorpus::read_dev(dir.path(), Label::Auto)
            .expect("dev")
            .len(),
        1
    );
    assert!(TaggedCorpus::open(dir.path(), Label::Auto).is_err());
    // The other split may be damaged.
    write(dir.path(), &[("en-train.conllu", "Go\n")]);
    assert_eq!(
        TaggedCorpus::read_dev(dir.path(), Label::Auto)
            .expect("dev")
            .len(),
        1
    );
    write(
        dir.path(),
        &[("en-train.conllu", CONLLU), ("en-dev.conllu", "Go\n")],
    );
    assert_eq!(
        TaggedCorpus::read_train(dir.path(), Label::Auto)
            .expect("train")
            .len(),
        1
    );
}

#[test]
fn a_split_s_word_stands_alone_in_the_name() {
    let dir = tempfile::tempdir().expect("a folder");
    write(
        dir.path(),
        &[
            ("hi_devanagari-train.conllu", CONLLU),
            ("hi_constrained-dev.conllu", CONLLU),
            ("train-dev.conllu", "damaged"),
            // Raw text of a split whose treebank is not there.
            ("dev.txt", "Go."),
        ],
    );
    let corpus = TaggedCorpus::open(dir.path(), Label::Auto).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (1, 1));
    fs::remove_file(dir.path().join("hi_constrained-dev.conllu")).expect("removed");
    let corpus = TaggedCorpus::open(dir.path(), Label::Auto).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (1, 0));
}

/// Writes files of one word each, the file's name, and reads the words of each part.
fn parts(names: &[&str]) -> [Vec<String>; 3] {
    let dir = tempfile::tempdir().expect("a folder");
    for name in names {
        let text = match name.contains(".conllu") {
            true => format!("1\t{name}\t_\tX\t_\t_\t_\t_\t_\t_\n"),
            false => format!("{name}\tX\n"),
        };
        fs::write(dir.path().join(name), text).expect("written");
    }
    let TaggedCorpus { train, dev, test } =
        TaggedCorpus::open(dir.path(), Label::Auto).expect("a corpus");
    [train, dev, test].map(|part| {
        part.into_iter()
            .flat_map(|sentence| sentence.words)
            .collect()
    })
}

#[test]
fn a_part_in_several_files_is_read_in_the_order_of_their_names() {
    let [train, dev, test] = parts(&[
        "de-ud-train-b-1.conllu",
        "de-ud-test-1.conllu",
        "de-ud-train-a-2.conllu.gz",
        "de-ud-train-a-1.conllu",
        "de-ud-dev-2.conllu",
        "de-ud-dev-1.conllu",
        "de-ud-test-2.conllu",
    ]);
    let expected = [
        "de-ud-train-a-1.conllu",
        "de-ud-train-a-2.conllu.gz",
        "de-ud-train-b-1.conllu",
    ];
    assert_eq!(train, expected);
    assert_eq!(dev, ["de-ud-dev-1.conllu", "de-ud-dev-2.conllu"]);
    assert_eq!(test, ["de-ud-test-1.conllu", "de-ud-test-2.conllu"]);
}

#[test]
fn names_of_other_corpora() {
    let [train, dev, test] = parts(&[
        "eng.train",
        "eng.testa",
        "eng.testb.gz",
        "eng.raw",
        "README",
    ]);
    assert_eq!(
        [train, dev, test],
        [["eng.train"], ["eng.testa"], ["eng.testb.gz"]]
    );
    let [train, dev, test] = parts(&["NER-Train.TSV", "ner_validation.bio", "ner.test.iob2"]);
    assert_eq!(
        [train, dev, test],
        [["NER-Train.TSV"], ["ner_validation.bio"], ["ner.test.iob2"]]
    );
    // Files of one part may have several formats.
    let [train, ..] = parts(&["b-train.conll", "a-train.iob", "c-train.txt"]);
    assert_eq!(train, ["a-train.iob", "b-train.conll", "c-train.txt"]);
}

#[test]
fn the_same_name_in_several_forms_is_read_once() {
    let [train, dev, test] = parts(&[
        "a-train.conllu",
        "a-train.conllu.gz",
        "b-train.conllu.gz",
        "a-train.txt",
        "c-train.tsv",
    ]);
    assert_eq!(train, ["a-train.conllu", "b-train.conllu.gz"]);
    assert_eq!((dev.len(), test.len()), (0, 0));
    let [train, ..] = parts(&["train.txt", "train.tsv.gz", "train.iob", "train.tsv"]);
    assert_eq!(train, ["train.tsv"]);
}

#[test]
fn folders_and_hidden_files_are_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    write(
        dir.path(),
        &[
            ("en-train.txt", WORD_TAGS),
            ("en-test.txt", "Go/V\n"),
            ("._en-train.txt", "damaged"),
        ],
    );
    fs::create_dir(dir.path().join("train")).expect("a folder in it");
    let test = TaggedCorpus::read_test(dir.path(), Label::Auto).expect("a test set");
    assert_eq!(test[0].tags, ["V"]);
    assert_eq!(
        TaggedCorpus::open(dir.path(), Label::Auto)
            .expect("a corpus")
            .train
            .len(),
        3
    );
    let error = TaggedCorpus::open(dir.path(), Label::Xpos).expect_err("no such label");
    let message = crate::chain(&error);
    assert!(
        message.ends_with(
            "en-train.txt: expected CoNLL-U, which has a field XPOS, found word/TAG lines: give auto \
             for the one tag of each word"
        ),
        "{message}"
    );
}
