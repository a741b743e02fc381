//! A JSON value as a list of dotted keys with their values.

use serde_json::Value;

use super::SixDigits;

/// All values that are not null, in order, each under the dotted path of names that leads to it.
pub fn flat(value: &Value) -> Vec<(String, &Value)> {
    let mut flat = Vec::new();
    add_flat(&mut flat, "", value);
    flat
}

fn add_flat<'a>(flat: &mut Vec<(String, &'a Value)>, prefix: &str, value: &'a Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                add_flat(flat, &key, value);
            }
        }
        Value::Null => {}
        value => flat.push((prefix.to_owned(), value)),
    }
}

/// The same with the values as text for a person: numbers with six digits, the beginning of a
/// fingerprint.
pub fn readable(value: &Value) -> Vec<(String, String)> {
    let shown = |value: &Value| match value {
        // The JSON line has it whole.
        Value::String(text) if text.len() == 64 && !text.contains(' ') => {
            format!("{}…", &text[..text.floor_char_boundary(12)])
        }
        Value::String(text) => text.escape_debug().to_string(),
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or_else(String::new, |x| SixDigits(x).to_string()),
        other => other.to_string(),
    };
    flat(value)
        .into_iter()
        .map(|(key, value)| (key, shown(value)))
        .collect()
}
