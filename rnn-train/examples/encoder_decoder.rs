//! Writes numbers backwards: an encoder reads the digits, a decoder writes from the state that it left.
//! `cargo run -p rnn-train --example encoder_decoder` runs it.

use std::sync::Arc;

use burn::data::{dataloader::batcher::Batcher, dataset::InMemDataset};
use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Device, Int, Tensor};
use rnn_model::{Gru, GruConfig, linear};
use rnn_train::{BatchLoss, FitConfig, Loader, Objective, TrainError, Trainer, evaluate};

/// The token before the first digit.
const BEGIN: i64 = 10;
#[derive(Module, Debug)]
struct EncoderDecoder {
    emb: Embedding,
    encoder: Gru,
    decoder: Gru,
    fc: Linear,
}

impl EncoderDecoder {
    /// Writes digit by digit what answers numbers, `[batch, digits]` each.
    fn write(&self, numbers: Tensor<2, Int>) -> Tensor<2, Int> {
        let [batch, digits] = numbers.dims();
        let mut last = Tensor::full([batch, 1], BEGIN, &numbers.device());
        let (_, mut state) = self.encoder.forward(self.emb.forward(numbers), None);
        let written = (0..digits).map(|_| {
            let input = self.emb.forward(last.clone());
            let (hidden, next) = self.decoder.forward(input, Some(state.clone()));
            (last, state) = (self.fc.forward(hidden).argmax(2).squeeze_dim(2), next);
            last.clone()
        });
        Tensor::cat(written.collect(), 1)
    }
}

/// The digits of numbers and the same ones backwards, `[batch, digits]` each.
type Numbers = (Tensor<2, Int>, Tensor<2, Int>);
struct Backwards;

impl Batcher<String, Numbers> for Backwards {
    fn batch(&self, numbers: Vec<String>, device: &Device) -> Numbers {
        let digits = numbers.iter().flat_map(|number| number.bytes());
        let digits: Vec<i64> = digits.map(|digit| i64::from(digit - b'0')).collect();
        let forward = Tensor::<1, Int>::from_data(digits.as_slice(), device);
        let forward = forward.reshape([numbers.len() as i32, -1]);
        (forward.clone(), forward.flip([1]))
    }
}

impl Objective for EncoderDecoder {
    type Batch = Numbers;
    type State = ();

    fn score(&self, (numbers, targets): Numbers, _: Option<()>) -> (BatchLoss, ()) {
        let [batch, digits] = targets.dims();
        let (_, state) = self.encoder.forward(self.emb.forward(numbers), None);
        // In training the decoder reads the right digits, each a step after it should have written it.
        let begin = Tensor::full([batch, 1], BEGIN, &targets.device());
        let read = vec![begin, targets.clone().narrow(1, 0, digits - 1)];
        let input = self.emb.forward(Tensor::cat(read, 1));
        let (hidden, _) = self.decoder.forward(input, Some(state));
        let logits = self.fc.forward(hidden).flatten(0, 1);
        (BatchLoss::cross_entropy(logits, targets.flatten(0, 1)), ())
    }
}

/// Trains on some numbers of five digits; the share of right digits in others, and two that are written.
pub fn run(device: &Device) -> Result<(f64, Vec<i64>), TrainError> {
    device.seed(1);
    let model = EncoderDecoder {
        emb: EmbeddingConfig::new(11, 16).init(device),
        encoder: GruConfig::new(16, 64).init(device),
        decoder: GruConfig::new(16, 64).init(device),
        fc: linear(64, 10, device),
    };
    let every = |first: usize, step| {
        let numbers = (first..100_000).step_by(step).map(|n| format!("{n:05}"));
        let numbers = Arc::new(InMemDataset::new(numbers.collect()));
        Loader::new(numbers, Arc::new(Backwards), 50)
    };
    let mut config = FitConfig::new(20);
    config.learning_rate = 5e-3;
    let fitted = Trainer::new(config).fit(model, every(0, 23).shuffled(1))?;
    let right = evaluate(&fitted.model, &every(7, 253))?.accuracy();
    let (numbers, _) = Backwards.batch(vec!["12345".into(), "80071".into()], device);
    Ok((
        right,
        fitted.model.write(numbers).into_data().iter().collect(),
    ))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (right, written) = run(&rnn_train::select("auto")?.device)?;
    println!("right: {right}; 12345 and 80071 become {written:?}");
    Ok(())
}
