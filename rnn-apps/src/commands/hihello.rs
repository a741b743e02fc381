//! The notebook's second section: teach an RNN to turn `hihell` into `ihello`.

use burn::module::Module;
use rnn_model::CharRnnConfig;
use rnn_train::{CharLoader, EpochReport, FitConfig, Observer, Trainer, one_hot};

use super::Context;
use crate::cli::HihelloArgs;
use crate::output::Output;

const CHARACTERS: [char; 5] = ['h', 'i', 'e', 'l', 'o'];
const INPUT: &str = "hihell";
const TARGET: &str = "ihello";

pub fn run(context: &Context, args: &HihelloArgs, out: &mut Output) -> anyhow::Result<()> {
    context.device.seed(context.seed);
    let characters = CHARACTERS.len();
    let model = CharRnnConfig::new(characters, args.hidden_size, characters).init(&context.device);
    let parameters = model.num_params();
    out.line(format_args!(
        "An RNN with {} hidden units and {parameters} parameters learns to say '{TARGET}'\nwhen it hears '{INPUT}'.\n",
        args.hidden_size
    ))?;

    let (input, target) = (encode(INPUT)?, encode(TARGET)?);
    let loader = CharLoader::sequences(vec![(input.clone(), target)], characters, 1);
    let config = FitConfig {
        learning_rate: args.learning_rate,
        seed: context.seed,
        // As in the notebook: an epoch starts from the state in which the last one ended.
        carry_state: true,
        keep_predictions: true,
        ..FitConfig::new(args.epochs)
    };
    let show = ShowEpochs {
        out: *out,
        epochs: args.epochs,
    };
    let fitted = Trainer::new(config)
        .with_observer(show)
        .fit(model, loader)?;

    let input = one_hot(&[&input], characters, &context.device);
    // From the state that training ended in, as the notebook asks its model once more.
    let state = fitted.state.map(|state| state.without_autodiff());
    let (logits, _) = fitted.model.forward(input, state);
    let classes = logits.argmax(2).try_into_data()?;
    let text = decode(
        &classes
            .iter::<i64>()
            .map(|class| class as usize)
            .collect::<Vec<_>>(),
    );
    out.line(format_args!("\n{INPUT} → {text}"))?;
    if text != TARGET {
        out.line("Not there yet: try more epochs or another seed.")?;
    }
    out.results(&serde_json::json!({
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
    }))
}

struct ShowEpochs {
    out: Output,
    epochs: usize,
}

impl Observer for ShowEpochs {
    fn epoch(&mut self, report: &EpochReport) {
        let width = self.epochs.to_string().len();
        // If nobody reads, there is nobody to tell.
        let _ = self.out.line(format_args!(
            "epoch {:>width$}   loss {:.4}   {}",
            report.epoch,
            report.train_loss,
            decode(&report.predictions)
        ));
    }
}

fn encode(word: &str) -> anyhow::Result<Vec<usize>> {
    word.chars()
        .map(|c| {
            let index = CHARACTERS.iter().position(|&known| known == c);
            index.ok_or_else(|| anyhow::anyhow!("'{c}' is not one of {CHARACTERS:?}"))
        })
        .collect()
}

fn decode(indices: &[usize]) -> String {
    indices.iter().map(|&index| CHARACTERS[index]).collect()
}
