//! Flags from a file: `--config FILE`.
//!
//! What the file says becomes flags of a new command line, which the same definition reads: what a
//! value may be, and which flags exclude each other, is said once.

use super::entries::{Value, entries};

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use serde_json::Value as Json;

/// The flag that names the file.
const CONFIG: &str = "config";

/// Flags that a file can't have, since they are about one call (what it prints, where it writes,
/// what it goes on with) and not about what is trained.
pub const NOT_IN_A_FILE: [&str; 9] = [
    "config",
    "print_config",
    "run",
    "resume",
    "from",
    "help",
    "json",
    "quiet",
    "tui",
];

/// How alike an unknown key and a flag must be for the one to be a slip of the other, from 0 to 1;
/// clap's own limit.
const ALIKE: f64 = 0.7;

/// `line`, with what its `--config FILE` says if it has one.
///
/// Of two flags where one needs the other (`--dev` needs `--data`) the needed one may be in the
/// file alone, which [`merged`] never gets to see: such a line has no matches.
///
/// # Errors
///
/// What clap says of the line (its help too), and those of [`merged`].
pub fn expanded(command: &Command, line: Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let matches = match command.clone().try_get_matches_from(&line) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            // It is found after all else has been read, so that nothing else gets lost here.
            let partial = command.clone().ignore_errors(true);
            let matches = partial.try_get_matches_from(&line)?;
            return merged(command, &matches)?.ok_or(error);
        }
        Err(error) => return Err(error),
    };
    Ok(merged(command, &matches)?.unwrap_or(line))
}

/// The command line with what its `--config FILE` says, as flags, in front of its own flags: those
/// of the file that are also on the line, or exclude one that is, are left out. None if there is no
/// such file. `matches` are of `command`.
///
/// A `--config` that must be given (`import` has one) is something else: flags can do without a
/// file.
///
/// # Errors
///
/// If the file can't be read, or says what the flags can't: wrong usage, with a message that names
/// the file and the place or the key.
pub fn merged(
    command: &Command,
    matches: &ArgMatches,
) -> Result<Option<Vec<OsString>>, clap::Error> {
    let mut root = command.clone();
    // Global flags are known to the subcommands only after this.
    root.build();
    let (mut leaf, mut matches) = (&root, matches);
    let mut line = vec![OsString::from(root.get_name())];
    while let Some((name, below)) = matches.subcommand() {
        let Some(subcommand) = leaf.find_subcommand(name) else {
            return Ok(None);
        };
        // The global ones are among the last subcommand's, wherever they stood.
        let own = leaf.get_arguments().filter(|arg| !arg.is_global_set());
        line.extend(own.flat_map(|arg| as_given(arg, matches)));
        line.push(name.into());
        (leaf, matches) = (subcommand, below);
    }
    let config = leaf.get_arguments().find(|arg| arg.get_id() == CONFIG);
    let Some(file) = config
        .filter(|arg| !arg.is_required_set() && is_given(arg, matches))
        .and_then(|arg| matches.get_raw(arg.get_id().as_str())?.next_back())
    else {
        return Ok(None);
    };
    let refused = |message: String| {
        let message = format!("{}: {message}", Path::new(file).display());
        leaf.clone().error(ErrorKind::ValueValidation, message)
    };
    line.extend(from_file(leaf, matches, Path::new(file)).map_err(refused)?);
    line.extend(
        leaf.get_arguments()
            .flat_map(|arg| as_given(arg, matches))
            .chain(positionals(leaf, matches)),
    );
    match command.clone().try_get_matches_from(&line) {
        Ok(_) => Ok(Some(line)),
        // The values are fine by themselves: the file's flags don't go together.
        Err(error) => Err(refused(complaint(&error))),
    }
}

/// `args` as a file for `--config`: a line per flag that has a value. What is inside of another
/// struct stands beside the rest, as flags do.
///
/// # Errors
///
/// If `args` can't be text, as a path that is not UTF-8.
pub fn to_toml(args: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    add_lines(&mut text, &serde_json::to_value(args)?);
    Ok(text)
}

