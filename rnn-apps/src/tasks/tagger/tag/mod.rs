//! Tags sentences as they come.

mod source;
mod write;

use std::time::Instant;

use anyhow::anyhow;
use burn::module::Module;
use rnn_train::tagging::SentenceTagger;
use serde::Serialize;

use super::args::{InputFormat, OutputFormat, TaggerTagArgs};
use super::model::TrainedTagger;
use crate::context::Context;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::Output;
use source::{Item, Source};
use write::{Line, Writer};

/// The greatest number of words in a sentence, since all steps are in memory at once.
const MAX_WORDS: usize = 10_000;

/// What is printed at the end.
#[derive(Default, Serialize)]
struct Totals {
    /// Of sentences given as arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences: Option<Vec<Line>>,
    num_sentences: usize,
    num_words: usize,
    num_unknown: usize,
    /// In which words were tagged.
    seconds: f64,
    words_per_second: f64,
}

pub fn run(context: &Context, args: &TaggerTagArgs, out: &mut Output) -> anyhow::Result<()> {
    let TrainedTagger {
        run,
        settings,
        tagger,
    } = TrainedTagger::open(&args.run.run, &context.device, out)?;
    let mut source = Source::open(args)?;
    let format = args.format.unwrap_or(match source.format() {
        InputFormat::Text => OutputFormat::Text,
        InputFormat::Conllu => OutputFormat::Conllu,
    });
    let label = settings.training.as_ref().map(|t| t.source.label);
    let writer = Writer::new(format, label.unwrap_or_default());
    // Of a file there may be more sentences than fit into memory.
    let mut kept = args.file.is_none().then(Vec::new);
    let mut totals = Totals::default();
    loop {
        let mut items = source.next(args.batch_size)?;
        if items.is_empty() {
            break;
        }
        let mut words: Vec<Vec<String>> = items.iter().map(|item| item.words(&tagger)).collect();
        // What comes before a sentence that is too long is written first.
        let too_long = words.iter().position(|words| words.len() > MAX_WORDS);
        let error = too_long.map(|index| {
            let (place, found) = (items[index].place(), words[index].len());
            anyhow!("{place}: expected at most {MAX_WORDS} words, found {found}")
        });
        items.truncate(too_long.unwrap_or(items.len()));
        words.truncate(items.len());
        let start = Instant::now();
        let lines = tag(&tagger, items, &words, args)?;
        totals.seconds += start.elapsed().as_secs_f64();
        for line in lines {
            totals.num_sentences += usize::from(!line.tokens.is_empty());
            totals.num_words += line.tokens.len();
            totals.num_unknown += line.unknown.iter().filter(|&&unknown| unknown).count();
            writer.write(&line, out)?;
            if let Some(kept) = &mut kept {
                kept.push(line);
            }
        }
        if let Some(error) = error {
            return Err(error);
        }
    }
    totals.words_per_second = match totals.num_words {
        0 => 0.0,
        words => words as f64 / totals.seconds,
    };
    totals.sentences = kept;
    let parameters = tagger.model().num_params();
    out.results(&PredictionResults {
        common: CommonResults::new(context, "tag", &run, &settings, parameters),
        predictions: totals,
    })
}

/// Tags sentences, of which `words` are the words. One without words stays as it is.
fn tag(
    tagger: &SentenceTagger,
    items: Vec<Item>,
    words: &[Vec<String>],
    args: &TaggerTagArgs,
) -> anyhow::Result<Vec<Line>> {
    let full: Vec<&[String]> = words
        .iter()
        .map(Vec::as_slice)
        .filter(|words| !words.is_empty())
        .collect();
    let mut tagged = tagger.tag_sentences(&full, args.batch_size)?.into_iter();
    let line = |(item, words): (Item, &Vec<String>)| {
        let sentence = match words.is_empty() {
            true => None,
            false => tagged.next(),
        };
        match sentence {
            Some(sentence) => Line::new(sentence, item, args),
            None => Line::empty(item),
        }
    };
    Ok(items.into_iter().zip(words).map(line).collect())
}
