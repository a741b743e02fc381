use std::time::Instant;

use rnn_data::tagged::TaggedCorpus;
use rnn_data::{Sentence, Vocab};
use rnn_model::LstmTagger;
use rnn_train::metrics::{Confusion, FScore, SpanScore, TaggingScore};
use rnn_train::tagging::{SentenceTagger, TaggedSentence};
use serde::Serialize;

use super::data::{EVAL_BATCH, TaggedData};
use crate::report::{self, Mistakes};
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
    /// Of tags that mark spans.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub spans: Option<SpanResults>,
    pub tags: Vec<NamedScore>,
}

/// How well spans are found, as `conlleval` counts.
#[derive(Clone, Debug, Serialize)]
pub struct SpanResults {
    pub span_precision: Option<f64>,
    pub span_recall: Option<f64>,
    pub span_f1: Option<f64>,
    /// By label.
    pub spans: Vec<NamedScore>,
}

/// How well a tag, or spans of a label, are found.
#[derive(Clone, Debug, Serialize)]
pub struct NamedScore {
    pub name: String,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
    /// How many there are.
    pub count: usize,
}

impl NamedScore {
    fn new(name: &str, score: &FScore) -> Self {
        Self {
            name: name.to_owned(),
            precision: score.precision(),
            recall: score.recall(),
            f1: score.f1(),
            count: score.right,
        }
    }
}

/// What a tagger said of sentences whose tags are known.
pub struct Tagged<'a> {
    right: &'a [Sentence],
    predicted: Vec<TaggedSentence<'a>>,
    tags: &'a Vocab,
    pub score: Score,
    pub words_per_second: f64,
}

impl<'a> Tagged<'a> {
    /// Tags sentences, and prints the score.
    pub fn new(
        tagger: &'a SentenceTagger,
        sentences: &'a [Sentence],
        batch_size: usize,
        out: &mut Output,
    ) -> anyhow::Result<Self> {
        let start = Instant::now();
        let texts: Vec<&[String]> = sentences.iter().map(|s| s.words.as_slice()).collect();
        let predicted = tagger.tag_sentences(&texts, batch_size)?;
        let seconds = start.elapsed().as_secs_f64();
        let names: Vec<&[&str]> = predicted.iter().map(|s| s.tags.as_slice()).collect();
        let score = TaggingScore::count(sentences, &names, |word| tagger.words().is_known(word));
        print_score(&score, out)?;
        let right: Vec<&[String]> = sentences.iter().map(|s| s.tags.as_slice()).collect();
        let spans = marks_spans(sentences).then(|| SpanScore::count(&right, &names));
        let spans = spans.map(|spans| print_spans(&spans, out)).transpose()?;
        let mut tagged = Self {
            right: sentences,
            predicted,
            tags: tagger.tags(),
            score: Score {
                accuracy: score.accuracy(),
                accuracy_unknown: score.accuracy_unknown(),
                sentence_accuracy: score.sentence_accuracy(),
                correct: score.correct,
                total: score.words,
                spans,
                tags: Vec::new(),
            },
            words_per_second: score.words as f64 / seconds,
        };
        let scores = tagged.confusion().scores();
        let named = tagged.classes().into_iter().zip(&scores);
        tagged.score.tags = named
            .map(|(name, score)| NamedScore::new(&name, score))
            .filter(|score| score.count > 0 || score.precision.is_some())
            .collect();
        Ok(tagged)
    }

    /// The tags, and after them those that the tagger does not know.
    fn classes(&self) -> Vec<String> {
        let all = self.right.iter().flat_map(|sentence| &sentence.tags);
        let unseen = Vocab::words(all.filter(|tag| !self.tags.contains(tag)));
        let classes = self.tags.iter().chain(unseen.iter());
        classes.map(str::to_owned).collect()
    }

    fn confusion(&self) -> Confusion {
        let classes = Vocab::in_order(self.classes());
        let id = |tag: &str| classes.id(tag).unwrap_or_default();
        let words = self.right.iter().zip(&self.predicted);
        let pairs = words.flat_map(|(right, predicted)| {
            let tags = right.tags.iter().zip(&predicted.tags);
            tags.map(|(right, predicted)| (id(right), id(predicted)))
                .collect::<Vec<_>>()
        });
        Confusion::count(classes.len(), pairs)
    }

