//! Tags sentences as they come.

mod source;
mod write;

use std::time::Instant;

use anyhow::ensure;
use burn::module::Module;
use rnn_train::tagging::SentenceTagger;
use serde::Serialize;

use super::args::{InputFormat, OutputFormat, TaggerTagArgs};
use super::model::TrainedTagger;
use crate::context::Context;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::Output;
use source::{Item, Source};
use write::{Line, Origin, Writer};

/// The greatest number of words in a sentence, since all steps are in memory at once.
const MAX_WORDS: usize = 10_000;

/// What is printed at the end.
#[derive(Default, Serialize)]
struct Totals {
    /// Of sentences given as arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences: Option<Vec<Line>>,
    /// Those without words included.
    #[serde(skip)]
    num_lines: usize,
    num_sentences: usize,
    num_words: usize,
    num_unknown: usize,
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
    let start = Instant::now();
    loop {
        let items = source.next(args.batch_size)?;
        if items.is_empty() {
            break;
        }
        for line in tag(&tagger, items, totals.num_lines, args)? {
            totals.num_lines += 1;
            totals.num_sentences += usize::from(!line.tokens.is_empty());
            totals.num_words += line.tokens.len();
            totals.num_unknown += line.unknown.iter().filter(|&&unknown| unknown).count();
            writer.write(&line, out)?;
            if let Some(kept) = &mut kept {
                kept.push(line);
            }
        }
    }
    totals.seconds = start.elapsed().as_secs_f64();
    totals.words_per_second = totals.num_words as f64 / totals.seconds;
    totals.sentences = kept;
    let parameters = tagger.model().num_params();
    out.results(&PredictionResults {
        common: CommonResults::new(context, "tag", &run, &settings, parameters),
        predictions: totals,
    })
}

/// Tags sentences, the first of which is number `before + 1`. One without words stays as it is.
fn tag(
    tagger: &SentenceTagger,
    items: Vec<Item>,
    before: usize,
    args: &TaggerTagArgs,
) -> anyhow::Result<Vec<Line>> {
    let words: Vec<Vec<String>> = items
        .iter()
        .map(|item| match item {
            Item::Line(text) => tagger.tokens(text),
            Item::Conllu(sentence) => sentence.words().map(str::to_owned).collect(),
        })
        .collect();
    for (number, words) in (before + 1..).zip(&words) {
        ensure!(
            words.len() <= MAX_WORDS,
            "sentence {number}: expected at most {MAX_WORDS} words, found {}",
            words.len()
        );
    }
    let full: Vec<&[String]> = words
        .iter()
        .map(Vec::as_slice)
        .filter(|words| !words.is_empty())
        .collect();
    let mut tagged = tagger.tag_sentences(&full, args.batch_size)?.into_iter();
    let line = |(item, words): (Item, &Vec<String>)| {
        let origin = match item {
            Item::Line(text) => Origin::Text(text),
            Item::Conllu(sentence) => Origin::Conllu(Box::new(sentence)),
        };
        let sentence = match words.is_empty() {
            true => None,
            false => tagged.next(),
        };
        match sentence {
            Some(sentence) => Line::new(sentence, origin, args),
            None => Line {
                origin,
                ..Line::default()
            },
        }
    };
    Ok(items.into_iter().zip(&words).map(line).collect())
}