fn add_lines(text: &mut String, args: &Json) {
    for (key, value) in args.as_object().into_iter().flatten() {
        let value = match value {
            // Flags that have something in common; only the flags have names in a file.
            Json::Object(_) => {
                add_lines(text, value);
                continue;
            }
            _ if NOT_IN_A_FILE.contains(&snake(key).as_str()) => continue,
            Json::Null => continue,
            Json::String(value) => toml::Value::String(value.clone()).to_string(),
            // TOML writes the others in the same way. Not by its own serializer, which has no seeds
            // above 2⁶³.
            other => other.to_string(),
        };
        text.push_str(&format!("{key} = {value}\n"));
    }
}

/// The flags that the file has and the command line leaves to it.
fn from_file(leaf: &Command, matches: &ArgMatches, path: &Path) -> Result<Vec<OsString>, String> {
    let given = leaf.get_arguments().filter(|arg| is_given(arg, matches));
    let given: Vec<&Arg> = given.collect();
    let mut seen: Vec<&Arg> = Vec::new();
    let mut flags = Vec::new();
    for entry in entries(path)? {
        let refused = |message: String| entry.refused(message);
        let of_value = |message: String| refused(format!("{}: {message}", entry.key));
        // Before the key is looked up: a section is no key that anyone misspelt.
        let value = entry.value.as_ref().map_err(|found| {
            of_value(format!(
                "expected a string, a number, true or false, found {found}"
            ))
        })?;
        let arg = find(leaf, &entry.key).map_err(refused)?;
        if seen.contains(&arg) {
            let message = format!("`{}` stands here for a second time", snake(&entry.key));
            return Err(refused(message));
        }
        seen.push(arg);
        // Also if it is not needed: a file is right or wrong whatever the command line says.
        let flag = as_flag(arg, value).map_err(of_value)?;
        if !given
            .iter()
            .any(|other| *other == arg || are_exclusive(leaf, arg, other))
        {
            flags.extend(flag);
        }
    }
    Ok(flags)
}

fn are_exclusive(command: &Command, a: &Arg, b: &Arg) -> bool {
    // Either may be the one that says so.
    command.get_arg_conflicts_with(a).contains(&b) || command.get_arg_conflicts_with(b).contains(&a)
}

/// What a file may call a flag, in the form that is shown.
fn key_of(arg: &Arg) -> Option<String> {
    let key = snake(arg.get_long()?);
    (!NOT_IN_A_FILE.contains(&key.as_str())).then_some(key)
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// The flag that `key` is the name of.
fn find<'a>(leaf: &'a Command, key: &str) -> Result<&'a Arg, String> {
    let name = snake(key);
    if NOT_IN_A_FILE.contains(&name.as_str()) {
        return Err(format!(
            "`{key}` belongs on the command line, not in a file"
        ));
    }
    let keys = || leaf.get_arguments().filter_map(key_of);
    let arg = leaf
        .get_arguments()
        .find(|arg| key_of(arg).as_ref() == Some(&name));
    if let Some(arg) = arg {
        return Ok(arg);
    }
    let near = keys()
        .map(|key| (strsim::jaro(&name, &key), key))
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    Err(match near {
        Some((likeness, near)) if likeness > ALIKE => {
            format!("unknown key `{key}`, did you mean `{near}`?")
        }
        _ => {
            let keys: Vec<String> = keys().map(|key| format!("`{key}`")).collect();
            format!("unknown key `{key}`, expected one of {}", keys.join(", "))
        }
    })
}

