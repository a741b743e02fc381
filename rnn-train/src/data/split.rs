use std::fmt;

/// Which data of a training or an evaluation an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// What the model is trained on.
    Training,
    /// What it is tried on after each epoch.
    Validation,
    /// What [`evaluate`](crate::evaluate) goes through.
    Evaluation,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training",
            Self::Validation => "validation",
            Self::Evaluation => "evaluation",
        })
    }
}
