//! Forecasts a series with an LSTM: at each step, its next value.
//!
//! ```text
//! cargo run -p rnn-train --example forecast [FOLDER]
//! ```
//!
//! The loss is the mean squared error, and the mean absolute error is reported beside it. Training
//! stops when the validation's mean absolute error has not improved for some epochs. With a FOLDER it
//! writes checkpoints there; when it was stopped or killed, the same command resumes.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{Lstm, LstmConfig, linear};
use rnn_train::checkpoint::{CheckpointError, Checkpoints};
use rnn_train::config::{Monitor, SaveInterval};
use rnn_train::metrics::evaluate;
use rnn_train::objective::Transform;
use rnn_train::progress::{EpochReport, Observer};
use rnn_train::{BatchLoss, FitConfig, Fitted, Loader, Objective, TrainError, Trainer};

/// Steps of a window.
const TIME: usize = 32;

/// An LSTM with a linear layer on its output.
#[derive(Module, Debug)]
pub struct Forecaster {
    lstm: Lstm,
    fc: Linear,
}

impl Forecaster {
    pub fn new(device: &Device) -> Self {
        device.seed(1);
        Self {
            lstm: LstmConfig::new(1, 16).init(device),
            fc: linear(16, 1, device),
        }
    }
}

/// Windows of a series, and the same one step later: `[batch, time, 1]` each.
#[derive(Clone, Debug)]
pub struct Windows {
    inputs: Tensor<3>,
    targets: Tensor<3>,
}

/// Makes a batch of windows of `TIME + 1` values.
struct WindowBatcher;

impl Batcher<Vec<f32>, Windows> for WindowBatcher {
    fn batch(&self, windows: Vec<Vec<f32>>, device: &Device) -> Windows {
        let from = |first: usize| {
            let values = windows.iter().flat_map(|window| &window[first..][..TIME]);
            let data = TensorData::new(values.copied().collect(), [windows.len(), TIME, 1]);
            Tensor::from_data(data, device)
        };
        let (inputs, targets) = (from(0), from(1));
        Windows { inputs, targets }
    }
}

impl Objective for Forecaster {
    type Batch = Windows;
    type State = ();

    fn score(&self, batch: Windows, _: Option<()>) -> (BatchLoss, ()) {
        let [windows, time, _] = batch.targets.dims();
        let (output, _) = self.lstm.forward(batch.inputs, None);
        let error = self.fc.forward(output) - batch.targets;
        let mean_square = error.clone().square().mean();
        let loss = BatchLoss::mean(mean_square.clone(), windows * time)
            .with_metric("mean_absolute_error", error.abs().mean())
            .with_transformed_metric("rmse", mean_square, Transform::Sqrt);
        (loss, ())
    }
}

/// Two waves of different length under some noise, cut into windows: those of training, and later ones
/// for validation.
pub fn windows() -> (Loader<Windows>, Loader<Windows>) {
    let noise = |t: usize| (t as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32 - 0.5;
    let value = |t: usize| {
        let time = t as f32;
        0.6 * (time / 4.0).sin() + 0.3 * (time / 1.7).sin() + 0.1 * noise(t)
    };
    let loader = |first: usize, count: usize| {
        let window = |i: usize| (0..=TIME).map(|t| value(first + i * TIME + t)).collect();
        let windows: Vec<Vec<f32>> = (0..count).map(window).collect();
        Loader::new(
            Arc::new(InMemDataset::new(windows)),
            Arc::new(WindowBatcher),
            8,
        )
    };
    (loader(0, 60).shuffled(1), loader(60 * TIME, 20))
}

/// A training that saves every seven steps in `folder`, and resumes from what is there.
pub fn trainer(folder: Option<&Path>) -> Result<Trainer<Forecaster>, CheckpointError> {
    let config = FitConfig {
        learning_rate: 0.02,
        clip_norm: Some(1.0),
        patience: Some(3),
        monitor: Monitor::lowest("mean_absolute_error"),
        ..FitConfig::new(100)
    };
    let mut trainer = Trainer::new(config).with_validation(windows().1);
    if let Some(folder) = folder {
        let checkpoints = Checkpoints::new(folder).every(SaveInterval::Steps(7));
        if let Some(checkpoint) = checkpoints.latest()? {
            trainer = trainer.resume(checkpoint);
        }
        trainer = trainer.with_checkpoints(checkpoints);
    }
    Ok(trainer)
}

/// Trains the forecaster.
pub fn train(
    trainer: Trainer<Forecaster>,
    device: &Device,
) -> Result<Fitted<Forecaster>, TrainError> {
    trainer.fit(Forecaster::new(device), windows().0)
}

/// Prints a line per epoch.
struct Print;

impl Observer for Print {
    fn epoch(&mut self, report: &EpochReport) {
        let error = report.valid_metric("mean_absolute_error");
        println!(
            "epoch {:>2}  {:.4}",
            report.epoch,
            error.unwrap_or(f64::NAN)
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let device = rnn_train::select("auto")?.device;
    let fitted = train(trainer(folder.as_deref())?.with_observer(Print), &device)?;
    let result = evaluate(&fitted.model, &windows().1)?;
    println!(
        "{:?} after {} epochs, the best one was {}: {:?}",
        fitted.stop_reason,
        fitted.history.len(),
        fitted.best_epoch.unwrap_or(0),
        result.metrics
    );
    Ok(())
}
