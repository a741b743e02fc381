use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, TensorData};

use crate::data::Loader;
use crate::error::TrainError;
use crate::objective::Objective;

/// How a model does on a whole dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean cross entropy per prediction, in nats.
    pub loss: f64,
    /// The predicted classes in the dataset's order.
    pub predictions: Vec<usize>,
    /// The probability that the model gives to each of them.
    pub confidences: Vec<f32>,
    /// The right classes.
    pub targets: Vec<usize>,
    /// How many of the predictions are right.
    pub correct: usize,
}

impl Evaluation {
    /// The share of the predictions that are right, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.predictions.len() as f64
    }

    /// Where the model is wrong, by its index in the dataset, the most confident mistakes first.
    pub fn mistakes(&self) -> Vec<usize> {
        let is_wrong = |&index: &usize| self.predictions[index] != self.targets[index];
        let mut wrong: Vec<usize> = (0..self.predictions.len()).filter(is_wrong).collect();
        wrong.sort_by(|&a, &b| self.confidences[b].total_cmp(&self.confidences[a]));
        wrong
    }
}

/// Predicts everything that `loader` gives, with the model as it is for prediction: no dropout,
/// nothing kept for a backward pass. Every batch starts from a zero state.
///
/// # Errors
///
/// If there are no data, a batch can't be made, or the device fails.
pub fn evaluate<M: Objective>(
    model: &M,
    loader: &Loader<M::Batch>,
) -> Result<Evaluation, TrainError> {
    let model = model.valid();
    let device = device_of(&model)?;
    let mut result = Evaluation {
        loss: 0.0,
        predictions: Vec::new(),
        confidences: Vec::new(),
        targets: Vec::new(),
        correct: 0,
    };
    for batch in loader.clone().in_order().ahead(&device, 0, 0) {
        let batch = batch.map_err(|error| TrainError::Data(error.to_string()))?;
        let (scores, _) = model.score(batch, None);
        let loss: f64 = scores.loss.try_into_scalar().map_err(TrainError::device)?;
        let [count, _] = scores.logits.dims();
        result.loss += loss * count as f64;
        let (confidences, classes) = softmax(scores.logits, 1).max_dim_with_indices(1);
        let confidences = confidences.try_into_data().map_err(TrainError::device)?;
        let classes = classes.try_into_data().map_err(TrainError::device)?;
        let targets = scores.targets.try_into_data().map_err(TrainError::device)?;
        result.confidences.extend(confidences.iter::<f32>());
        result.predictions.extend(indices(&classes));
        result.targets.extend(indices(&targets));
    }
    if result.predictions.is_empty() {
        return Err(TrainError::NoData);
    }
    result.loss /= result.predictions.len() as f64;
    let pairs = result.predictions.iter().zip(&result.targets);
    result.correct = pairs.filter(|(found, right)| found == right).count();
    Ok(result)
}

fn indices(data: &TensorData) -> impl Iterator<Item = usize> {
    data.iter::<i64>().map(|class| class as usize)
}

/// The device that `model` is on.
pub(crate) fn device_of<M: Module>(model: &M) -> Result<Device, TrainError> {
    let mut devices = model.devices();
    devices.pop().ok_or(TrainError::NoParameters)
}
