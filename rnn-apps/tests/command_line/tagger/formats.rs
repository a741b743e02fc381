//! Files of tagged sentences in every form, and labels from their columns.

use std::fs;
use std::path::Path;

use super::super::{fails, json, run, succeeds, text};
use super::{CHARACTERS, SMALL};

/// Two sentences of CoNLL-U with all that may stand in it.
const CONLLU: &str = "# newdoc\n# text = Dogs don't run.\n\
    1\tDogs\tdog\tNOUN\tNNS\t_\t4\tnsubj\t_\t_\n\
    2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n\
    2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_\n\
    3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_\n\
    3.1\tever\tever\t_\t_\t_\t_\t_\t4:advmod\t_\n\
    4\trun\trun\tVERB\tVB\t_\t0\troot\t_\t_\n\
    \n# text = Go\n1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n\n";

const COLUMNS: &str = "-DOCSTART- -X- O\n\nAnna NNP B-PER\nSmith NNP I-PER\nflew VBD O\nto TO O\n\
    Rome NNP B-LOC\n\nTom NNP B-PER\nslept VBD O\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

#[test]
fn any_column_is_a_label() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "words.conllu", CONLLU);
    write(folder, "words.txt", COLUMNS);
    for (file, label, tags) in [
        ("words.conllu", "auto", "AUX NOUN PART VERB"),
        ("words.conllu", "upos", "AUX NOUN PART VERB"),
        ("words.conllu", "xpos", "NNS RB VB VBP"),
        ("words.conllu", "8", "advmod aux nsubj root"),
        ("words.txt", "auto", "B-LOC B-PER I-PER O"),
        ("words.txt", "2", "NNP TO VBD"),
    ] {
        let run = format!("run-{file}-{label}");
        let line = format!(
            "tagger train --data {file} --dev {file} --label {label} {SMALL} --json --run {run}"
        );
        let found = json(&succeeds(folder, &line));
        let names: Vec<&str> = found["tags"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|tag| tag["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(names.join(" "), tags, "{file} {label}");
        assert_eq!(found["accuracy"], 1.0, "{file} {label}");
        // The label is the run's.
        let again = json(&succeeds(
            folder,
            &format!("tagger eval --run {run} --json"),
        ));
        assert_eq!(again["tags"], found["tags"]);
    }
    for (line, says) in [
        (
            "--data words.txt --label upos",
            "words.txt: expected CoNLL-U",
        ),
        ("--data words.txt --label 4", "line"),
        ("--data words.conllu --label 11", "11"),
    ] {
        let message = fails(folder, &format!("tagger train {line}"), 1);
        assert!(message.contains(says), "{line}: {message}");
    }
    let message = fails(folder, "tagger train --data words.txt --label pos", 2);
    assert!(
        message.contains("expected auto, upos, xpos or the number"),
        "{message}"
    );
}

#[test]
fn spans_are_scored_where_tags_mark_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "names.txt", COLUMNS);
    let line = format!("tagger train --data names.txt --dev names.txt {SMALL} --json --run run");
    let found = json(&succeeds(folder, &line));
    assert_eq!(
        (&found["span_f1"], &found["span_recall"]),
        (&1.0.into(), &1.0.into())
    );
    assert_eq!(found["spans"][0]["name"], "LOC");
    assert_eq!(found["spans"][1]["count"], 2);
    // One of three spans is another, one is longer.
    write(
        folder,
        "other.txt",
        "Anna NNP B-PER\nSmith NNP B-PER\nflew VBD O\nto TO O\nRome NNP B-PER\n\nTom NNP B-PER\nslept VBD O\n",
    );
    let output = succeeds(folder, "tagger eval --run run --data other.txt --json");
    assert!(output.contains("spans          1 of 4 right"), "{output}");
    let found = json(&output);
    assert_eq!(
        (&found["span_precision"], &found["span_recall"]),
        (&(1.0 / 3.0).into(), &0.25.into())
    );
    // Parts of speech mark none.
    let line =
        "tagger train --data names.txt --dev names.txt --label 2 --epochs 1 --json --run pos";
    let found = json(&succeeds(folder, line));
    assert!(found.get("accuracy").is_some() && found.get("span_f1").is_none());
}

