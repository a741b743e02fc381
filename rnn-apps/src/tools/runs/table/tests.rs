use serde_json::json;

use super::*;

fn run(name: &str, settings: Value, history: Vec<Value>, results: Option<Value>) -> Run {
    Run {
        is_running: false,
        name: name.to_owned(),
        settings,
        history,
        results,
    }
}

fn mnist(hidden_size: usize, learning_rate: f64, seed: u64) -> Value {
    json!({
        "command": "mnist",
        "versions": {"rnn": format!("0.{hidden_size}.0"), "burn": "0.22"},
        "model": {"cell": "lstm", "hidden_size": hidden_size, "proj_size": null},
        "training": {
            "dataset": "strokes",
            "train_fingerprint": "3".repeat(64),
            "fit": {"epochs": 4, "learning_rate": learning_rate, "seed": seed},
        },
        "device": "ndarray",
        "seed": seed,
    })
}

fn tagger() -> Value {
    json!({
        "command": "tagger",
        "model": {"vocab_size": 9, "hidden_size": 1},
        "training": {"fit": {"epochs": 2, "learning_rate": 0.5, "seed": 9}},
        "seed": 9,
    })
}

fn epoch(n: u64, train_loss: f64) -> Value {
    json!({"epoch": n, "train_loss": train_loss, "seconds": 0.25})
}

fn with_settings(settings: Vec<Value>) -> Vec<Run> {
    let runs = settings.into_iter();
    runs.map(|settings| run("r", settings, Vec::new(), None))
        .collect()
}

fn differing(runs: &[Run]) -> Vec<String> {
    differences(&runs.iter().collect::<Vec<_>>())
}

/// The rows of runs of one task.
fn rows(runs: &[Run]) -> Vec<Vec<String>> {
    table(String::new(), runs.iter().collect()).rows
}

#[test]
fn differences_are_dotted_keys_in_order() {
    let runs = with_settings(vec![
        mnist(64, 0.01, 1),
        mnist(128, 0.01, 2),
        mnist(64, 0.02, 1),
    ]);
    assert_eq!(
        differing(&runs),
        ["model.hidden_size", "training.fit.learning_rate", "seed"]
    );
    assert!(differing(&runs[..1]).is_empty());
    assert!(differing(&[]).is_empty());
}

#[test]
fn imported_runs_are_not_compared() {
    let imported =
        json!({"command": "mnist", "model": {"cell": "gru"}, "imported": {"weights": "w"}});
    let runs = with_settings(vec![imported, mnist(64, 0.01, 1), mnist(64, 0.02, 1)]);
    assert_eq!(differing(&runs), ["training.fit.learning_rate"]);
    assert_eq!(rows(&runs)[1][1], "imported");
}

#[test]
fn what_is_missing_differs_from_what_is_there() {
    let runs = with_settings(vec![
        json!({"a": null, "b": {"c": 1}, "l": [1]}),
        json!({"b": {}, "d": false, "e": {"f": null}, "l": [2]}),
        json!(null),
    ]);
    assert_eq!(differing(&runs), ["b.c", "l", "d"]);
    // Null counts as missing.
    assert!(differing(&with_settings(vec![json!({"a": null}), json!({})])).is_empty());
    assert_eq!(
        differing(&with_settings(vec![json!({"a": null}), json!({"a": 1})])),
        ["a"]
    );
}

#[test]
fn fingerprints_are_compared_and_shortened() {
    let mut other = mnist(64, 0.01, 1);
    other["training"]["train_fingerprint"] = "a".repeat(64).into();
    let runs = with_settings(vec![mnist(64, 0.01, 1), other]);
    assert_eq!(differing(&runs), ["training.train_fingerprint"]);
    let table = rows(&runs);
    assert_eq!(table[0][2], "train_fingerprint");
    assert_eq!(table[1][2], "333333333333…");
}

#[test]
fn every_task_has_a_table_of_its_own() {
    let runs = with_settings(vec![tagger(), mnist(64, 0.01, 1), mnist(64, 0.02, 1)]);
    let tables = tables(&runs);
    let found: Vec<(&str, Vec<&str>)> = tables
        .iter()
        .map(|table| {
            let rows = table.rows.iter().map(|row| row[2].as_str());
            (table.task.as_str(), rows.collect())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("mnist", vec!["learning_rate", "0.01", "0.02"]),
            ("tagger", vec!["best", "–"])
        ]
    );
}

