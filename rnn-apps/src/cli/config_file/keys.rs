//! Finds the flag that a key in a file names.

use clap::{Arg, ArgAction, Command};

/// The Jaro similarity, from 0 to 1, above which a flag is suggested for an unknown key; clap uses
/// the same limit.
const MIN_SIMILARITY: f64 = 0.7;

/// The keys that a file for one command may have: the long names of its flags, except those that
/// are only for the command line.
pub struct Keys<'a, 'b> {
    pub command: &'a Command,
    /// The ids of the flags that are only for the command line.
    pub not_in_a_file: &'b [&'b str],
}

impl<'a> Keys<'a, '_> {
    /// The flag that `key` names, with dashes or underscores.
    ///
    /// # Errors
    ///
    /// If there is no such flag: the message suggests the most similar one, or else lists all. If
    /// the flag is only for the command line.
    pub fn find(&self, key: &str) -> Result<&'a Arg, String> {
        let name = snake(key);
        let mut flags = self.command.get_arguments();
        let is_named = |arg: &&Arg| {
            let names = arg.get_long_and_visible_aliases().unwrap_or_default();
            names.into_iter().any(|found| snake(found) == name)
        };
        match flags.find(is_named) {
            Some(arg) if self.is_allowed(arg) => Ok(arg),
            Some(_) => Err(format!(
                "`{key}` belongs on the command line, not in a file"
            )),
            None => Err(self.unknown(key, &name)),
        }
    }

    fn is_allowed(&self, arg: &Arg) -> bool {
        let is_built_in = matches!(
            arg.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        );
        !is_built_in && !self.not_in_a_file.contains(&arg.get_id().as_str())
    }

    fn unknown(&self, key: &str, name: &str) -> String {
        let flags = self.command.get_arguments();
        let keys = flags
            .filter(|arg| self.is_allowed(arg))
            .filter_map(|arg| arg.get_long().map(snake));
        let keys: Vec<String> = keys.collect();
        let near = keys
            .iter()
            .map(|key| (strsim::jaro(name, key), key))
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        match near {
            Some((likeness, near)) if likeness > MIN_SIMILARITY => {
                format!("unknown key `{key}`, did you mean `{near}`?")
            }
            _ => format!(
                "unknown key `{key}`, expected one of `{}`",
                keys.join("`, `")
            ),
        }
    }
}

/// A flag's name as a key of a file, with underscores.
pub fn snake(name: &str) -> String {
    name.replace('-', "_")
}
