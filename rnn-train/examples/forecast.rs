//! Forecasts a series with an LSTM: at each step, its next value.
//!
//! `cargo run -p rnn-train --example forecast [FOLDER]` stops when the mean absolute error has not improved
//! for some epochs. In FOLDER it writes checkpoints; the same command resumes what was stopped or killed.

use std::{error::Error, path::Path, sync::Arc};

use burn::data::{dataloader::batcher::Batcher, dataset::InMemDataset};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{Lstm, LstmConfig, linear};
use rnn_train::checkpoint::Checkpoints;
use rnn_train::config::{Monitor, SaveInterval};
use rnn_train::{BatchLoss, FitConfig, Fitted, Loader, Objective, Trainer};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TIME: usize = 32;

#[derive(Module, Debug)]
pub struct Forecaster {
    lstm: Lstm,
    fc: Linear,
}

/// Windows of a series, and the same ones a step later: `[batch, time, 1]` each.
pub type Windows = (Tensor<3>, Tensor<3>);

struct Cut;

impl Batcher<Vec<f32>, Windows> for Cut {
    fn batch(&self, windows: Vec<Vec<f32>>, device: &Device) -> Windows {
        let from = |first: usize| {
            let values = windows.iter().flat_map(|window| &window[first..][..TIME]);
            let data = TensorData::new(values.copied().collect(), [windows.len(), TIME, 1]);
            Tensor::from_data(data, device)
        };
        (from(0), from(1))
    }
}

impl Objective for Forecaster {
    type Batch = Windows;
    type State = ();

    fn score(&self, (inputs, targets): Windows, _: Option<()>) -> (BatchLoss, ()) {
        let [windows, time, _] = targets.dims();
        let error = self.fc.forward(self.lstm.forward(inputs, None).0) - targets;
        let mean_square = BatchLoss::mean(error.clone().square().mean(), windows * time);
        let loss = mean_square.with_metric("mean_absolute_error", error.abs().mean());
        (loss, ())
    }
}

/// Two waves under some noise, cut into windows: those of training, and later ones for validation.
pub fn windows() -> (Loader<Windows>, Loader<Windows>) {
    let value = |t: usize| {
        let noise = (t as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32 - 0.5;
        0.6 * (t as f32 / 4.0).sin() + 0.3 * (t as f32 / 1.7).sin() + 0.1 * noise
    };
    let loader = |windows: std::ops::Range<usize>| {
        let window = |i: usize| (0..=TIME).map(|t| value(i * TIME + t)).collect();
        let windows = InMemDataset::new(windows.map(window).collect());
        Loader::new(Arc::new(windows), Arc::new(Cut), 8)
    };
    (loader(0..60).shuffled(1), loader(60..80))
}

/// A training that saves every seven steps in `folder`, and resumes from what is there.
pub fn trainer(folder: Option<&Path>) -> Result<Trainer<Forecaster>> {
    let mut config = FitConfig::new(100);
    (config.learning_rate, config.patience) = (0.02, Some(3));
    config.monitor = Monitor::lowest("mean_absolute_error");
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

pub fn train(trainer: Trainer<Forecaster>, device: &Device) -> Result<Fitted<Forecaster>> {
    device.seed(1);
    let (lstm, fc) = (LstmConfig::new(1, 16).init(device), linear(16, 1, device));
    Ok(trainer.fit(Forecaster { lstm, fc }, windows().0)?)
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1);
    let trainer = trainer(folder.as_deref().map(Path::new))?;
    let fitted = train(trainer, &rnn_train::select("auto")?.device)?;
    let report = fitted.report().ok_or("no epoch was finished")?;
    println!("{:?}: {report:?}", fitted.stop_reason);
    Ok(())
}
