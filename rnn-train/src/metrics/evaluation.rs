use burn::tensor::TensorData;
use burn::tensor::activation::softmax;

use super::results::{Unread, read};
use super::{Metrics, Sums, for_each_batch};
use crate::data::{Loader, Split};
use crate::error::TrainError;
use crate::objective::{BatchLoss, Classes, Objective};

/// How a model does on a whole dataset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// The mean loss per prediction; in nats if it is a cross entropy.
    pub loss: f64,
    /// The number of predictions.
    pub count: usize,
    /// The metrics of the model's [`Objective`].
    pub metrics: Metrics,
    /// The predicted classes in the dataset's order; empty if the model predicts no classes.
    pub predictions: Vec<usize>,
    /// The probability that the model gives to each of them.
    pub confidences: Vec<f32>,
    /// The right classes.
    pub targets: Vec<usize>,
    /// How many of the predicted classes are right.
    pub correct: usize,
}

impl Evaluation {
    /// The value of a metric; none if the model's [`Objective`] has no metric of this name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.get(name)
    }

    /// The share of the predicted classes that are right, 0 to 1; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.predictions.len() as f64
    }

    /// The indices in the dataset at which the predicted class is wrong, the most confident mistakes
    /// first.
    pub fn mistakes(&self) -> Vec<usize> {
        let is_wrong = |&index: &usize| self.predictions[index] != self.targets[index];
        let mut wrong: Vec<usize> = (0..self.predictions.len()).filter(is_wrong).collect();
        wrong.sort_by(|&a, &b| self.confidences[b].total_cmp(&self.confidences[a]));
        wrong
    }

    /// The same with the loss and the metrics of `sums`, over `num_items` items.
    ///
    /// # Errors
    ///
    /// If there are no predictions.
    pub(crate) fn with_sums(self, sums: &Sums, num_items: usize) -> Result<Self, TrainError> {
        if sums.predictions == 0 {
            let data = Split::Evaluation;
            return Err(match num_items {
                0 => TrainError::NoData { data },
                _ => TrainError::NoPredictions { data },
            });
        }
        Ok(Self {
            loss: sums.mean_loss(),
            count: sums.predictions,
            metrics: sums.metrics(),
            ..self
        })
    }

    fn add(&mut self, classes: Classes) -> Result<(), TrainError> {
        let (confidences, predicted) = softmax(classes.logits, 1).max_dim_with_indices(1);
        let confidences = confidences.try_into_data().map_err(TrainError::device)?;
        let predicted = predicted.try_into_data().map_err(TrainError::device)?;
        let targets = classes
            .targets
            .try_into_data()
            .map_err(TrainError::device)?;
        self.confidences.extend(confidences.iter::<f32>());
        self.predictions.extend(indices(&predicted));
        self.targets.extend(indices(&targets));
        Ok(())
    }
}

/// Evaluates `model` on everything that `loader` gives, in the dataset's order and as for prediction:
/// without dropout, and without recording anything for a backward pass, whatever device the model was made
/// on. Every batch starts from a zero state. For anything else than the objective's loss and metrics there
/// is [`for_each_batch`].
///
/// # Errors
///
/// If there are no data, a batch can't be read, a target is no class, the loss of a batch is infinite or
/// NaN, or the device fails.
pub fn evaluate<M: Objective>(
    model: &M,
    loader: &Loader<M::Batch>,
) -> Result<Evaluation, TrainError> {
    evaluate_with(model, loader, false, true)
}

/// Evaluates as [`evaluate`] does, but starts each batch from the state in which the one before it
/// ended, as validation does in a training with
/// [`carry_state`](crate::FitConfig::carry_state): for windows of a long sequence.
///
/// ```
/// use rnn_data::Streams;
/// use rnn_model::CharRnnConfig;
/// use rnn_train::CharLoader;
/// use rnn_train::metrics::{evaluate, evaluate_carrying};
///
/// let device = rnn_train::select("auto")?.device;
/// let model = CharRnnConfig::new(4, 8, 4).init(&device);
/// let text: Vec<usize> = (0..41).map(|i| i * i / 3 % 4).collect();
/// let windows = |length| -> Result<_, rnn_data::StreamsError> {
///     Ok(CharLoader::streams(Streams::new(vec![text.clone()], 1, length)?, 4))
/// };
/// // In windows or in one go: the same loss, if the state is carried.
/// let whole = evaluate(&model, &windows(40)?)?;
/// let carried = evaluate_carrying(&model, &windows(5)?)?;
/// assert!((carried.loss - whole.loss).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`evaluate`], and if batches are not of one size.
pub fn evaluate_carrying<M: Objective>(
    model: &M,
    loader: &Loader<M::Batch>,
) -> Result<Evaluation, TrainError> {
    loader.check_order()?;
    evaluate_with(model, loader, true, true)
}

/// Evaluates as [`evaluate`] or, with `carry_state`, as [`evaluate_carrying`] does, without keeping the
/// predictions, so that the memory does not grow with the data: for long texts. What the evaluation says of
/// classes is empty, but for the metric `accuracy`.
///
/// # Errors
///
/// Those of the other two.
pub fn evaluate_loss<M: Objective>(
    model: &M,
    loader: &Loader<M::Batch>,
    carry_state: bool,
) -> Result<Evaluation, TrainError> {
    if carry_state {
        loader.check_order()?;
    }
    evaluate_with(model, loader, carry_state, false)
}

fn evaluate_with<M: Objective>(
    model: &M,
    loader: &Loader<M::Batch>,
    carry_state: bool,
    keep_predictions: bool,
) -> Result<Evaluation, TrainError> {
    let (mut evaluation, mut sums, mut number) = (Evaluation::default(), Sums::default(), 0);
    for_each_batch(model, loader, carry_state, |model, batch, state| {
        let (loss, state) = model.score(batch, state);
        add_loss(&mut sums, number, &loss)?;
        if let Some(classes) = loss.classes
            && keep_predictions
        {
            evaluation.add(classes)?;
        }
        number += 1;
        Ok::<_, TrainError>(state)
    })?;
    let pairs = evaluation.predictions.iter().zip(&evaluation.targets);
    evaluation.correct = pairs.filter(|(found, right)| found == right).count();
    evaluation.with_sums(&sums, loader.num_items())
}

/// Adds the loss of batch `number`, after looking whether its targets are classes.
pub(crate) fn add_loss(sums: &mut Sums, number: usize, loss: &BatchLoss) -> Result<(), TrainError> {
    let in_batch = |source| TrainError::Class {
        data: Split::Evaluation,
        batch: number,
        source,
    };
    loss.check().map_err(in_batch)?;
    for results in read(vec![Unread::new(0, number, loss)?])? {
        if results.count > 0 && !results.loss.is_finite() {
            return Err(TrainError::NotFinite {
                batch: number,
                value: results.loss,
            });
        }
        sums.add(&results);
    }
    if let Some(classes) = &loss.classes {
        // Where it was not looked at when the loss was made.
        let fault = classes.out_of_range().map_err(TrainError::device)?;
        fault.map_or(Ok(()), |fault| Err(in_batch(fault)))?;
    }
    Ok(())
}

fn indices(data: &TensorData) -> impl Iterator<Item = usize> {
    data.iter::<i64>().map(|class| class as usize)
}
