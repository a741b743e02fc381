//! A language model of one's own learns to continue this crate's README, character by character.
//! `cargo run -p rnn-train --example language_model` runs it.

use std::error::Error;

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Device, Int, Tensor};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use rnn_data::{IdBatch, Streams, Vocab};
use rnn_model::{Gru, GruConfig, Lengths, linear, multinomial, temperature_weights};
use rnn_train::data::IdLoader;
use rnn_train::objective::RecurrentState;
use rnn_train::{BatchLoss, FitConfig, Objective, Trainer};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TEXT: &str = include_str!("../README.md");

/// Scores the character that comes next.
#[derive(Module, Debug)]
struct Reader {
    emb: Embedding,
    gru: Gru,
    fc: Linear,
}

impl Objective for Reader {
    type Batch = IdBatch;
    type State = Tensor<3>;

    fn score(&self, batch: IdBatch, state: Option<Tensor<3>>) -> (BatchLoss, Tensor<3>) {
        // Each window starts from the state that the one before it left, a new document from zeros.
        let state = state.map(|state| state.restart(&batch.starts));
        let ([_, time], positions) = (batch.ids.dims(), batch.positions());
        // Rows end at different steps where documents do.
        let lengths = Lengths::new(batch.lengths, time).expect("lengths of this batch");
        let input = self.emb.forward(batch.ids);
        let (hidden, state) = self.gru.forward_with_lengths(input, &lengths, state);
        let hidden = match positions {
            Some(positions) => hidden.flatten::<2>(0, 1).select(0, positions),
            None => hidden.flatten(0, 1),
        };
        let logits = self.fc.forward(hidden);
        (BatchLoss::cross_entropy(logits, batch.targets), state)
    }
}

impl Reader {
    /// Draws what follows `text`, character by character, at a constant cost each.
    fn continue_text(&self, text: &str, count: usize, vocab: &Vocab) -> Result<String> {
        let (device, mut rng) = (self.fc.weight.val().device(), ChaCha8Rng::seed_from_u64(1));
        let (mut ids, mut state, mut read) = (vocab.encode_chars(text)?, None, 0);
        for _ in 0..count {
            let unread: Vec<i64> = ids[read..].iter().map(|&id| id as i64).collect();
            let unread = Tensor::<1, Int>::from_data(unread.as_slice(), &device).unsqueeze();
            let (hidden, after) = self.gru.forward(self.emb.forward(unread), state);
            let last = hidden.narrow(1, ids.len() - read - 1, 1);
            let logits: Vec<f32> = self.fc.forward(last).into_data().iter().collect();
            (state, read) = (Some(after), ids.len());
            let weights = temperature_weights(&logits, 0.5)?;
            ids.extend(multinomial(&weights, 1, &mut rng)?);
        }
        Ok(vocab.decode(&ids)?.concat())
    }
}

/// Trains, and shows after each epoch what the model would write; the loss of the last one.
pub fn run(device: &Device, epochs: usize) -> Result<f64> {
    let vocab = Vocab::chars(TEXT);
    let streams = Streams::new(vec![vocab.encode_chars(TEXT)?], 8, 32)?;
    device.seed(1);
    let model = Reader {
        emb: EmbeddingConfig::new(vocab.len(), 32).init(device),
        gru: GruConfig::new(32, 128).init(device),
        fc: linear(128, vocab.len(), device),
    };
    let mut config = FitConfig::new(epochs);
    (config.learning_rate, config.carry_state) = (0.01, true);
    let words = vocab.clone();
    let fitted = Trainer::<Reader>::new(config)
        .with_epoch_hook(move |epoch| {
            let text = epoch.model().continue_text("A training ", 60, &words)?;
            println!("loss {:.2}  {text:?}", epoch.report().train_loss);
            Ok(())
        })
        .fit(model, IdLoader::streams(streams, vocab.len()))?;
    Ok(fitted.report().map_or(f64::NAN, |report| report.train_loss))
}

fn main() -> Result<()> {
    run(&rnn_train::select("auto")?.device, 10).map(drop)
}