    /// Prints precision, recall and F1 of each tag.
    pub fn print_tags(&self, out: &mut Output) -> std::io::Result<()> {
        let names = self.score.tags.iter().map(|tag| tag.name.chars().count());
        let width = names.max().unwrap_or(0).max(3);
        out.line(format_args!(
            "{:<width$}  {:>8}  {:>9}  {:>8}  {:>8}",
            "tag", "words", "precision", "recall", "F1"
        ))?;
        for tag in &self.score.tags {
            out.line(format_args!(
                "{:<width$}  {:>8}  {:>9}  {:>8}  {:>8}",
                tag.name,
                Grouped(tag.count).to_string(),
                percent(tag.precision),
                percent(tag.recall),
                percent(tag.f1)
            ))?;
        }
        Ok(())
    }

    /// How often each tag was predicted as which.
    pub fn confusion_table(&self) -> report::Confusion {
        report::Confusion {
            classes: self.classes(),
            counts: self.confusion().counts().to_vec(),
        }
    }

    /// A table of the wrongly tagged words with the highest probability.
    pub fn mistakes(&self) -> Option<Mistakes> {
        const SHOWN: usize = 50;
        let words = self.right.iter().zip(&self.predicted);
        let mut wrong: Vec<_> = words
            .flat_map(|(right, predicted)| {
                let words = 0..right.len();
                let wrong = words.filter(|&word| right.tags[word] != predicted.tags[word]);
                wrong.map(move |word| (right, predicted, word, predicted.probability(word)))
            })
            .collect();
        let total = wrong.len();
        wrong.sort_by(|a, b| b.3.total_cmp(&a.3));
        wrong.truncate(SHOWN);
        if wrong.is_empty() {
            return None;
        }
        let row = |(right, predicted, word, probability): &(
            &Sentence,
            &TaggedSentence<'_>,
            usize,
            f32,
        )| {
            vec![
                in_context(right, *word),
                right.tags[*word].clone(),
                predicted.tags[*word].to_owned(),
                format!("{:.1} %", 100.0 * probability),
            ]
        };
        let header = ["word", "right", "predicted", "confidence"];
        Some(Mistakes::Table {
            header: header.map(str::to_owned).to_vec(),
            rows: wrong.iter().map(row).collect(),
            caption: format!("The {} most confident of {total} mistakes", wrong.len()),
        })
    }
}

/// Whether the tags mark spans: each is `O`, or a letter of such a scheme, a hyphen and a label.
fn marks_spans(sentences: &[Sentence]) -> bool {
    let is_of_span = |tag: &str| {
        let letter = tag.split_once('-').map(|(letter, _)| letter);
        letter.is_some_and(|letter| ["B", "I", "E", "S", "L", "U"].contains(&letter))
    };
    let tags = || sentences.iter().flat_map(|sentence| &sentence.tags);
    tags().all(|tag| tag == "O" || is_of_span(tag)) && tags().any(|tag| is_of_span(tag))
}

fn print_score(score: &TaggingScore, out: &mut Output) -> anyhow::Result<()> {
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
    )?;
    Ok(())
}

fn percent(share: Option<f64>) -> String {
    match share {
        Some(share) => format!("{:.2} %", 100.0 * share),
        None => "none".to_owned(),
    }
}

fn print_spans(spans: &SpanScore, out: &mut Output) -> anyhow::Result<SpanResults> {
    let all = spans.all();
    out.line(format_args!(
        "{:<14} {} of {} right, precision {}, recall {}, F1 {}",
        "spans",
        Grouped(all.correct),
        Grouped(all.right),
        percent(all.precision()),
        percent(all.recall()),
        percent(all.f1())
    ))?;
    let labels = spans.labels().iter();
    Ok(SpanResults {
        span_precision: all.precision(),
        span_recall: all.recall(),
        span_f1: all.f1(),
        spans: labels
            .map(|(name, score)| NamedScore::new(name, score))
            .collect(),
    })
}

/// Evaluates a trained model, with its confusion matrix and mistakes.
pub fn judge(
    model: &LstmTagger,
    data: &TaggedData,
    out: &mut Output,
) -> anyhow::Result<Judgement<Score>> {
    let TaggedData { corpus, symbols } = data;
    let TaggedCorpus { dev, .. } = corpus;
    let (words, tags) = (symbols.words.clone(), symbols.tags.clone());
    let tagger = SentenceTagger::new(model.clone(), words, tags)?;
    let tagged = Tagged::new(&tagger, dev, EVAL_BATCH, out)?;
    Ok(Judgement {
        confusion: Some(tagged.confusion_table()),
        mistakes: tagged.mistakes(),
        score: tagged.score,
    })
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