#[test]
fn a_training_set_may_be_several_files_and_of_several_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "treebank/x-train-a.conllu", CONLLU);
    write(folder, "treebank/x-train-b.conllu", CONLLU);
    write(folder, "treebank/x-dev.conllu", CONLLU);
    let output = succeeds(
        folder,
        &format!("tagger train --data treebank {SMALL} --json --run a"),
    );
    assert!(
        output.contains("4 to train on, 2 to evaluate on"),
        "{output}"
    );
    // After a tab, as a well-known corpus has its lines.
    write(
        folder,
        "brown.txt",
        "\n\n\tThe/at boat/nn left/vbd ./.\n\n\n\tA/at boat/nn ``/`` left/vbd\n",
    );
    let line = format!("tagger train --data brown.txt --dev brown.txt {SMALL} --json --run b");
    assert_eq!(json(&succeeds(folder, &line))["total"], 8);
    write(folder, "spaces.conllu", &CONLLU.replace('\t', "   "));
    let message = fails(folder, "tagger train --data spaces.conllu", 1);
    assert!(
        message.contains("spaces.conllu: line 3") && message.contains("spaces"),
        "{message}"
    );
}

#[test]
fn conllu_comes_back_with_other_tags_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "words.conllu", CONLLU);
    for (label, column) in [("upos", 3), ("xpos", 4)] {
        let line = format!(
            "tagger train --data words.conllu --dev words.conllu --label {label} {CHARACTERS} --run {label}"
        );
        succeeds(folder, &line);
        // Other tags than the right ones, and what is no word stays.
        let blank = CONLLU.replace("NOUN", "X").replace("\tNNS\t", "\tY\t");
        write(folder, "blank.conllu", &blank.replace('\n', "\r\n"));
        let found = succeeds(
            folder,
            &format!("tagger tag --run {label} --file blank.conllu"),
        );
        let right: Vec<Vec<&str>> = CONLLU
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        let expected: Vec<String> = blank
            .lines()
            .zip(&right)
            .map(|(line, right)| {
                let mut fields: Vec<&str> = line.split('\t').collect();
                if fields.len() == 10 && fields[0].parse::<usize>().is_ok() {
                    fields[column] = right[column];
                }
                fields.join("\t")
            })
            .collect();
        assert_eq!(found, expected.join("\r\n") + "\r\n", "{label}");
    }
    // Text in, CoNLL-U out, which is read again.
    write(folder, "text.txt", "Dogs run\n\nGo\n");
    let found = succeeds(
        folder,
        "tagger tag --run upos --file text.txt --format conllu",
    );
    write(folder, "tagged.conllu", &found);
    let found = json(&succeeds(
        folder,
        "tagger eval --run upos --data tagged.conllu --json",
    ));
    assert_eq!(
        (&found["accuracy"], &found["total"]),
        (&1.0.into(), &3.into())
    );
    let message = fails(
        folder,
        "tagger tag --run upos --file text.txt --input conllu",
        1,
    );
    assert!(
        message.contains("text.txt") && message.contains("line 1"),
        "{message}"
    );
}

