//! Flattens a JSON value into dotted keys with their values.

use serde_json::Value;

use super::SixDigits;

/// All values that are not null, in order, each with its dotted path.
pub fn flatten(value: &Value) -> Vec<(String, &Value)> {
    let mut values = Vec::new();
    add_values(&mut values, "", value);
    values
}

fn add_values<'a>(values: &mut Vec<(String, &'a Value)>, prefix: &str, value: &'a Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                add_values(values, &key, value);
            }
        }
        Value::Null => {}
        value => values.push((prefix.to_owned(), value)),
    }
}

/// [`flatten`] with the values as text for display: numbers with six digits, fingerprints
/// shortened.
pub fn display_values(value: &Value) -> Vec<(String, String)> {
    let shown = |value: &Value| match value {
        // A fingerprint; `--json` prints it in full.
        Value::String(text) if text.len() == 64 && !text.contains(' ') => {
            format!("{}…", &text[..text.floor_char_boundary(12)])
        }
        Value::String(text) => text.escape_debug().to_string(),
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or_else(String::new, |x| SixDigits(x).to_string()),
        other => other.to_string(),
    };
    flatten(value)
        .into_iter()
        .map(|(key, value)| (key, shown(value)))
        .collect()
}
