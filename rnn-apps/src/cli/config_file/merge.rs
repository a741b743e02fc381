//! Parses a command line together with its `--config` file.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::entries::{Entries, entries};
use super::flags::{as_argument, error_message};
use super::keys::{Keys, snake};

/// The flag that names the file.
const CONFIG: &str = "config";

/// A parsed line.
pub struct Merged {
    pub matches: ArgMatches,
    /// The ids of the flags whose value is the file's.
    pub from_file: Vec<String>,
}

/// Parses `line`, the program's name first, together with the file of its `--config FILE`, if there
/// is one.
///
/// The file's entries are inserted in front of the subcommand's own arguments. An entry is left out
/// if the line has the same flag or one that excludes it. (Clap's `args_override_self` is not
/// enough: it ignores exclusion, appends to lists, and permits a flag twice on the line.) A flag
/// whose id is among `not_in_a_file` is refused in the file.
///
/// # Errors
///
/// Clap's error for the line, which includes a request for help. If the file can't be read or does
/// not fit the flags: wrong usage, with a message that names the file and the position or the key.
pub fn matches(
    command: &Command,
    mut line: Vec<OsString>,
    not_in_a_file: &[&str],
) -> Result<Merged, clap::Error> {
    let without_file = |matches| Merged {
        matches,
        from_file: Vec::new(),
    };
    let alone = command.clone().try_get_matches_from(&line);
    let given = match &alone {
        Ok(matches) => matches,
        // Clap reports this only after it has parsed everything else, and what is missing may be in
        // the file.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            let lenient = command.clone().ignore_errors(true);
            &lenient.try_get_matches_from(&line)?
        }
        Err(_) => return alone.map(without_file),
    };
    let mut root = command.clone();
    // Only after this do the subcommands know the global flags.
    root.build();
    let (leaf, given, start) = subcommand(&root, given, &line);
    let file = given.try_get_raw(CONFIG).ok().flatten();
    let Some(file) = file.and_then(|mut files| files.next_back()) else {
        return alone.map(without_file);
    };
    let refused = |message: String| {
        let message = format!("{}: {message}", Path::new(file).display());
        leaf.clone().error(ErrorKind::ValueValidation, message)
    };
    let keys = Keys {
        command: leaf,
        not_in_a_file,
    };
    let added = file_arguments(&keys, given, Path::new(file)).map_err(refused)?;
    let (from_file, added): (Vec<String>, Vec<OsString>) = added.into_iter().unzip();
    line.splice(start..start, added);
    let together = command.clone().try_get_matches_from(line);
    // Each value was checked by itself, so the remaining errors are combinations.
    let matches = together.map_err(|error| refused(error_message(&error)))?;
    Ok(Merged { matches, from_file })
}

/// The innermost subcommand of a line, its matches, and the index in the line at which its
/// arguments begin: after the first word that is its name. No flag in front of a subcommand takes
/// such a word as its value.
fn subcommand<'a>(
    root: &'a Command,
    matches: &'a ArgMatches,
    line: &[OsString],
) -> (&'a Command, &'a ArgMatches, usize) {
    let (mut command, mut matches, mut start) = (root, matches, 1);
    while let Some((name, below)) = matches.subcommand()
        && let Some(next) = command.find_subcommand(name)
        && let Some(place) = line.iter().skip(start).position(|word| word == name)
    {
        (command, matches) = (next, below);
        start += place + 1;
    }
    (command, matches, start)
}

/// The file's entries that the line does not override, as arguments with the ids of their flags.
fn file_arguments(
    keys: &Keys,
    matches: &ArgMatches,
    file: &Path,
) -> Result<Vec<(String, OsString)>, String> {
    let flags = keys.command.get_arguments();
    let given: Vec<&Arg> = flags.filter(|arg| is_given(arg, matches)).collect();
    let mut seen: Vec<&Arg> = Vec::new();
    let mut added = Vec::new();
    let Entries { task, list } = entries(file)?;
    let command = keys.command.get_bin_name().unwrap_or_default();
    if let Some(task) = task.filter(|task| !command.split(' ').any(|word| word == task)) {
        return Err(format!(
            "expected settings for `{command}`, found those of a run of {task}"
        ));
    }
    for entry in list {
        if entry.is_recorded && keys.find(&entry.key).is_err() {
            continue;
        }
        let refused = |message: String| entry.refused(message);
        let of_value = |message: String| refused(format!("{}: {message}", entry.key));
        // Before the key is looked up, so that a TOML section is reported as such and not as an
        // unknown key.
        let value = entry.value.as_ref().map_err(|found| {
            of_value(format!(
                "expected a string, a number, true or false, found {found}"
            ))
        })?;
        let arg = keys.find(&entry.key).map_err(refused)?;
        if seen.contains(&arg) {
            let message = format!("`{}` stands here for a second time", snake(&entry.key));
            return Err(refused(message));
        }
        seen.push(arg);
        // Checked even if the line overrides it, so that the file's validity does not depend on the
        // line.
        let argument = as_argument(arg, value).map_err(of_value)?;
        let decides = |other: &&Arg| *other == arg || are_exclusive(keys.command, arg, other);
        if !given.iter().any(decides) {
            added.extend(argument.map(|argument| (arg.get_id().to_string(), argument)));
        }
    }
    Ok(added)
}

fn is_given(arg: &Arg, matches: &ArgMatches) -> bool {
    matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
}

fn are_exclusive(command: &Command, a: &Arg, b: &Arg) -> bool {
    // Only one of the two may declare the conflict.
    command.get_arg_conflicts_with(a).contains(&b) || command.get_arg_conflicts_with(b).contains(&a)
}
