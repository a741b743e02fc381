use serde::{Deserialize, Serialize};

use crate::optim::Goal;

/// Which metric tells validations apart: the best one, [`patience`](crate::FitConfig::patience) and
/// [`Schedule::ReduceOnPlateau`](crate::optim::Schedule::ReduceOnPlateau) go by it. It is that of the
/// validation data, or of the training data if there are none.
///
/// ```
/// use rnn_train::FitConfig;
/// use rnn_train::config::Monitor;
///
/// let config = FitConfig {
///     patience: Some(3),
///     monitor: Monitor::highest("accuracy"),
///     ..FitConfig::new(50)
/// };
/// assert_eq!(FitConfig::new(50).monitor, Monitor::loss());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// The metric's name, or `loss`.
    pub metric: String,
    /// Which of its values are good.
    pub goal: Goal,
}

impl Monitor {
    /// Monitors the loss, the lower the better.
    pub fn loss() -> Self {
        Self::lowest("loss")
    }

    /// Monitors a metric that is better the lower it is.
    pub fn lowest(metric: impl Into<String>) -> Self {
        Self {
            metric: metric.into(),
            goal: Goal::Lowest,
        }
    }

    /// Monitors a metric that is better the higher it is.
    pub fn highest(metric: impl Into<String>) -> Self {
        Self {
            metric: metric.into(),
            goal: Goal::Highest,
        }
    }

    /// Whether it is the loss, as it is by default.
    pub(crate) fn is_loss(&self) -> bool {
        *self == Self::loss()
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Self::loss()
    }
}
