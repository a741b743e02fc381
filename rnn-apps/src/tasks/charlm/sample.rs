use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use burn::module::Module;
use clap::Args;
use rnn_data::Vocab;
use rnn_model::Sampling;
use rnn_train::language::CharModel;
use serde::Serialize;

use super::model::{Model, TrainedCharLm};
use super::stop::Stop;
use crate::cli::TrainedRun;
use crate::cli::values::{factor, items, share_of_all};
use crate::context::Context;
use crate::tasks::input;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::Output;

#[derive(Args, Debug)]
pub struct CharLmSampleArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// How the text begins [default: an empty line]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// A file with its beginning; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
    pub prompt_file: Option<PathBuf>,
    /// How many characters to write
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = items)]
    pub length: usize,
    /// Below 1 for what is probable, above 1 for variety, 0 for the most probable character each time
    #[arg(long, default_value_t = 0.8, value_name = "T", value_parser = factor)]
    pub temperature: f64,
    /// Choose from the K most probable characters [default: all]
    #[arg(long, value_name = "K", value_parser = items)]
    pub top_k: Option<usize>,
    /// Choose from the fewest characters that have this probability together, above 0 to 1 [default: 1]
    #[arg(long, value_name = "P", value_parser = share_of_all)]
    pub top_p: Option<f64>,
    /// How many texts to write, each with the seed after the one before
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = items)]
    pub num_samples: usize,
    /// End before this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub stop: Option<String>,
}

#[derive(Serialize)]
struct Samples {
    prompt: String,
    /// Of the first sample.
    text: String,
    samples: Vec<Sample>,
    chars_per_second: f64,
}

#[derive(Serialize)]
struct Sample {
    seed: u64,
    text: String,
    /// Whether it ended before the text of `--stop`.
    stopped: bool,
}

pub fn run(context: &Context, args: &CharLmSampleArgs, out: &mut Output) -> anyhow::Result<()> {
    let sampling = Sampling {
        temperature: args.temperature as f32,
        top_k: args.top_k,
        top_p: args.top_p.map(|top_p| top_p as f32),
        ..Sampling::new(context.seed)
    };
    sampling.validate()?;
    let TrainedCharLm {
        run,
        settings,
        vocab,
        model,
    } = TrainedCharLm::open(&args.run.run, &context.device, out)?;
    let parameters = model.num_params();
    let model = CharModel::new(model, vocab).with_context(|| run.path().display().to_string())?;
    let prompt = match (&args.prompt, &args.prompt_file) {
        (Some(prompt), _) => prompt.clone(),
        (None, Some(path)) => input::read(path)?,
        (None, None) => String::new(),
    };
    let begin = match prompt.is_empty() {
        true => first(model.vocab()),
        false => prompt.clone(),
    };
    warn_of_unknown(&model, &begin, "prompt", out);
    let (mut samples, mut seconds, mut timed) = (Vec::new(), 0.0, 0);
    for number in 0..args.num_samples {
        let seed = context.seed.wrapping_add(number as u64);
        if args.num_samples > 1 {
            out.line(format_args!("--- {} of {}", number + 1, args.num_samples))?;
        }
        let sampling = Sampling {
            seed,
            ..sampling.clone()
        };
        let mut characters = model.sample(&begin, sampling)?;
        out.piece(&prompt)?;
        let mut text = String::new();
        let mut stop = Stop::new(args.stop.as_deref().unwrap_or_default());
        // The first character costs the reading of the prompt.
        let mut start = None;
        for _ in 0..args.length {
            let Some(character) = characters.next().transpose()? else {
                break;
            };
            let piece = stop.push(character);
            out.piece(&piece)?;
            text += &piece;
            if stop.is_found() {
                break;
            }
            match start {
                None => start = Some(Instant::now()),
                Some(_) => timed += 1,
            }
        }
        let rest = stop.rest();
        out.piece(&rest)?;
        text += &rest;
        out.line("")?;
        seconds += start.map_or(0.0, |start| start.elapsed().as_secs_f64());
        samples.push(Sample {
            seed,
            text,
            stopped: stop.is_found(),
        });
    }
    let chars_per_second = if seconds > 0.0 {
        timed as f64 / seconds
    } else {
        0.0
    };
    out.results(&PredictionResults {
        common: CommonResults::new(context, "sample", &run, &settings, parameters),
        predictions: Samples {
            prompt,
            text: samples
                .first()
                .map(|sample| sample.text.clone())
                .unwrap_or_default(),
            samples,
            chars_per_second,
        },
    })
}

/// A few characters that a model writes, in a line.
pub fn short(model: &Model, vocab: &Vocab, seed: u64) -> anyhow::Result<String> {
    const LENGTH: usize = 72;
    let model = CharModel::new(model.clone(), vocab.clone())?;
    let sampling = Sampling {
        temperature: 0.8,
        ..Sampling::new(seed)
    };
    let characters = model.sample(&first(vocab), sampling)?.take(LENGTH);
    let text = characters.collect::<Result<String, _>>()?;
    Ok(format!("   it writes: {text:?}"))
}

/// How many unknown characters are named.
const SHOWN: usize = 20;

/// Warns of characters in a text, called `what`, that the model does not know.
pub fn warn_of_unknown(model: &CharModel, text: &str, what: &str, out: &Output) {
    let unknown = model.unknown(text);
    if !unknown.is_empty() && model.vocab().unk_id().is_some() {
        let shown = &unknown[..unknown.len().min(SHOWN)];
        let more = match unknown.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        out.warn(format_args!(
            "the model does not know these characters of the {what}, and reads them as one for all unknown \
             ones: {shown:?}{more}"
        ));
    }
}

/// What a text begins after: an empty line, or else the first character there is.
fn first(vocab: &Vocab) -> String {
    let other = || {
        let mut ids = 0..vocab.len();
        let id = ids.find(|&id| Some(id) != vocab.unk_id() && Some(id) != vocab.pad_id());
        id.and_then(|id| vocab.symbol(id)).unwrap_or_default()
    };
    let begin = if vocab.contains("\n") { "\n" } else { other() };
    begin.to_owned()
}
