//! The notebook's second section: trains an RNN to map `hihell` to `ihello`.

use burn::module::Module;
use burn::tensor::Tensor;
use clap::Args;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_data::{Vocab, one_hot};
use rnn_model::{CharRnn, CharRnnConfig, multinomial, temperature_weights};
use rnn_train::progress::{EpochReport, Observer};
use rnn_train::{CharLoader, FitConfig, Trainer};

use crate::cli::values::{epochs, rate, size};
use crate::context::Context;
use crate::ui::Output;

const INPUT: &str = "hihell";
const TARGET: &str = "ihello";
/// Number of words that are sampled at each temperature.
const SAMPLES: usize = 6;

#[derive(Args, Clone, Debug)]
pub struct HihelloArgs {
    /// Passes over the one word there is
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = epochs)]
    pub epochs: usize,
    /// Size of the hidden state
    #[arg(long, default_value_t = 3, value_name = "H", value_parser = size)]
    pub hidden_size: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = 0.1, value_name = "RATE", value_parser = rate)]
    pub learning_rate: f64,
    /// Afterwards, let it write words of its own, a character drawn at a time
    #[arg(long)]
    pub sample: bool,
    /// What the scores are divided by before a draw, one or several: below 1 the likely gets likelier
    #[arg(
        long,
        default_value = "0.85",
        value_name = "T,…",
        value_delimiter = ',',
        value_parser = rate,
        requires = "sample"
    )]
    pub temperature: Vec<f64>,
}

pub fn run(context: &Context, args: &HihelloArgs, out: &mut Output) -> anyhow::Result<()> {
    context.device.seed(context.seed);
    // As in the notebook: h 0, i 1, e 2, l 3, o 4.
    let vocab = Vocab::in_order(["h", "i", "e", "l", "o"]);
    let model =
        CharRnnConfig::new(vocab.len(), args.hidden_size, vocab.len()).init(&context.device);
    let parameters = model.num_params();
    out.line(format_args!(
        "An RNN with {} hidden units and {parameters} parameters learns to say '{TARGET}'\nwhen it hears '{INPUT}'. Whenever its answer changes:\n",
        args.hidden_size
    ))?;

    let (input, target) = (vocab.encode_chars(INPUT)?, vocab.encode_chars(TARGET)?);
    let loader = CharLoader::sequences(vec![(input.clone(), target)], vocab.len(), 1);
    let config = FitConfig {
        learning_rate: args.learning_rate,
        seed: context.seed,
        // As in the notebook: each epoch starts from the final state of the previous one.
        carry_state: true,
        keep_predictions: true,
        ..FitConfig::new(args.epochs)
    };
    let show = ShowEpochs {
        out: *out,
        epochs: args.epochs,
        vocab: vocab.clone(),
        last_answer: Vec::new(),
    };
    let fitted = Trainer::new(config)
        .with_observer(show)
        .fit(model, loader)?;

    // From the final state of the training, as in the notebook.
    let state = fitted.state.map(|state| state.without_autodiff());
    let input = one_hot(&[&input], vocab.len(), &context.device);
    let (logits, _) = fitted.model.forward(input, state.clone());
    let best = logits.argmax(2).try_into_data()?;
    let best: Vec<usize> = best.iter::<i64>().map(|id| id as usize).collect();
    let text = vocab.decode(&best)?.concat();
    out.line(format_args!("\n{INPUT} → {text}"))?;
    if text != TARGET {
        out.line("Not there yet: try more epochs or another seed.")?;
    }

    let mut samples = Vec::new();
    if args.sample {
        out.line(
            "\nOn its own, from 'h': it draws a letter by exp(score / temperature), reads that,",
        )?;
        out.line(format_args!(
            "draws the next. {SAMPLES} words at each temperature:\n"
        ))?;
        let mut rng = ChaCha8Rng::seed_from_u64(context.seed);
        for &temperature in &args.temperature {
            let words = (0..SAMPLES)
                .map(|_| {
                    sample(
                        context,
                        &fitted.model,
                        &vocab,
                        &state,
                        temperature,
                        &mut rng,
                    )
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            let label = temperature.to_string();
            out.line(format_args!("   {label:<6} {}", words.join("  ")))?;
            samples.push(serde_json::json!({ "temperature": temperature, "words": words }));
        }
    }
    let mut results = serde_json::json!({
        "command": "hihello",
        "device": context.device_name,
        "threads": context.threads,
        "seed": context.seed,
        "parameters": parameters,
        "epochs": args.epochs,
        "seconds": fitted.seconds,
        "step_seconds": fitted.step_seconds,
        "train_loss": fitted.history.last().map(|report| report.train_loss),
        "text": text,
    });
    if args.sample {
        results["samples"] = samples.into();
    }
    out.results(&results)
}

/// Samples a word after `h`: each letter is drawn by its score and is the next input.
fn sample(
    context: &Context,
    model: &CharRnn,
    vocab: &Vocab,
    start: &Option<Tensor<3>>,
    temperature: f64,
    rng: &mut ChaCha8Rng,
) -> anyhow::Result<String> {
    let mut state = start.clone();
    let mut ids = vocab.encode_chars("h")?;
    for step in 0..TARGET.len() {
        let (logits, next) = model.forward(
            one_hot(&[&ids[step..]], vocab.len(), &context.device),
            state,
        );
        state = Some(next);
        let scores: Vec<f32> = logits.try_into_data()?.iter().collect();
        let weights = temperature_weights(&scores, temperature as f32)?;
        ids.extend(multinomial(&weights, 1, rng)?);
    }
    Ok(vocab.decode(&ids[1..])?.concat())
}

/// Prints the epochs in which the prediction changes, and the last one.
struct ShowEpochs {
    out: Output,
    epochs: usize,
    vocab: Vocab,
    last_answer: Vec<usize>,
}

impl Observer for ShowEpochs {
    fn epoch(&mut self, report: &EpochReport) {
        if report.predictions == self.last_answer && report.epoch < self.epochs {
            return;
        }
        self.last_answer.clone_from(&report.predictions);
        let width = self.epochs.to_string().len();
        let answer = self.vocab.decode(&report.predictions);
        // A closed pipe is not an error here.
        let _ = self.out.line(format_args!(
            "epoch {:>width$}   loss {:.4}   {}",
            report.epoch,
            report.train_loss,
            answer.unwrap_or_default().concat()
        ));
    }
}
