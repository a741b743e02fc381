use rnn_data::{Sentence, Vocab};
use rnn_model::LstmTagger;
use rnn_train::metrics::TaggingScore;
use rnn_train::objective::tag;
use rnn_train::{Evaluation, TaggedLoader, evaluate};
use serde::Serialize;

use super::data::{EVAL_BATCH, Symbols, TaggedData};
use crate::report::{Confusion, Mistakes};
use crate::tasks::task::Judgement;
use crate::ui::{Grouped, Output};

/// The evaluation results of a tagger.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    pub accuracy: f64,
    pub accuracy_unknown: Option<f64>,
    pub sentence_accuracy: f64,
    pub correct: usize,
    pub total: usize,
}

impl From<&TaggingScore> for Score {
    fn from(score: &TaggingScore) -> Self {
        Self {
            accuracy: score.accuracy(),
            accuracy_unknown: score.accuracy_unknown(),
            sentence_accuracy: score.sentence_accuracy(),
            correct: score.correct,
            total: score.words,
        }
    }
}

/// Predicts the tags of each sentence's words.
pub fn predict(
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

/// Evaluates a model on sentences, and prints the score.
pub fn test(
    model: &LstmTagger,
    sentences: &[Sentence],
    symbols: &Symbols,
    out: &mut Output,
) -> anyhow::Result<Score> {
    let texts: Vec<&[String]> = sentences.iter().map(|s| s.words.as_slice()).collect();
    let predicted = predict(model, &texts, &symbols.words, &symbols.tags)?;
    let score = TaggingScore::count(sentences, &predicted, &symbols.words);
    print(&score, out)?;
    Ok(Score::from(&score))
}

/// Prints a score.
fn print(score: &TaggingScore, out: &mut Output) -> std::io::Result<()> {
    let mut row = |what: &str, right: usize, of: usize, share: f64| {
        out.line(format_args!(
            "{what:<14} {} of {} right, {:.2} %",
            Grouped(right),
            Grouped(of),
            100.0 * share
        ))
    };
    row("words", score.correct, score.words, score.accuracy())?;
    if let Some(share) = score.accuracy_unknown() {
        row("unknown words", score.unknown_correct, score.unknown, share)?;
    }
    row(
        "sentences",
        score.sentences_correct,
        score.sentences,
        score.sentence_accuracy(),
    )
}

/// Evaluates a trained model, with its confusion matrix and mistakes.
pub fn judge(
    model: &LstmTagger,
    data: &TaggedData,
    out: &mut Output,
) -> anyhow::Result<Judgement<Score>> {
    let TaggedData { corpus, symbols } = data;
    let score = test(model, &corpus.dev, symbols, out)?;
    let dev = TaggedLoader::sentences(symbols.encode(&corpus.dev)?, EVAL_BATCH);
    let evaluation = evaluate(model, &dev)?;
    let tags = &symbols.tags;
    let confusion = rnn_train::metrics::Confusion::of(&evaluation, tags.len());
    Ok(Judgement {
        score,
        confusion: Some(Confusion {
            classes: tags.iter().map(str::to_owned).collect(),
            counts: confusion.counts().to_vec(),
        }),
        mistakes: list_mistakes(&corpus.dev, &evaluation, tags)?,
    })
}

/// A table of the wrongly tagged words with the highest confidence.
fn list_mistakes(
    dev: &[Sentence],
    result: &Evaluation,
    tags: &Vocab,
) -> anyhow::Result<Option<Mistakes>> {
    const SHOWN: usize = 50;
    let mut wrong = result.mistakes();
    let total = wrong.len();
    wrong.truncate(SHOWN);
    if wrong.is_empty() {
        return Ok(None);
    }
    // The sentence and the position within it of each prediction.
    let places: Vec<(&Sentence, usize)> = dev
        .iter()
        .flat_map(|sentence| (0..sentence.len()).map(move |word| (sentence, word)))
        .collect();
    let row = |&index: &usize| -> anyhow::Result<Vec<String>> {
        let (sentence, word) = places[index];
        let named = tags.decode(&[result.targets[index], result.predictions[index]])?;
        Ok(vec![
            in_context(sentence, word),
            named[0].to_owned(),
            named[1].to_owned(),
            format!("{:.1} %", 100.0 * result.confidences[index]),
        ])
    };
    let header = ["word", "right", "predicted", "confidence"];
    Ok(Some(Mistakes::Table {
        header: header.map(str::to_owned).to_vec(),
        rows: wrong.iter().map(row).collect::<anyhow::Result<_>>()?,
        caption: format!("The {} most confident of {total} mistakes", wrong.len()),
    }))
}

/// A word in brackets, with a few words of context.
fn in_context(sentence: &Sentence, word: usize) -> String {
    const AROUND: usize = 4;
    let (first, last) = (word.saturating_sub(AROUND), word + AROUND);
    let words = sentence.words.iter().enumerate();
    let words = words.filter(|(index, _)| (first..=last).contains(index));
    let words = words.map(|(index, text)| match index == word {
        true => format!("[{text}]"),
        false => text.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}
