use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::InvalidSetting;

/// How often checkpoints are written, apart from those after each validation
/// ([`valid_every`](crate::FitConfig::valid_every)) and when the training is interrupted.
///
/// As text: `50` steps, `90s`, `5m`, `1h`, `epoch`.
///
/// ```
/// use rnn_train::config::SaveInterval;
///
/// assert_eq!("50".parse(), Ok(SaveInterval::Steps(50)));
/// let interval: SaveInterval = "5m".parse()?;
/// assert_eq!(interval.to_string(), "300s");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SaveInterval {
    /// After each epoch; where trainings are validated after so many steps, after each validation alone.
    #[default]
    Epoch,
    /// After each such number of steps of the optimiser.
    Steps(usize),
    /// Whenever so much time has passed.
    Time(Duration),
}

impl SaveInterval {
    /// Checks that there is something between two checkpoints.
    pub(crate) fn validate(self) -> Result<(), InvalidSetting> {
        let (expected, found) = match self {
            Self::Steps(0) => ("at least 1 step", "0 steps"),
            Self::Time(time) if time.is_zero() => ("a time above 0", "0s"),
            _ => return Ok(()),
        };
        Err(InvalidSetting {
            field: "the checkpoints' interval",
            expected,
            found: found.to_owned(),
        })
    }
}

impl fmt::Display for SaveInterval {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Epoch => f.write_str("epoch"),
            Self::Steps(steps) => write!(f, "{steps}"),
            Self::Time(time) => write!(f, "{}s", time.as_secs()),
        }
    }
}

impl FromStr for SaveInterval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            "expected a number of steps above 0, a time such as 90s or 5m, or epoch".to_owned()
        })
    }
}

fn parse(text: &str) -> Option<SaveInterval> {
    if text == "epoch" {
        return Some(SaveInterval::Epoch);
    }
    if let Ok(steps) = text.parse::<usize>() {
        return (steps > 0).then_some(SaveInterval::Steps(steps));
    }
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let time = Duration::from_secs(count.checked_mul(seconds)?);
    (!time.is_zero()).then_some(SaveInterval::Time(time))
}

impl From<SaveInterval> for String {
    fn from(interval: SaveInterval) -> Self {
        interval.to_string()
    }
}

impl TryFrom<String> for SaveInterval {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_come_by_steps_or_by_time() {
        let time = |seconds| Some(SaveInterval::Time(Duration::from_secs(seconds)));
        for (text, expected) in [
            ("epoch", Some(SaveInterval::Epoch)),
            ("50", Some(SaveInterval::Steps(50))),
            ("90s", time(90)),
            ("5m", time(300)),
            ("1h", time(3600)),
            ("0", None),
            ("0m", None),
            ("m", None),
            ("", None),
            ("-5m", None),
            ("5 m", None),
            ("5µ", None),
            ("99999999999999999h", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
            if let Some(interval) = expected {
                assert_eq!(parse(&interval.to_string()), expected, "{text}");
            }
        }
    }
}
