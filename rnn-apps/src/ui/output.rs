//! Standard output: lines for people, and one JSON object for programs.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::cli::Common;

/// Standard output, filtered by `--quiet` and `--json`.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    quiet: bool,
    json: bool,
    ignore_closed_pipe: bool,
}

impl Output {
    pub fn new(common: &Common) -> Self {
        Self {
            quiet: common.quiet,
            json: common.json,
            ignore_closed_pipe: false,
        }
    }

    pub fn is_quiet(self) -> bool {
        self.quiet
    }

    /// A copy that prints no lines for people.
    pub fn silent(self) -> Self {
        Self {
            quiet: true,
            ..self
        }
    }

    /// A copy that prints no JSON results.
    pub fn without_results(self) -> Self {
        Self {
            json: false,
            ..self
        }
    }

    /// A copy whose writes succeed even if the pipe is closed, for work that must be completed and
    /// saved.
    pub fn ignoring_closed_pipe(self) -> Self {
        Self {
            ignore_closed_pipe: true,
            ..self
        }
    }

    /// Prints a line for people, unless `--quiet` is given.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.write(text)
    }

    /// Prints a piece of text at once, without an end of line, unless `--quiet` is given.
    pub fn piece(&mut self, text: &str) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Prints a line whatever the flags.
    pub fn print(&mut self, text: impl Display) -> io::Result<()> {
        self.write(text)
    }

    /// Prints a warning on standard error, unless `--quiet` is given.
    pub fn warn(&self, text: impl Display) {
        if !self.quiet {
            // Not `eprintln!`, which panics when there is no standard error.
            let _ = writeln!(io::stderr(), "warning: {text}");
        }
    }

    /// Warns of an error with its causes, unless `--quiet` is given.
    pub fn warn_of(&self, error: impl Into<anyhow::Error>) {
        self.warn(format_args!("{:#}", error.into()));
    }

    fn write(self, text: impl Display) -> io::Result<()> {
        // Not `println!`, which panics when the pipe is closed.
        match writeln!(io::stdout().lock(), "{text}") {
            Err(error) if self.ignore_closed_pipe && error.kind() == ErrorKind::BrokenPipe => {
                Ok(())
            }
            result => result,
        }
    }

    /// Prints an underlined heading between empty lines.
    pub fn heading(&mut self, text: impl Display) -> io::Result<()> {
        let text = text.to_string();
        let rule = "─".repeat(text.chars().count());
        self.line(format_args!("\n{text}\n{rule}\n"))
    }

    /// Prints a name and its value; the values of several fields are aligned.
    pub fn field(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        self.line(format_args!("{name:<10} {value}"))
    }

    /// Prints results as a line of JSON, whatever the flags.
    pub fn row(&mut self, results: &impl Serialize) -> anyhow::Result<()> {
        self.write(serde_json::to_string(results)?)?;
        Ok(())
    }

    /// Prints the results as a line of JSON if `--json` is given; it is the last line of the
    /// output.
    pub fn results(&mut self, results: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            let json = serde_json::to_string(results)?;
            self.write(json)?;
        }
        Ok(())
    }
}

/// Displays a whole number with commas: 60,000.
pub struct Grouped(pub usize);

impl Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// Displays seconds; from two minutes on, minutes and seconds.
pub struct Seconds(pub f64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 120.0 {
            write!(f, "{:.1} s", self.0)
        } else {
            let whole = self.0.round() as u64;
            write!(f, "{} min {:02} s", whole / 60, whole % 60)
        }
    }
}

/// Displays a number with six significant digits.
pub struct SixDigits(pub f64);

impl Display for SixDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded: f64 = format!("{:.5e}", self.0).parse().unwrap_or(self.0);
        write!(f, "{rounded}")
    }
}

/// Displays a loss.
pub struct Loss(pub f64);

impl Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1e4 {
            write!(f, "{:.4}", self.0)
        } else {
            write!(f, "{:.1e}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }

    #[test]
    fn long_times_have_minutes() {
        assert_eq!(Seconds(59.96).to_string(), "60.0 s");
        assert_eq!(Seconds(150.4).to_string(), "2 min 30 s");
    }
}
