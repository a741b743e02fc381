//! The table of the notebook's cells names tests and items that are there.

use std::fs;
use std::path::Path;

/// The texts between backticks in a cell of the table.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_row_of_the_table_names_a_test_and_items_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let table = read("rnn-apps/docs/notebook.md").replace("\\|", "or");
    let exports: Vec<String> = ["rnn-model", "rnn-data", "rnn-train"]
        .map(|name| read(&format!("{name}/src/lib.rs")))
        .into();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, command, items, tests] = cells[..] else {
            panic!("not four cells: {row}");
        };
        assert!(quoted(command).count() > 0, "no command: {row}");
        for item in quoted(items).filter_map(|item| item.strip_prefix("rnn_")) {
            let (_, name) = item.split_once("::").expect("crate::item");
            let name = name.split("::").next().expect("an item");
            assert!(
                exports.iter().any(|lib| lib.contains(name)),
                "{name} is exported nowhere: {row}"
            );
        }
        for test in quoted(tests) {
            let (file, name) = test.split_once("::").expect("file::test");
            let folders = ["tests/integration", "rnn-apps/tests/command_line"];
            let found = folders
                .iter()
                .filter_map(|folder| fs::read_to_string(root.join(folder).join(file)).ok())
                .any(|text| text.contains(name));
            assert!(found, "no test {test}: {row}");
        }
        count += 1;
    }
    assert!(count >= 15, "{count} rows");
}
