//! Checks that the commands, items and tests that the table in `docs/notebook.md` names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::command_line::CommandLine;

/// The texts between backticks in a cell of the table.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The names that a file exports by `pub use`.
fn exports(file: &str) -> BTreeSet<String> {
    let uses = file
        .split(';')
        .filter_map(|item| item.split_once("pub use "));
    uses.flat_map(|(_, list)| list.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_row_names_commands_items_and_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let table = read("rnn-apps/docs/notebook.md");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, _, commands, items, tests] = cells[..] else {
            panic!("not five cells: {row}");
        };
        assert!(quoted(commands).count() > 0, "no command: {row}");
        for command in quoted(commands) {
            let line = format!("rnn-apps {}", command.replace("NAME", "ndarray"));
            if let Err(error) = CommandLine::try_read_from(line.split(' ')) {
                panic!("{command}: {error}");
            }
        }
        for item in quoted(items) {
            let (package, path) = item.split_once("::").expect("crate::item");
            let (file, name) = match path.split_once("::") {
                Some((module, name)) => (format!("{module}/mod.rs"), name),
                None => ("lib.rs".to_owned(), path),
            };
            let file = read(&format!("{}/src/{file}", package.replace('_', "-")));
            assert!(exports(&file).contains(name), "{item} is not there: {row}");
        }
        assert!(quoted(tests).count() > 0, "no test: {row}");
        for test in quoted(tests) {
            let (file, name) = test.split_once("::").expect("file::test");
            let found = [
                "tests/integration",
                "tests/integration/parity",
                "rnn-apps/tests/command_line",
            ]
            .iter()
            .filter_map(|folder| fs::read_to_string(root.join(folder).join(file)).ok())
            .any(|text| {
                ["(", "<"]
                    .iter()
                    .any(|end| text.contains(&format!("fn {name}{end}")))
            });
            assert!(found, "no test {test}: {row}");
        }
        count += 1;
    }
    assert!(count >= 20, "{count} rows");
}
