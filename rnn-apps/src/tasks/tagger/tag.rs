use anyhow::ensure;
use burn::module::Module;
use serde::Serialize;

use super::args::TaggerTagArgs;
use super::data::Symbols;
use super::judge::predict;
use super::model::TrainedTagger;
use super::tokenizer::Tokenizer;
use crate::context::Context;
use crate::tasks::input;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::Output;

/// The greatest number of words in a sentence, since all steps are in memory at once.
const MAX_WORDS: usize = 10_000;

#[derive(Serialize)]
struct Sentences<'a> {
    sentences: Vec<TaggedSentence<'a>>,
}

#[derive(Serialize)]
struct TaggedSentence<'a> {
    tokens: &'a [String],
    tags: Vec<String>,
    unknown: Vec<bool>,
}

pub fn run(context: &Context, args: &TaggerTagArgs, out: &mut Output) -> anyhow::Result<()> {
    let trained = TrainedTagger::open(&args.run.run, &context.device, out)?;
    let text;
    let lines: Vec<&str> = match &args.file {
        None => args.sentences.iter().map(String::as_str).collect(),
        Some(path) => {
            text = input::read(path)?;
            text.lines().collect()
        }
    };
    let Symbols { words, tags } = &trained.symbols;
    let tokenizer = Tokenizer::new(words);
    let mut sentences = Vec::with_capacity(lines.len());
    for (number, line) in (1..).zip(lines) {
        let tokens = tokenizer.tokens(line);
        ensure!(
            tokens.len() <= MAX_WORDS,
            "sentence {number}: expected at most {MAX_WORDS} words, found {}",
            tokens.len()
        );
        sentences.push(tokens);
    }

    // An empty input line gives an empty output line, so that lines correspond.
    let full: Vec<&[String]> = sentences
        .iter()
        .map(Vec::as_slice)
        .filter(|tokens| !tokens.is_empty())
        .collect();
    let mut predicted = predict(&trained.model, &full, words, tags)?.into_iter();
    let mut tagged = Vec::with_capacity(sentences.len());
    for tokens in &sentences {
        let tags = match tokens.is_empty() {
            true => Vec::new(),
            false => predicted.next().unwrap_or_default(),
        };
        let unknown: Vec<bool> = tokens.iter().map(|token| !words.contains(token)).collect();
        let shown: Vec<String> = tokens
            .iter()
            .zip(&tags)
            .zip(&unknown)
            .map(|((token, tag), unknown)| {
                format!("{token}/{tag}{}", if *unknown { "?" } else { "" })
            })
            .collect();
        out.line(shown.join(" "))?;
        tagged.push(TaggedSentence {
            tokens,
            tags,
            unknown,
        });
    }
    let parameters = trained.model.num_params();
    out.results(&PredictionResults {
        common: CommonResults::new(context, "tag", &trained.run, &trained.settings, parameters),
        predictions: Sentences { sentences: tagged },
    })
}
