//! The notebook's third section: trains an LSTM on the tags of two sentences.

use burn::module::Module;
use clap::Args;
use rnn_data::tagged::{WordEncoder, WordForm};
use rnn_data::{TaggedItem, Vocab, notebook_sentences};
use rnn_model::LstmTaggerConfig;
use rnn_train::metrics::TaggingScore;
use rnn_train::objective::ACCURACY;
use rnn_train::progress::{EpochReport, Observer};
use rnn_train::tagging::SentenceTagger;
use rnn_train::{FitConfig, TaggedLoader, Trainer};

use crate::cli::values::{epochs, rate, size};
use crate::context::Context;
use crate::ui::Output;

/// Flags of `tagger` without a subcommand.
#[derive(Args, Clone, Debug)]
pub struct TwoSentencesArgs {
    /// Passes over the two sentences [default: 30]
    #[arg(long, value_name = "N", value_parser = epochs)]
    epochs: Option<usize>,
    /// Size of a word's embedding [default: 6]
    #[arg(long, value_name = "E", value_parser = size)]
    embedding_size: Option<usize>,
    /// Size of the hidden state [default: 3]
    #[arg(long, value_name = "H", value_parser = size)]
    hidden_size: Option<usize>,
    /// Adam's learning rate [default: 0.1]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    learning_rate: Option<f64>,
}

impl TwoSentencesArgs {
    pub fn epochs(&self) -> usize {
        self.epochs.unwrap_or(30)
    }

    pub fn embedding_size(&self) -> usize {
        self.embedding_size.unwrap_or(6)
    }

    pub fn hidden_size(&self) -> usize {
        self.hidden_size.unwrap_or(3)
    }

    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(0.1)
    }
}

/// Trains a tagger on the notebook's two sentences, and prints their predicted tags.
pub fn run(context: &Context, args: &TwoSentencesArgs, out: &mut Output) -> anyhow::Result<()> {
    let sentences = notebook_sentences();
    // As in the notebook, ids follow the order of first occurrence.
    let words = Vocab::in_order(sentences.iter().flat_map(|sentence| &sentence.words));
    let tags = Vocab::words(sentences.iter().flat_map(|sentence| &sentence.tags));
    out.line("Each word and each tag gets a number:\n")?;
    print_ids(out, &words)?;
    print_ids(out, &tags)?;
    let encoder = WordEncoder::new(words, WordForm::default());
    let items = sentences
        .iter()
        .map(|sentence| TaggedItem::encode(sentence, &encoder, &tags))
        .collect::<Result<Vec<_>, _>>()?;
    out.line(format_args!(
        "\n'{}' becomes {:?},\nits tags {:?}.\n",
        sentences[0].words.join(" "),
        items[0].sentence.words,
        items[0].tags
    ))?;

    context.device.seed(context.seed);
    let config = LstmTaggerConfig::new(
        encoder.words().len(),
        args.embedding_size(),
        args.hidden_size(),
        tags.len(),
    );
    let fit = FitConfig {
        learning_rate: args.learning_rate(),
        seed: context.seed,
        ..FitConfig::new(args.epochs())
    };
    let show = ShowEpochs {
        out: *out,
        epochs: args.epochs(),
    };
    // A step per sentence, as in the notebook.
    let model = config.init(&context.device);
    let parameters = model.num_params();
    let fitted = Trainer::new(fit)
        .with_observer(show)
        .fit(model, TaggedLoader::sentences(items, 1))?;

    let texts: Vec<&[String]> = sentences.iter().map(|s| s.words.as_slice()).collect();
    let tagger = SentenceTagger::new(fitted.model, encoder, tags)?;
    let tagged = tagger.tag_sentences(&texts, texts.len())?;
    let predicted: Vec<&[&str]> = tagged.iter().map(|s| s.tags.as_slice()).collect();
    let score = TaggingScore::count(&sentences, &predicted, |word| tagger.words().is_known(word));
    out.line("\nWhat the trained model says:")?;
    for (sentence, predicted) in sentences.iter().zip(&predicted) {
        out.line("")?;
        let words: Vec<&str> = sentence.words.iter().map(String::as_str).collect();
        for row in [&words, *predicted] {
            let cells: String = row.iter().map(|cell| format!("{cell:<10}")).collect();
            out.line(format_args!("   {}", cells.trim_end()))?;
        }
    }
    if score.sentences_correct < score.sentences {
        out.line("\nNot there yet: try more epochs or another seed.")?;
    }
    let tagged: Vec<_> = texts
        .iter()
        .zip(&predicted)
        .map(|(tokens, tags)| serde_json::json!({ "tokens": tokens, "tags": tags }))
        .collect();
    out.results(&serde_json::json!({
        "command": "tagger",
        "device": context.device_name,
        "threads": context.threads,
        "seed": context.seed,
        "parameters": parameters,
        "epochs": args.epochs(),
        "seconds": fitted.seconds,
        "step_seconds": fitted.step_seconds,
        "train_loss": fitted.history.last().map(|report| report.train_loss),
        "accuracy": score.accuracy(),
        "accuracy_unknown": score.accuracy_unknown(),
        "sentence_accuracy": score.sentence_accuracy(),
        "sentences": tagged,
    }))
}

fn print_ids(out: &mut Output, vocab: &Vocab) -> std::io::Result<()> {
    let pairs: Vec<String> = vocab
        .iter()
        .enumerate()
        .map(|(id, symbol)| format!("{symbol} {id}"))
        .collect();
    out.line(format_args!("   {}", pairs.join("  ")))
}

/// Prints the first epoch, every fifth and the last.
struct ShowEpochs {
    out: Output,
    epochs: usize,
}

impl Observer for ShowEpochs {
    fn epoch(&mut self, report: &EpochReport) {
        let epoch = report.epoch;
        if epoch == 1 || epoch.is_multiple_of(5) || epoch == self.epochs {
            let width = self.epochs.to_string().len();
            // A closed pipe is not an error here.
            let _ = self.out.line(format_args!(
                "epoch {epoch:>width$}   loss {:.4}   {:>3.0} % of the words right",
                report.train_loss,
                100.0 * report.train_metric(ACCURACY).unwrap_or(f64::NAN)
            ));
        }
    }
}
