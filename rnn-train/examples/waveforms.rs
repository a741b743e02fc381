//! Tells sines, squares and saws apart, noisy waveforms of different lengths, by a GRU in both directions.
//! `cargo run -p rnn-train --example waveforms` runs it.

use std::f32::consts::TAU;
use std::sync::Arc;

use burn::data::{dataloader::batcher::Batcher, dataset::InMemDataset};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use rnn_data::PaddedVectors;
use rnn_model::{Classifier, ClassifierConfig, Gru, GruConfig, Lengths};
use rnn_train::{
    BatchLoss, Evaluation, FitConfig, Loader, Objective, TrainError, Trainer, evaluate,
};

/// A class: its name, and its value at a phase from 0 to 1.
type Shape = (&'static str, fn(f32) -> f32);
const SHAPES: [Shape; 3] = [
    ("sine", |phase| (TAU * phase).sin()),
    ("square", |phase| if phase < 0.5 { 1.0 } else { -1.0 }),
    ("saw", |phase| 2.0 * phase - 1.0),
];

/// A waveform and its class.
type Waveform = (Vec<f32>, usize);

/// From 20 to 60 samples, with any frequency, phase and volume.
fn random(rng: &mut ChaCha8Rng) -> Waveform {
    let class = rng.random_range(0..SHAPES.len());
    let (frequency, phase) = (rng.random_range(0.04..0.12), rng.random::<f32>());
    let (volume, count) = (rng.random_range(0.5..1.0), rng.random_range(20..=60));
    let sample = |t| {
        let value = SHAPES[class].1((frequency * t as f32 + phase).fract());
        volume * value + rng.random_range(-0.2..0.2)
    };
    ((0..count).map(sample).collect(), class)
}

/// Waveforms, padded to the longest of them, and their classes.
type Waveforms = (PaddedVectors, Tensor<1, Int>);
struct Pad;

impl Batcher<Waveform, Waveforms> for Pad {
    fn batch(&self, waveforms: Vec<Waveform>, device: &Device) -> Waveforms {
        let samples: Vec<&[f32]> = waveforms.iter().map(|w| w.0.as_slice()).collect();
        let classes: Vec<i64> = waveforms.iter().map(|w| w.1 as i64).collect();
        let samples = PaddedVectors::new(&samples, 1, device);
        (samples, Tensor::from_data(classes.as_slice(), device))
    }
}

/// The classifier for batches of waveforms.
#[derive(Module, Debug)]
struct Ear {
    classifier: Classifier<Gru>,
}

impl Objective for Ear {
    type Batch = Waveforms;
    type State = ();

    fn score(&self, (waveforms, classes): Waveforms, _: Option<()>) -> (BatchLoss, ()) {
        let [_, time, _] = waveforms.vectors().dims();
        let lengths = Lengths::new(waveforms.lengths(), time).expect("lengths of this batch");
        let samples = waveforms.vectors().clone();
        let logits = self.classifier.forward_with_lengths(samples, &lengths);
        (BatchLoss::cross_entropy(logits, classes), ())
    }
}

/// Trains on 2,000 waveforms, and evaluates on 500 others.
pub fn run(device: &Device) -> Result<Evaluation, TrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut waveforms = |count| {
        let waveforms = (0..count).map(|_| random(&mut rng)).collect();
        Loader::new(Arc::new(InMemDataset::new(waveforms)), Arc::new(Pad), 20)
    };
    let (train, test) = (waveforms(2000).shuffled(1), waveforms(500));
    device.seed(1);
    let gru = GruConfig::new(1, 16).with_bidirectional(true);
    let classifier = ClassifierConfig::new(gru, SHAPES.len()).init(device);
    let mut config = FitConfig::new(4);
    config.learning_rate = 0.01;
    evaluate(
        &Trainer::new(config).fit(Ear { classifier }, train)?.model,
        &test,
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let result = run(&rnn_train::select("auto")?.device)?;
    println!("right: {:.1} %", 100.0 * result.accuracy());
    for index in result.mistakes().into_iter().take(5) {
        let (right, found) = (result.targets[index], result.predictions[index]);
        println!("   {} was taken for {}", SHAPES[right].0, SHAPES[found].0);
    }
    Ok(())
}
