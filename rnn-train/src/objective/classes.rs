use burn::tensor::{Int, Tensor, TensorReadError};

use super::batch_loss::{Metric, Transform};

/// The name of the metric that every model of classes has: the share of right predictions, 0 to 1.
pub const ACCURACY: &str = "accuracy";

/// Predictions of a model that chooses between classes. N predictions, C classes.
#[derive(Clone, Debug)]
pub struct Classes {
    /// The unnormalised log-probabilities, `[N, C]`.
    pub logits: Tensor<2>,
    /// The right classes, `[N]`.
    pub targets: Tensor<1, Int>,
}

/// A target that is no class of the model's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("target {index}: expected a class below {num_classes}, found {found}")]
pub struct ClassOutOfRange {
    /// Which target of the batch, from 0.
    pub index: usize,
    /// How many classes there are.
    pub num_classes: usize,
    /// The target.
    pub found: i64,
}

impl Classes {
    /// # Panics
    ///
    /// If there are not as many targets as rows of logits.
    pub(super) fn new(logits: Tensor<2>, targets: Tensor<1, Int>) -> Self {
        let (rows, labels) = (logits.dims()[0], targets.dims()[0]);
        assert!(
            rows == labels,
            "expected a target for each of {rows} rows of logits, found {labels}"
        );
        Self { logits, targets }
    }

    /// How many classes there are to choose from.
    pub fn num_classes(&self) -> usize {
        self.logits.dims()[1]
    }

    /// The first target that is no class, if there is one. Waits for the device.
    pub(crate) fn out_of_range(&self) -> Result<Option<ClassOutOfRange>, TensorReadError> {
        let num_classes = self.num_classes();
        let targets = self.targets.clone().try_into_data()?;
        let is_class = |&found: &i64| usize::try_from(found).is_ok_and(|class| class < num_classes);
        let mut found = targets.iter::<i64>().enumerate();
        Ok(found
            .find(|(_, target)| !is_class(target))
            .map(|(index, found)| ClassOutOfRange {
                index,
                num_classes,
                found,
            }))
    }

    /// Counted, not averaged: a count is exact in 32 bits.
    pub(super) fn accuracy(&self) -> Metric {
        let predicted = self.logits.clone().argmax(1).squeeze_dim::<1>(1);
        let correct = predicted.equal(self.targets.clone()).int().sum();
        Metric {
            name: ACCURACY.to_owned(),
            value: correct.float(),
            factor: 1.0,
            count: self.targets.dims()[0],
            transform: Transform::Identity,
        }
    }
}
