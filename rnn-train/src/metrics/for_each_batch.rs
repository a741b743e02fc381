use burn::module::Module;

use crate::data::{Loader, Split};
use crate::device::device_of;
use crate::error::TrainError;

/// Calls `visit` with each batch of `loader`, in the dataset's order, on the device where `model` is, and
/// with the model as for prediction: without dropout, and without recording anything for a backward pass,
/// whatever device it was made on. For predictions, which need no targets, and for evaluations of your own.
///
/// `visit` returns the state in which the batch ended. With `carry_state` the next call gets it, as windows
/// of a long sequence need; without it every call gets none. A model without a state returns `()`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn::data::dataloader::batcher::Batcher;
/// use burn::data::dataset::InMemDataset;
/// use rnn_model::GruConfig;
/// use rnn_train::{Loader, TrainError};
/// use rnn_train::metrics::for_each_batch;
/// use std::sync::Arc;
///
/// /// Windows of measurements, `[1, time, 1]`, without any targets.
/// struct Windows;
///
/// impl Batcher<Vec<f32>, Tensor<3>> for Windows {
///     fn batch(&self, windows: Vec<Vec<f32>>, device: &Device) -> Tensor<3> {
///         let window = Tensor::<1>::from_floats(windows[0].as_slice(), device);
///         window.reshape([1, -1, 1])
///     }
/// }
///
/// let device = rnn_train::select("auto")?.device;
/// let gru = GruConfig::new(1, 4).init(&device);
/// let windows = vec![vec![0.1, 0.2, 0.3], vec![0.4, 0.5, 0.6], vec![0.7]];
/// let loader = Loader::new(Arc::new(InMemDataset::new(windows)), Arc::new(Windows), 1);
///
/// let mut outputs = Vec::new();
/// for_each_batch(&gru, &loader, true, |gru, window, state| {
///     let (output, state) = gru.forward(window, state);
///     outputs.extend(output.into_data().iter::<f32>());
///     Ok::<_, TrainError>(state)
/// })?;
/// assert_eq!(outputs.len(), 7 * 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the model has no parameters, a batch can't be made, states are to be carried between batches that do
/// not continue each other (a shuffled loader, a smaller last batch), or `visit` returns an error, which
/// ends it.
pub fn for_each_batch<M, B, S, E>(
    model: &M,
    loader: &Loader<B>,
    carry_state: bool,
    mut visit: impl FnMut(&M, B, Option<S>) -> Result<S, E>,
) -> Result<(), E>
where
    M: Module,
    B: Send + 'static,
    E: From<TrainError>,
{
    if carry_state {
        loader.check_order()?;
    }
    let model = model.valid();
    let device = device_of(&model).ok_or(TrainError::NoParameters)?;
    let mut state = None;
    let batches = loader.clone().in_order().batches(&device, 0);
    for (number, batch) in batches.enumerate() {
        let batch = batch.map_err(|source| TrainError::Data {
            data: Split::Evaluation,
            batch: number,
            source: source.into(),
        })?;
        let left = visit(&model, batch, state.take())?;
        state = Some(left).filter(|_| carry_state);
    }
    Ok(())
}
