use std::fmt;

use rnn_train::FitConfig;

/// How long a training is to be, as its flags say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// `--epochs`
    Epochs(usize),
    /// `--max-steps`
    Steps(usize),
}

impl Length {
    /// The length of a training with these settings.
    pub fn of(fit: &FitConfig) -> Self {
        match fit.max_steps {
            Some(steps) => Self::Steps(steps),
            None => Self::Epochs(fit.epochs),
        }
    }

    /// Makes it the length of a training with these settings.
    pub fn set(self, fit: &mut FitConfig) {
        match self {
            Self::Steps(steps) => fit.max_steps = Some(steps),
            Self::Epochs(epochs) => {
                fit.epochs = epochs;
                fit.max_steps = None;
            }
        }
    }

    /// The number, of epochs or of steps.
    pub fn number(self) -> usize {
        match self {
            Self::Epochs(number) | Self::Steps(number) => number,
        }
    }
}

/// The flag.
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Epochs(epochs) => write!(f, "--epochs {epochs}"),
            Self::Steps(steps) => write!(f, "--max-steps {steps}"),
        }
    }
}
