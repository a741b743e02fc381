//! Which files of a folder are the corpus.

use std::fs;
use std::path::Path;

use rnn_data::{TaggedCorpus, TaggedError};

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
            ("en-ud-test.conllu", "damaged"),
            ("README.md", "training"),
        ],
    );
    let corpus = TaggedCorpus::open(dir.path()).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (1, 1));
    assert_eq!(corpus.train[0].tags, ["VERB"]);
}

#[test]
fn dev_sentences_are_optional_and_may_be_set_aside() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &[("train.txt", WORD_TAGS)]);
    for path in [dir.path().to_owned(), dir.path().join("train.txt")] {
        let corpus = TaggedCorpus::open(path).expect("a corpus");
        assert_eq!((corpus.train.len(), corpus.dev.len()), (3, 0));
        let split = corpus.clone().with_dev_share(0.3);
        assert_eq!((split.train.len(), split.dev.len()), (2, 1));
        assert_eq!(split.dev[0].words, ["Go"]);
        // There are some already.
        assert_eq!(split.clone().with_dev_share(0.9), split);
        for (share, dev) in [(f64::NAN, 0), (-1.0, 0), (2.0, 3)] {
            assert_eq!(corpus.clone().with_dev_share(share).dev.len(), dev);
        }
    }
    write(dir.path(), &[("valid.txt", "Go/V\n")]);
    let corpus = TaggedCorpus::open(dir.path()).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (3, 1));
}

#[test]
fn what_is_missing_or_twice_there_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let here = dir.path().display().to_string();
    let message = |path: &Path| crate::chain(&TaggedCorpus::open(path).expect_err("none"));

    let error = TaggedCorpus::read_dev(dir.path()).expect_err("nothing in it");
    assert!(
        error.to_string().contains("dev or valid or validation"),
        "{error}"
    );
    let error = TaggedCorpus::open(dir.path()).expect_err("nothing in it");
    assert!(matches!(error, TaggedError::MissingFile { .. }));
    assert!(error.to_string().starts_with(&here), "{error}");

    write(
        dir.path(),
        &[("a-train.conllu", CONLLU), ("b-train.conllu", CONLLU)],
    );
    let error = TaggedCorpus::open(dir.path()).expect_err("two of a kind");
    assert!(matches!(error, TaggedError::Ambiguous { .. }));
    let text = error.to_string();
    assert!(
        text.contains("a-train.conllu") && text.contains("b-train.conllu"),
        "{text}"
    );

    let missing = dir.path().join("nowhere");
    assert!(message(&missing).contains("nowhere"));
    write(dir.path(), &[("b-train.conllu", "Go\n")]);
    fs::remove_file(dir.path().join("a-train.conllu")).expect("removed");
    assert!(message(dir.path()).contains("b-train.conllu: line 1"));
}

#[test]
fn each_split_is_read_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &[("en-dev.conllu", CONLLU)]);
    assert_eq!(TaggedCorpus::read_dev(dir.path()).expect("dev").len(), 1);
    assert!(TaggedCorpus::open(dir.path()).is_err());
    // The other split may be damaged.
    write(dir.path(), &[("en-train.conllu", "Go\n")]);
    assert_eq!(TaggedCorpus::read_dev(dir.path()).expect("dev").len(), 1);
    write(
        dir.path(),
        &[("en-train.conllu", CONLLU), ("en-dev.conllu", "Go\n")],
    );
    assert_eq!(
        TaggedCorpus::read_train(dir.path()).expect("train").len(),
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
    let corpus = TaggedCorpus::open(dir.path()).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (1, 1));
    fs::remove_file(dir.path().join("hi_constrained-dev.conllu")).expect("removed");
    let corpus = TaggedCorpus::open(dir.path()).expect("a corpus");
    assert_eq!((corpus.train.len(), corpus.dev.len()), (1, 0));
}
