use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{DType, Int, Tensor};
use serde::{Deserialize, Serialize};

use super::classes::{ACCURACY, ClassOutOfRange, Classes};
use crate::device::is_host;

/// The loss of a batch, with the metrics that are reported beside it.
///
/// A loss is a mean over predictions: of squared errors, of cross entropies, or of a sum of several
/// terms. Batches of different size are weighted by their counts.
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_train::BatchLoss;
/// use rnn_train::objective::Transform;
///
/// let device = rnn_train::select("auto")?.device;
/// let error = Tensor::<1>::from_data([0.5, -0.5, 0.1, 0.0], &device);
/// let mean_square = error.clone().square().mean();
/// let loss = BatchLoss::mean(mean_square.clone(), 4)
///     .with_metric("mean_absolute_error", error.abs().mean())
///     .with_transformed_metric("rmse", mean_square, Transform::Sqrt);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchLoss {
    /// The mean loss, `[1]`: what the gradients are of.
    pub loss: Tensor<1>,
    /// Over how many predictions it is the mean.
    pub count: usize,
    /// The predicted classes, if the model predicts classes.
    pub classes: Option<Classes>,
    metrics: Vec<Metric>,
    /// A target that is no class, if one was found; the loss then means nothing.
    fault: Option<ClassOutOfRange>,
}

/// What is reported of the mean of a metric over an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// The mean itself.
    #[default]
    Identity,
    /// e to the power of the mean, such as the perplexity for a mean cross entropy.
    Exp,
    /// The square root of the mean, such as the root mean square error for a mean square.
    Sqrt,
}

impl Transform {
    pub(crate) fn apply(self, mean: f64) -> f64 {
        match self {
            Self::Identity => mean,
            Self::Exp => mean.exp(),
            Self::Sqrt => mean.sqrt(),
        }
    }
}

/// A metric of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub name: String,
    /// `[1]`
    pub value: Tensor<1>,
    /// What the value is to be multiplied by to give a sum over predictions.
    pub factor: f64,
    /// The number of predictions.
    pub count: usize,
    pub transform: Transform,
}

impl BatchLoss {
    /// A loss that is the mean over `count` predictions, `[1]`. An evaluation leaves out a batch without
    /// predictions; a training step needs at least one, since a mean over nothing is NaN.
    ///
    /// # Panics
    ///
    /// If `loss` has more than one element.
    pub fn mean(loss: Tensor<1>, count: usize) -> Self {
        check_single("a loss", &loss);
        Self {
            loss,
            count,
            classes: None,
            metrics: Vec::new(),
            fault: None,
        }
    }

    /// The mean cross entropy in nats of `logits` `[N, C]` against the classes `targets` `[N]`, with
    /// the metric `accuracy`, the share of right predictions. A target that is no class is an error of
    /// the training or the evaluation; on a GPU, where looking at every batch would wait for the device,
    /// of an evaluation and of a training's first step.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as rows of logits.
    pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Self {
        // Sums of exponentials need more than 16 bits.
        let logits = match logits.dtype() {
            DType::F16 | DType::BF16 => logits.cast(DType::F32),
            _ => logits,
        };
        let [count] = targets.dims();
        let classes = Classes::new(logits.clone(), targets.clone());
        // Before the loss is computed, which may panic.
        let fault = fault(&classes);
        let loss = match fault {
            Some(_) => logits.mean(),
            None => CrossEntropyLossConfig::new()
                .init(&logits.device())
                .forward(logits, targets),
        };
        Self {
            classes: Some(classes),
            fault,
            ..Self::mean(loss, count)
        }
    }

    /// Adds the classes that the predictions choose between: they give the metric `accuracy`, and what
    /// [`Evaluation`](crate::Evaluation), [`Confusion`](crate::metrics::Confusion) and Burn's dashboard
    /// read. `logits` is `[N, C]`, `targets` `[N]`.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as rows of logits.
    pub fn with_classes(mut self, logits: Tensor<2>, targets: Tensor<1, Int>) -> Self {
        let classes = Classes::new(logits, targets);
        self.fault = fault(&classes);
        self.classes = Some(classes);
        self
    }