#[test]
fn settings_that_do_not_fit_the_terminal_are_only_named() {
    let runs = with_settings(vec![mnist(64, 0.01, 1), mnist(128, 0.02, 2)]);
    let table = table("mnist".to_owned(), runs.iter().collect());
    let whole = table.lines(None);
    assert_eq!(
        whole[0],
        "run  state                    hidden_size  learning_rate  seed  best  epoch  seconds"
    );
    assert_eq!(table.lines(Some(200)), whole);
    assert_eq!(
        table.lines(Some(whole[0].len() - 1)),
        [
            "run  state                    hidden_size  learning_rate  best  epoch  seconds",
            "r    stopped at epoch 0 of 4           64           0.01  –     –      –",
            "r    stopped at epoch 0 of 4          128           0.02  –     –      –",
            "They also differ in seed.",
        ]
    );
    let long = run("a-name-of-some-length", mnist(64, 0.01, 1), vec![], None);
    let long = super::table("mnist".to_owned(), vec![&long]).lines(Some(60));
    assert_eq!(
        long[1],
        "a-name-of-so…  stopped at epoch 0 of 4  –     –      –"
    );
    let narrow = table.lines(Some(20));
    assert_eq!(narrow[1], "r    stopped at epo…");
    assert_eq!(
        narrow[3],
        "They also differ in hidden_size, learning_rate, seed."
    );
}

#[test]
fn with_patience_the_epoch_is_that_of_the_weights() {
    let epochs = || (1..=5).map(|n| epoch(n, 0.5)).collect();
    let results = || Some(json!({"test_accuracy": 0.9, "epochs": 5, "best_epoch": 3}));
    let mut patient = mnist(64, 0.01, 1);
    patient["training"]["fit"]["patience"] = 2.into();
    let runs = [
        run("last", mnist(64, 0.01, 1), epochs(), results()),
        run("best", patient, epochs(), results()),
    ];
    let table = rows(&runs);
    let epoch_of = |name: &str| {
        let row = table.iter().find(|row| row[0] == name).expect(name);
        row[row.len() - 2].clone()
    };
    assert_eq!(epoch_of("last"), "5");
    assert_eq!(epoch_of("best"), "3");
}

#[test]
fn headings_are_short_where_that_is_clear() {
    let keys = ["model.size", "data.size", "training.fit.seed", "x.run", "é"];
    assert_eq!(
        headings(&keys.map(str::to_owned)),
        ["model.size", "data.size", "seed", "x.run", "é"]
    );
}

#[test]
fn a_table_has_the_best_first() {
    let finished = |accuracy: f64| Some(json!({"test_accuracy": accuracy, "seconds": 61.04}));
    let four = vec![epoch(1, 0.5), epoch(2, 0.25), epoch(3, 0.75), epoch(4, 0.5)];
    let valid = json!({"epoch": 1, "train_loss": 2.0, "valid_loss": 0.081_23, "seconds": 1});
    let runs = [
        run("untouched", mnist(64, 0.01, 1), vec![], None),
        run("train only", mnist(64, 0.01, 1), four.clone(), None),
        run("worse", mnist(32, 0.01, 1), four.clone(), finished(0.97)),
        run("valid", mnist(64, 0.001, 1), vec![valid], None),
        run("better", mnist(64, 1.0 / 3.0, 1), four, finished(0.98974)),
    ];
    let expected = [
        [
            "run",
            "state",
            "hidden_size",
            "learning_rate",
            "best",
            "epoch",
            "seconds",
        ],
        [
            "better",
            "finished",
            "64",
            "0.333333",
            "98.97 % test",
            "4",
            "61.0",
        ],
        [
            "worse",
            "finished",
            "32",
            "0.01",
            "97.00 % test",
            "4",
            "61.0",
        ],
        [
            "valid",
            "stopped at epoch 1 of 4",
            "64",
            "0.001",
            "loss 0.0812 valid",
            "1",
            "1.0",
        ],
        [
            "train only",
            "trained, not evaluated",
            "64",
            "0.01",
            "loss 0.2500 train",
            "2",
            "1.0",
        ],
        [
            "untouched",
            "stopped at epoch 0 of 4",
            "64",
            "0.01",
            "–",
            "–",
            "–",
        ],
    ];
    assert_eq!(rows(&runs), expected);
}

