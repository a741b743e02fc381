//! Reads a configuration file, TOML or JSON, as names with values.

use std::fmt;
use std::fs;
use std::path::Path;

use rnn_data::fs::is_utf16;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value as Json};
use toml::de::{DeString, DeTable, DeValue};

use crate::cli::run_settings;

/// A key of a file with its value.
pub struct Entry {
    pub key: String,
    /// Or a description of a value that no flag can have, such as an array.
    pub value: Result<Value, &'static str>,
    /// Counted from 1; TOML only.
    pub line: Option<usize>,
    /// Whether a run recorded it, so that it need not be a flag.
    pub is_recorded: bool,
}

/// The entries of a file.
pub struct Entries {
    /// The task whose run recorded them in its `config.json`.
    pub task: Option<String>,
    /// In order.
    pub list: Vec<Entry>,
}

pub enum Value {
    Bool(bool),
    /// A string, or a number as it would stand on the command line.
    Text(String),
}

impl Entry {
    /// An error message about this entry, with the line if it is known.
    pub fn refused(&self, message: impl fmt::Display) -> String {
        match self.line {
            Some(line) => format!("line {line}: {message}"),
            None => message.to_string(),
        }
    }
}

/// The entries of a file, in order. It is JSON if its name ends in `.json` or its text begins with
/// `{`, with which no TOML file begins; otherwise TOML. A run's `config.json` has as entries what its
/// sections hold.
pub fn entries(path: &Path) -> Result<Entries, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    if is_utf16(&bytes) {
        return Err(
            "expected UTF-8, found UTF-16, which PowerShell's > writes: save it as UTF-8, \
                    such as with | Out-File -Encoding utf8"
                .to_owned(),
        );
    }
    let text = str::from_utf8(&bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        format!("{}: expected UTF-8", place(&valid, valid.len()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json || text.trim_start().starts_with('{') {
        json_entries(text)
    } else {
        let list = toml_entries(text)?;
        Ok(Entries { task: None, list })
    }
}

fn toml_entries(text: &str) -> Result<Vec<Entry>, String> {
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        match error.span() {
            Some(span) => format!("{}: {message}", place(text, span.start)),
            None => message,
        }
    })?;
    let mut pairs: Vec<_> = table.into_inner().into_iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (toml::Spanned<DeString>, toml::Spanned<DeValue>)| {
        let line = position(text, key.span().start).0;
        let value = match value.into_inner() {
            DeValue::Boolean(value) => Ok(Value::Bool(value)),
            DeValue::String(text) => Ok(Value::Text(text.into_owned())),
            // The text as written, so that the flag's own parser decides which numbers are too
            // large.
            DeValue::Float(number) => Ok(Value::Text(number.as_str().to_owned())),
            DeValue::Integer(number) => {
                let value = u128::from_str_radix(number.as_str(), number.radix());
                Ok(Value::Text(match value {
                    Ok(value) => value.to_string(),
                    Err(_) => number.to_string(),
                }))
            }
            DeValue::Datetime(_) => Err("a date or time"),
            DeValue::Array(items) => joined(items.iter().map(|item| match item.get_ref() {
                DeValue::Float(number) => Some(number.as_str().to_owned()),
                DeValue::Integer(number) => Some(number.to_string()),
                _ => None,
            })),
            DeValue::Table(_) => Err("a table"),
        };
        Entry {
            key: key.into_inner().into_owned(),
            value,
            line: Some(line),
            is_recorded: false,
        }
    };
    Ok(pairs.into_iter().map(entry).collect())
}

fn json_entries(text: &str) -> Result<Entries, String> {
    let Pairs(pairs) = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let suffix = format!(" at line {line} column {column}");
        match message.strip_suffix(&suffix) {
            Some(message) => format!("line {line}, column {column}: {message}"),
            None => message,
        }
    })?;
    let settings: Map<String, Json> = pairs.iter().cloned().collect();
    let task = run_settings::task_of(&settings).map(str::to_owned);
    let is_recorded = task.is_some();
    if is_recorded && !matches!(settings.get("training"), Some(Json::Object(_))) {
        return Err("expected the settings of a training, found those of imported weights".into());
    }
    let pairs = match is_recorded {
        true => run_settings::flat(settings),
        false => pairs,
    };
    let entry = |(key, value)| {
        let value = match value {
            Json::Bool(value) => Ok(Value::Bool(value)),
            Json::String(text) => Ok(Value::Text(text)),
            Json::Number(number) => Ok(Value::Text(number.to_string())),
            Json::Null => Err("null"),
            Json::Array(items) => joined(
                items
                    .iter()
                    .map(|item| item.is_number().then(|| item.to_string())),
            ),
            Json::Object(_) => Err("an object"),
        };
        Entry {
            key,
            value,
            line: None,
            is_recorded,
        }
    };
    let list = pairs.into_iter().map(entry).collect();
    Ok(Entries { task, list })
}

/// Several numbers as a flag takes them, `0.9,0.1`; none of the items may be anything else.
fn joined(items: impl ExactSizeIterator<Item = Option<String>>) -> Result<Value, &'static str> {
    let numbers: Option<Vec<String>> = items.collect();
    match numbers {
        Some(numbers) if numbers.len() > 1 => Ok(Value::Text(numbers.join(","))),
        _ => Err("an array"),
    }
}

/// All pairs of an object in order. A map would keep only the last of two with the same key.
struct Pairs(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object with flags")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// The line and the column of a byte offset, counted from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(byte)];
    let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

fn place(text: &str, byte: usize) -> String {
    let (line, column) = position(text, byte);
    format!("line {line}, column {column}")
}