    /// Adds a metric that is a mean over the same predictions as the loss, `[1]`. A metric of the same
    /// name is replaced. Names consist of letters, digits and `_`; `loss` is taken.
    ///
    /// # Panics
    ///
    /// If `mean` has more than one element.
    pub fn with_metric(self, name: impl Into<String>, mean: Tensor<1>) -> Self {
        let count = self.count;
        self.with_counted_metric(name, mean, count)
    }

    /// Adds a metric that is a mean over `count` predictions of its own, such as the accuracy of one of
    /// two heads, `[1]`. A batch in which its count is 0 has no part in it.
    ///
    /// # Panics
    ///
    /// If `mean` has more than one element.
    pub fn with_counted_metric(
        self,
        name: impl Into<String>,
        mean: Tensor<1>,
        count: usize,
    ) -> Self {
        self.push(name.into(), mean, count, Transform::Identity)
    }

    /// Adds a metric that is a function of a mean over the same predictions as the loss, `[1]`. The mean
    /// is taken over the whole epoch, and `transform` applied to it.
    ///
    /// # Panics
    ///
    /// If `mean` has more than one element.
    pub fn with_transformed_metric(
        self,
        name: impl Into<String>,
        mean: Tensor<1>,
        transform: Transform,
    ) -> Self {
        let count = self.count;
        self.push(name.into(), mean, count, transform)
    }

    /// Adds the metric `perplexity`: e to the power of the mean loss, for a cross entropy in nats.
    pub fn with_perplexity(self) -> Self {
        let loss = self.loss.clone();
        self.with_transformed_metric("perplexity", loss, Transform::Exp)
    }

    /// Adds the metric `bits`: the mean loss in bits, for a cross entropy in nats.
    pub fn with_bits(self) -> Self {
        let loss = self.loss.clone() / core::f64::consts::LN_2;
        self.with_metric("bits", loss)
    }

    fn push(mut self, name: String, mean: Tensor<1>, count: usize, transform: Transform) -> Self {
        check_single(&format!("the metric {name}"), &mean);
        self.metrics.retain(|metric| metric.name != name);
        self.metrics.push(Metric {
            name,
            value: mean,
            factor: count as f64,
            count,
            transform,
        });
        self
    }

    /// All metrics: the accuracy of the classes, if there are any, and those that were added.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let is_added = self.metrics.iter().any(|metric| metric.name == ACCURACY);
        let accuracy = self.classes.as_ref().filter(|_| !is_added);
        let accuracy = accuracy.map(Classes::accuracy);
        accuracy.into_iter().chain(self.metrics.clone()).collect()
    }

    pub(crate) fn without_autodiff(self) -> Self {
        let metrics = self.metrics.into_iter().map(|metric| Metric {
            value: metric.value.without_autodiff(),
            ..metric
        });
        Self {
            loss: self.loss.without_autodiff(),
            count: self.count,
            classes: self.classes.map(|classes| Classes {
                logits: classes.logits.without_autodiff(),
                targets: classes.targets.without_autodiff(),
            }),
            metrics: metrics.collect(),
            fault: self.fault,
        }
    }

    /// Checks that the targets are classes, as far as it was looked at when the loss was made.
    pub(crate) fn check(&self) -> Result<(), ClassOutOfRange> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(()),
        }
    }
}

/// The first target that is no class, where looking waits for nothing. (A read that fails there fails
/// again, and is reported, where the results are read.)
fn fault(classes: &Classes) -> Option<ClassOutOfRange> {
    match is_host(&classes.targets.device()) {
        true => classes.out_of_range().ok().flatten(),
        false => None,
    }
}

fn check_single(what: &str, value: &Tensor<1>) {
    let [elements] = value.dims();
    assert!(
        elements == 1,
        "{what} must be a mean of one element, found {elements}"
    );
}
