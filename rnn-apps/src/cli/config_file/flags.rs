//! Turns a value from a file into a command-line argument.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::entries::Value;

/// `value` as a command-line argument; `None` for a switch that is off.
///
/// # Errors
///
/// Clap's message in one line if the flag does not take the value.
pub fn as_argument(arg: &Arg, value: &Value) -> Result<Option<OsString>, String> {
    match value {
        Value::Bool(true) if needs_no_value(arg) => {
            let name = arg.get_long().unwrap_or_default();
            Ok(Some(format!("--{name}").into()))
        }
        Value::Bool(false) if !takes_values(arg) => Ok(None),
        Value::Text(text) if !takes_values(arg) => {
            Err(format!("expected true or false, found `{text}`"))
        }
        Value::Bool(value) => checked(arg, &value.to_string()).map(Some),
        Value::Text(value) => checked(arg, value).map(Some),
    }
}

/// Clap's message in one line, without the name of the flag and without the usage.
pub fn error_message(error: &clap::Error) -> String {
    let text = error.to_string();
    // Not simply the first empty line, which a value may contain too.
    let ends = ["\n\n  tip:", "\n\nUsage:", "\n\nFor more information"];
    let end = ends.iter().filter_map(|end| text.find(end)).min();
    let lines = text[..end.unwrap_or(text.len())].lines().map(str::trim);
    let joined = lines.collect::<Vec<_>>().join(" ");
    let message = joined.strip_prefix("error: ").unwrap_or(&joined);
    let of_a_value = matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    );
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(arg)) if of_a_value => {
            message.replacen(&format!(" for '{arg}'"), "", 1)
        }
        _ => message.to_owned(),
    }
}

/// `--flag=value`, if the flag takes that value.
fn checked(arg: &Arg, value: &str) -> Result<OsString, String> {
    // A copy of the flag without the flags that it excludes or requires.
    let alone = Arg::new("value")
        .long("value")
        .action(arg.get_action().clone())
        .num_args(arg.get_num_args().unwrap_or_default())
        .value_parser(arg.get_value_parser().clone())
        .value_delimiter(arg.get_value_delimiter())
        .ignore_case(arg.is_ignore_case_set());
    let command = Command::new("value").no_binary_name(true).arg(alone);
    // With `=`, since a value may begin with a dash.
    match command.try_get_matches_from([format!("--value={value}")]) {
        Ok(_) => Ok(format!("--{}={value}", arg.get_long().unwrap_or_default()).into()),
        Err(error) => Err(error_message(&error)),
    }
}

/// Whether `--flag` never takes the next word as its value.
fn needs_no_value(arg: &Arg) -> bool {
    let needs_none = arg.get_num_args().is_some_and(|n| n.min_values() == 0);
    !takes_values(arg) || needs_none && arg.is_require_equals_set()
}

fn takes_values(arg: &Arg) -> bool {
    arg.get_num_args().is_none_or(|range| range.takes_values())
}
