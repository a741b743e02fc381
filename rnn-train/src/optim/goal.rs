use serde::{Deserialize, Serialize};

/// Whether low or high values of a metric are good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Lower is better, as for a loss.
    #[default]
    Lowest,
    /// Higher is better, as for an accuracy.
    Highest,
}

impl Goal {
    /// Whether `value` is better than `best`. A value that is not finite never is: a checkpoint could
    /// not hold it as a number.
    pub(crate) fn is_better(self, value: f64, best: Option<f64>) -> bool {
        value.is_finite()
            && best.is_none_or(|best| match self {
                Self::Lowest => value < best,
                Self::Highest => value > best,
            })
    }

    /// The value that one must be better than to be better than `value` by the relative threshold
    /// `share`: PyTorch's `threshold_mode="rel"`.
    pub(crate) fn with_threshold(self, value: f64, share: f64) -> f64 {
        match self {
            Self::Lowest => value * (1.0 - share),
            Self::Highest => value * (1.0 + share),
        }
    }
}
