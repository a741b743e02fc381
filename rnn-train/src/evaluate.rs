use burn::module::Module;
use burn::tensor::Device;

use crate::error::TrainError;
use crate::loader::Loader;
use crate::objective::Objective;

/// How a model does on a whole dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean cross entropy per prediction, in nats.
    pub loss: f64,
    /// The predicted classes in the dataset's order.
    pub predictions: Vec<usize>,
    /// How many of them are right.
    pub correct: usize,
}

impl Evaluation {
    /// The share of the predictions that are right, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.predictions.len() as f64
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
    let loader = loader.clone().in_order().on::<M::State>(&device);
    let (mut loss, mut correct, mut predictions) = (0.0, 0, Vec::new());
    for input in loader.iter() {
        let (scores, _) = model.score(
            input
                .map_err(|error| TrainError::Data(error.to_string()))?
                .batch,
            None,
        );
        let read = |error: String| TrainError::Device(error);
        let batch_loss: f64 = scores
            .loss
            .try_into_scalar()
            .map_err(|error| read(error.to_string()))?;
        let [count, _] = scores.logits.dims();
        loss += batch_loss * count as f64;
        let found = scores.logits.argmax(1).try_into_data();
        let found = found.map_err(|error| read(error.to_string()))?;
        let right = scores.targets.try_into_data();
        let right = right.map_err(|error| read(error.to_string()))?;
        for (class, target) in found.iter::<i64>().zip(right.iter::<i64>()) {
            correct += usize::from(class == target);
            predictions.push(class as usize);
        }
    }
    if predictions.is_empty() {
        return Err(TrainError::NoData);
    }
    Ok(Evaluation {
        loss: loss / predictions.len() as f64,
        predictions,
        correct,
    })
}

/// The device that `model` is on.
pub(crate) fn device_of<M: Module>(model: &M) -> Result<Device, TrainError> {
    let mut devices = model.devices();
    devices.pop().ok_or(TrainError::NoParameters)
}
