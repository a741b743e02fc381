//! Span scores are those of `seqeval` in its default mode. The file is made by golden/spans.py.

use std::collections::BTreeMap;

use rnn_train::metrics::SpanScore;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    right: Vec<String>,
    predicted: Vec<String>,
    precision: f64,
    recall: f64,
    f1: f64,
    labels: BTreeMap<String, f64>,
}

#[test]
fn spans_are_counted_as_seqeval_counts_them() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../golden/spans.json")).expect("cases");
    assert!(cases.len() > 1_000);
    for case in cases {
        let split = |sentences: &[String]| -> Vec<Vec<String>> {
            let tags = |sentence: &String| sentence.split(' ').map(str::to_owned).collect();
            sentences.iter().map(tags).collect()
        };
        let score = SpanScore::count(&split(&case.right), &split(&case.predicted));
        let all = score.all();
        for (what, found, expected) in [
            ("precision", all.precision(), case.precision),
            ("recall", all.recall(), case.recall),
            ("F1", all.f1(), case.f1),
        ] {
            // What is of nothing counts as 0 there.
            let found = found.unwrap_or(0.0);
            assert!(
                (found - expected).abs() < 1e-12,
                "{what} of {:?} against {:?}: {found}, expected {expected}",
                case.predicted,
                case.right
            );
        }
        let labels: Vec<&String> = score.labels().keys().collect();
        assert_eq!(labels, case.labels.keys().collect::<Vec<_>>());
        for (label, expected) in &case.labels {
            let found = score.labels()[label].f1().unwrap_or(0.0);
            assert!(
                (found - expected).abs() < 1e-12,
                "{label}: {found}, {expected}"
            );
        }
    }
}