#[test]
fn damaged_or_foreign_runs_have_a_row_too() {
    let runs = [
        run("nothing", json!(null), vec![json!(null)], Some(json!([]))),
        run(
            "diverged",
            mnist(64, 0.01, 1),
            vec![json!({"epoch": 1, "train_loss": null})],
            None,
        ),
        run(
            "theirs",
            json!({"command": "mnist", "imported": {"weights": "w"}}),
            vec![],
            None,
        ),
        run(
            "huge",
            json!({"command": "z"}),
            vec![json!({"train_loss": 1e9})],
            None,
        ),
    ];
    let table = rows(&runs);
    let row = |name: &str| {
        let row = table.iter().find(|row| row[0] == name).expect(name);
        let last = &row[row.len() - 3..];
        (row[1].clone(), last.join(" "))
    };
    assert_eq!(row("nothing"), ("finished".into(), "– – –".into()));
    assert_eq!(
        row("diverged"),
        ("stopped at epoch 1 of 4".into(), "– – –".into())
    );
    assert_eq!(row("theirs"), ("imported".into(), "– – –".into()));
    assert_eq!(
        row("huge"),
        ("stopped at epoch 1".into(), "loss 1.0e9 train 1 –".into())
    );
}

#[test]
fn an_empty_table_has_headings() {
    assert_eq!(rows(&[]), [["run", "state", "best", "epoch", "seconds"]]);
}

#[test]
fn cells_are_one_line_of_plain_characters() {
    let settings = |data: &str| json!({"data": data, "list": [data, 1]});
    let runs = [
        run("ü\n\u{1b}[2J", settings("a\tb"), vec![], None),
        run("💡", settings("ä/ö 'x'"), vec![], None),
    ];
    let table = rows(&runs);
    assert_eq!(table[1][0], "ü\\n\\u{1b}[2J");
    assert_eq!(table[1][2..4], ["a\\tb", "[\"a\\tb\",1]"]);
    assert_eq!(table[2][2], "ä/ö 'x'");
}

#[test]
fn columns_are_aligned_by_characters() {
    let table = [
        vec!["run", "größe", "best"],
        vec!["ünï-💡", "8", "97 %"],
        vec!["b", "–", "1"],
        vec!["c", "1024.5", ""],
        vec!["d"],
    ];
    let table = table.map(|row| row.into_iter().map(str::to_owned).collect());
    assert_eq!(
        aligned(&table),
        [
            "run     größe  best",
            "ünï-💡       8  97 %",
            "b           –  1",
            "c      1024.5",
            "d",
        ]
    );
    assert!(aligned(&[]).is_empty());
    assert_eq!(aligned(&[vec![]]), [""]);
    // A column without any number is aligned to the left.
    let table = [["a", "wide"], ["b", "–"], ["c", "inf"]];
    let table = table.map(|row| row.map(str::to_owned).to_vec());
    assert_eq!(aligned(&table[..2]), ["a  wide", "b  –"]);
    assert_eq!(aligned(&table), ["a  wide", "b  –", "c  inf"]);
}

#[test]
fn runs_that_are_measured_in_steps_show_steps() {
    let by_steps = |max_steps: u64| {
        let mut settings = mnist(64, 0.01, 1);
        let fit = &mut settings["training"]["fit"];
        fit["max_steps"] = max_steps.into();
        fit["valid_every"] = "100".into();
        settings
    };
    let report = |steps: u64, loss: f64| json!({"epoch": 1, "steps": steps, "valid_loss": loss});
    let history = || vec![report(100, 0.5), report(200, 0.25), report(300, 0.75)];
    let runs = [
        run("stopped", by_steps(400), history(), None),
        run("trained", by_steps(300), history(), None),
    ];
    let table = rows(&runs);
    assert_eq!(table[0][table[0].len() - 2], "step");
    assert_eq!(table[1][1], "stopped at step 300 of 400");
    assert_eq!(table[2][1], "trained, not evaluated");
    let place_of = |row: &[String]| row[row.len() - 2].clone();
    assert_eq!(place_of(&table[1]), "200");

    let mut patient = by_steps(400);
    patient["training"]["fit"]["patience"] = 1.into();
    let results =
        json!({"test_accuracy": 0.9, "epochs": 1, "steps": 300, "best_epoch": 1, "best_step": 200});
    let runs = [
        run("patient", patient, history(), Some(results)),
        run("epochs", mnist(64, 0.01, 1), vec![epoch(1, 0.5)], None),
    ];
    let table = rows(&runs);
    assert_eq!(table[0][table[0].len() - 2], "epoch");
    assert_eq!(place_of(&table[1]), "step 200");
    assert_eq!(place_of(&table[2]), "1");
}
