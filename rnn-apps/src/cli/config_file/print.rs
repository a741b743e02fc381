//! Writes settings as a TOML file.

use serde::Serialize;
use serde_json::Value as Json;

use super::keys::snake;

/// `args` as a file for `--config`: one line per flag that has a value, without those in
/// `not_in_a_file`. Nested structs are flattened.
///
/// # Errors
///
/// If `args` can't be serialised, such as a path that is not UTF-8.
pub fn to_toml(args: &impl Serialize, not_in_a_file: &[&str]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    add_lines(&mut text, &serde_json::to_value(args)?, not_in_a_file);
    Ok(text)
}

fn add_lines(text: &mut String, args: &Json, not_in_a_file: &[&str]) {
    for (key, value) in args.as_object().into_iter().flatten() {
        let value = match value {
            // A flattened group of flags.
            Json::Object(_) => {
                add_lines(text, value, not_in_a_file);
                continue;
            }
            _ if not_in_a_file.contains(&snake(key).as_str()) => continue,
            Json::Null => continue,
            Json::String(value) => toml::Value::String(value.clone()).to_string(),
            // JSON and TOML write these in the same way. TOML's own serializer can't represent
            // seeds above 2⁶³.
            other => other.to_string(),
        };
        text.push_str(&format!("{key} = {value}\n"));
    }
}
