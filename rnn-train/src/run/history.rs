use std::fs;

use super::dir::RunDir;
use super::error::RunError;
use super::files::to_json;
use super::table::table;
use crate::progress::EpochReport;

const HISTORY: &str = "history.jsonl";
const HISTORY_TABLE: &str = "history.csv";

impl RunDir {
    /// Writes the history, once as a line of JSON per report and once as a table for other programs.
    ///
    /// # Errors
    ///
    /// If a file can't be written.
    pub fn write_history(&self, history: &[EpochReport]) -> Result<(), RunError> {
        let path = self.file(HISTORY);
        let mut lines = Vec::new();
        for report in history {
            lines.extend(to_json(&path, serde_json::to_vec(report))?);
            lines.push(b'\n');
        }
        self.write(HISTORY, &lines)?;
        self.write(HISTORY_TABLE, table(history).as_bytes())
    }

    /// Reads the history; empty if there was no report.
    ///
    /// # Errors
    ///
    /// If the file can't be read or a line is damaged; the error names the line.
    pub fn read_history(&self) -> Result<Vec<EpochReport>, RunError> {
        let path = self.file(HISTORY);
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(RunError::io(&path))?;
        let parse = |(line, text): (usize, &str)| {
            serde_json::from_str(text).map_err(|source| RunError::History {
                path: path.clone(),
                line,
                source,
            })
        };
        (1..).zip(text.lines()).map(parse).collect()
    }
}
