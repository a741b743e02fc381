use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How often a training is validated, and its results are reported.
///
/// As text: `500` steps, `epoch`.
///
/// ```
/// use rnn_train::config::ValidEvery;
///
/// assert_eq!("500".parse(), Ok(ValidEvery::Steps(500)));
/// assert_eq!(ValidEvery::default().to_string(), "epoch");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ValidEvery {
    /// At the end of each epoch, and of the training.
    #[default]
    Epoch,
    /// After each such number of steps of the optimiser, whatever the epoch, and at the end of the
    /// training.
    Steps(usize),
}

impl ValidEvery {
    /// Whether it is the default.
    pub(crate) fn is_epoch(&self) -> bool {
        *self == Self::Epoch
    }
}

impl fmt::Display for ValidEvery {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Epoch => f.write_str("epoch"),
            Self::Steps(steps) => write!(f, "{steps}"),
        }
    }
}

impl FromStr for ValidEvery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(steps) if steps > 0 => Ok(Self::Steps(steps)),
            _ if text == "epoch" => Ok(Self::Epoch),
            _ => Err("expected a number of steps above 0, or epoch".to_owned()),
        }
    }
}

impl From<ValidEvery> for String {
    fn from(every: ValidEvery) -> Self {
        every.to_string()
    }
}

impl TryFrom<String> for ValidEvery {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_and_no_steps_are_refused() {
        for every in [
            ValidEvery::Epoch,
            ValidEvery::Steps(1),
            ValidEvery::Steps(500),
        ] {
            assert_eq!(every.to_string().parse(), Ok(every));
        }
        for text in ["0", "-1", "", "epochs", "5m", "1.5"] {
            let error = text.parse::<ValidEvery>().expect_err(text);
            assert!(error.contains("above 0, or epoch"), "{error}");
        }
    }
}
