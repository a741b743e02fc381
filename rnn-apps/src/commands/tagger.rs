//! The notebook's third section: an LSTM that tags words.

mod eval;
pub mod settings;
mod tag;
mod tokens;
mod train;
mod two_sentences;

use rnn_data::{Sentence, Vocab};
use rnn_model::LstmTagger;
use rnn_train::metrics::TaggingScore;
use rnn_train::objective::tag;

use super::Context;
use crate::cli::{TaggerArgs, TaggerCommand};
use crate::output::{Grouped, Output};

pub use two_sentences::run as two_sentences;

/// Sentences per batch where nothing is learnt.
const EVAL_BATCH: usize = 64;

pub fn run(context: &Context, args: TaggerArgs, out: &mut Output) -> anyhow::Result<()> {
    match args.command {
        None => two_sentences::run(context, &args.two_sentences, out),
        Some(TaggerCommand::Train(args)) => train::run(context, *args, out),
        Some(TaggerCommand::Eval(args)) => eval::run(context, &args, out),
        Some(TaggerCommand::Tag(args)) => tag::run(context, &args, out),
    }
}

/// The tags that `model` gives to the words of each sentence.
fn predict(
    model: &LstmTagger,
    sentences: &[impl AsRef<[String]>],
    words: &Vocab,
    tags: &Vocab,
) -> anyhow::Result<Vec<Vec<String>>> {
    let ids = sentences
        .iter()
        .map(|sentence| words.encode(sentence.as_ref()))
        .collect::<Result<Vec<_>, _>>()?;
    let predicted = tag(model, &ids, EVAL_BATCH)?;
    let named = predicted.iter().map(|ids| {
        let named = tags.decode(ids)?;
        Ok(named.into_iter().map(str::to_owned).collect())
    });
    named.collect()
}

/// How well `model` tags `sentences`.
fn score(
    model: &LstmTagger,
    sentences: &[Sentence],
    words: &Vocab,
    tags: &Vocab,
) -> anyhow::Result<TaggingScore> {
    let texts: Vec<&[String]> = sentences.iter().map(|s| s.words.as_slice()).collect();
    let predicted = predict(model, &texts, words, tags)?;
    Ok(TaggingScore::count(sentences, &predicted, words))
}

/// A score in words.
fn verdict(out: &mut Output, score: &TaggingScore) -> std::io::Result<()> {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let row = |what: &str, right: usize, of: usize, share: f64| {
        format!(
            "{what:<14} {} of {} right, {}",
            Grouped(right),
            Grouped(of),
            percent(share)
        )
    };
    out.line(row("words", score.correct, score.words, score.accuracy()))?;
    if let Some(share) = score.accuracy_unknown() {
        out.line(row(
            "unknown words",
            score.unknown_correct,
            score.unknown,
            share,
        ))?;
    }
    out.line(row(
        "sentences",
        score.sentences_correct,
        score.sentences,
        score.sentence_accuracy(),
    ))
}