/// `value` as it would stand on the command line; nothing for a switch that is off.
fn as_flag(arg: &Arg, value: &Value) -> Result<Option<OsString>, String> {
    let flag = flag_name(arg);
    match value {
        Value::Bool(true) if least_values(arg) == 0 => Ok(Some(flag)),
        Value::Bool(false) if !takes_values(arg) => Ok(None),
        Value::Text(text) if !takes_values(arg) => {
            Err(format!("expected true or false, found `{text}`"))
        }
        Value::Bool(value) => checked(arg, &value.to_string()).map(Some),
        Value::Text(value) => checked(arg, value).map(Some),
    }
}

/// `--flag=value`, if the flag takes that value.
fn checked(arg: &Arg, value: &str) -> Result<OsString, String> {
    // By itself, without what it excludes or needs.
    let alone = Arg::new("value")
        .long("value")
        .action(arg.get_action().clone())
        .num_args(arg.get_num_args().unwrap_or_default())
        .value_parser(arg.get_value_parser().clone())
        .value_delimiter(arg.get_value_delimiter())
        .ignore_case(arg.is_ignore_case_set());
    let command = Command::new("value").no_binary_name(true).arg(&alone);
    match command.try_get_matches_from([with_value(&alone, OsStr::new(value))]) {
        Ok(_) => Ok(with_value(arg, OsStr::new(value))),
        Err(error) => Err(complaint(&error)),
    }
}

/// What clap says is wrong, in one line, without the flag that it is about and without the usage.
fn complaint(error: &clap::Error) -> String {
    let text = error.to_string();
    // Not the first empty line, which a value may have too.
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

fn is_given(arg: &Arg, matches: &ArgMatches) -> bool {
    matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
}

fn least_values(arg: &Arg) -> usize {
    arg.get_num_args().map_or(1, |range| range.min_values())
}

fn takes_values(arg: &Arg) -> bool {
    arg.get_num_args().is_none_or(|range| range.takes_values())
}

/// `--flag`, or `-f` if there is no long one.
fn flag_name(arg: &Arg) -> OsString {
    match (arg.get_long(), arg.get_short()) {
        (None, Some(short)) => format!("-{short}"),
        (long, _) => format!("--{}", long.unwrap_or_default()),
    }
    .into()
}

/// With `=`, so that a value may begin with a dash.
fn with_value(arg: &Arg, value: &OsStr) -> OsString {
    let mut flag = flag_name(arg);
    flag.push("=");
    flag.push(value);
    flag
}

/// A flag as the command line has it; nothing if it doesn't.
fn as_given(arg: &Arg, matches: &ArgMatches) -> Vec<OsString> {
    let id = arg.get_id().as_str();
    if arg.is_positional() || !is_given(arg, matches) {
        return Vec::new();
    }
    if !takes_values(arg) {
        let times = match arg.get_action() {
            ArgAction::Count => matches.get_count(id),
            _ => 1,
        };
        return vec![flag_name(arg); times.into()];
    }
    let mut line = Vec::new();
    for occurrence in matches.get_raw_occurrences(id).into_iter().flatten() {
        let values: Vec<&OsStr> = occurrence.collect();
        match (values.as_slice(), arg.get_value_delimiter()) {
            ([], _) => line.push(flag_name(arg)),
            ([value], _) => line.push(with_value(arg, value)),
            (values, Some(delimiter)) => {
                let joined = values.join(OsStr::new(&delimiter.to_string()));
                line.push(with_value(arg, &joined));
            }
            (values, None) => {
                line.push(flag_name(arg));
                line.extend(values.iter().map(OsString::from));
            }
        }
    }
    line
}

/// What stands on the command line without a flag, all of it last.
fn positionals(leaf: &Command, matches: &ArgMatches) -> Vec<OsString> {
    let given = leaf.get_positionals().filter(|arg| is_given(arg, matches));
    let values: Vec<OsString> = given
        .flat_map(|arg| matches.get_raw(arg.get_id().as_str()).into_iter().flatten())
        .map(OsString::from)
        .collect();
    if values.is_empty() {
        return values;
    }
    [OsString::from("--")].into_iter().chain(values).collect()
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