#[test]
fn tags_go_to_the_field_that_they_are_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "words.conllu", CONLLU);
    let line = "tagger train --data words.conllu --dev words.conllu";
    succeeds(folder, &format!("{line} --label xpos {SMALL} --run xpos"));
    let untagged = CONLLU.replace("\tVBP\t", "\t?\t");
    write(folder, "untagged.conllu", &untagged);
    let tag = "tagger tag --run xpos --file untagged.conllu";
    assert_eq!(succeeds(folder, tag), CONLLU);
    let found = succeeds(folder, &format!("{tag} --label upos"));
    let mut expected = untagged;
    for (from, to) in [
        ("NOUN", "NNS"),
        ("AUX", "VBP"),
        ("PART", "RB"),
        ("VERB", "VB"),
    ] {
        expected = expected.replace(&format!("\t{from}\t"), &format!("\t{to}\t"));
    }
    assert_eq!(found, expected);
    // The number of a column of another format is no field.
    write(folder, "words.txt", COLUMNS);
    let line = "tagger train --data words.txt --dev words.txt --label 2";
    succeeds(folder, &format!("{line} {SMALL} --run columns"));
    let found = succeeds(folder, "tagger tag --run columns --file untagged.conllu");
    let tags = |text: &str, field: usize| -> Vec<String> {
        let words = text.lines().filter(|line| !line.starts_with('#'));
        words
            .filter_map(|line| line.split('\t').nth(field).map(str::to_owned))
            .collect()
    };
    assert!(
        tags(&found, 3)
            .iter()
            .all(|tag| ["NNP", "VBD", "TO", "_"].contains(&tag.as_str()))
    );
    assert_eq!(tags(&found, 2), tags(CONLLU, 2));
    let message = fails(folder, "tagger tag --run xpos --label upos word", 2);
    assert!(message.contains("--label has no effect"), "{message}");
    // A tag that no field can have.
    write(
        folder,
        "spaced.tsv",
        "Dogs\tcommon noun\nrun\tverb\n\nDogs\tcommon noun\n",
    );
    let line = "tagger train --data spaced.tsv --dev spaced.tsv";
    succeeds(folder, &format!("{line} {SMALL} --run spaced"));
    let message = fails(folder, "tagger tag --run spaced --format conllu Dogs", 1);
    assert!(
        message.contains("sentence 1: ") && message.contains("common noun"),
        "{message}"
    );
    for (flags, says) in [
        ("--label 7", "expected a field of CoNLL-U for the tags"),
        ("--label 12", "expected a field of CoNLL-U for the tags"),
        ("--probabilities", "have no place in CoNLL-U"),
        ("--n-best 2", "have no place in CoNLL-U"),
    ] {
        let message = fails(folder, &format!("{tag} {flags}"), 2);
        assert!(message.contains(says), "{flags}: {message}");
    }
    // Of text, with what no space is behind.
    write(folder, "text", "Dogs don’t  run…Go!\n\n");
    let found = succeeds(folder, "tagger tag --run xpos --file text --format conllu");
    let fields = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields.len() == 10).then(|| format!("{} {}", fields[1], fields[9]))
    };
    let lines: Vec<String> = found.lines().filter_map(fields).collect();
    assert!(
        found.starts_with("# text = Dogs don't run...Go!\n1\tDogs\t_\t_\tNNS\t"),
        "{found}"
    );
    assert_eq!(
        lines,
        [
            "Dogs _",
            "do SpaceAfter=No",
            "n't _",
            "run...Go SpaceAfter=No",
            "! _"
        ]
    );
    write(folder, "again.conllu", &found);
    succeeds(folder, "tagger tag --run xpos --file again.conllu");
    write(folder, "words.tsv", "Dogs\tNNS\n");
    let message = fails(folder, "tagger tag --run xpos --file words.tsv", 1);
    assert!(
        message.contains("words.tsv: expected text or CoNLL-U, found columns"),
        "{message}"
    );
}

#[test]
fn a_word_that_no_symbol_stands_for_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
    let line =
        format!("import --weights {golden}/tagger.pt --model {golden}/tagger.json --run run");
    succeeds(folder, &line);
    write(folder, "text", "the dog\n\nthe zebra\n");
    let output = run(folder, "tagger tag --run run --file text");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.contains("text: line 3: ") && message.contains("zebra"),
        "{message}"
    );
    assert_eq!(text(&output.stdout).lines().count(), 2);
}
