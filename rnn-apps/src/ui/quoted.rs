use std::borrow::Cow;
use std::path::Path;

/// A path as a word of a command line that a shell can read, for commands that are suggested.
pub fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    // It fails for a null byte alone, which no path has.
    shlex::try_quote(&text)
        .map(Cow::into_owned)
        .unwrap_or_else(|_| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_take_apart_is_quoted() {
        for (path, expected) in [
            ("runs/mnist-1", "runs/mnist-1"),
            ("my runs/a", "'my runs/a'"),
            ("it's", "\"it's\""),
            ("a;b", "'a;b'"),
            ("ä", "ä"),
        ] {
            let found = quoted(Path::new(path));
            assert_eq!(shlex::split(&found), Some(vec![path.to_owned()]), "{found}");
            if !path.contains(['\'', 'ä']) {
                assert_eq!(found, expected);
            }
        }
    }
}
