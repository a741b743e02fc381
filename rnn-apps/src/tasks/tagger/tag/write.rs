//! How tagged sentences are written.

use std::fmt::Write as _;

use anyhow::ensure;
use rnn_data::tagged::{ConlluField, ConlluReader, ConlluSentence, Label, Tokenizer};
use rnn_train::tagging::TaggedSentence;
use serde::Serialize;

use super::source::Item;
use crate::cli::WrongUsage;
use crate::tasks::tagger::args::{OutputFormat, TaggerTagArgs};

/// A tagged sentence, or a line without words.
#[derive(Debug, Serialize)]
pub struct Line {
    pub tokens: Vec<String>,
    pub tags: Vec<String>,
    pub unknown: Vec<bool>,
    /// Of each word's tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<Vec<f32>>,
    /// The most probable tags of each word, with their probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_best: Option<Vec<Vec<(String, f32)>>>,
    /// What was tagged.
    #[serde(skip)]
    item: Item,
}

impl Line {
    /// What `args` asks for of a sentence.
    pub fn new(sentence: TaggedSentence<'_>, item: Item, args: &TaggerTagArgs) -> Self {
        let words = 0..sentence.len();
        let probability = |word| sentence.probability(word);
        let best = |n, word| {
            let best = sentence.n_best(word, n).into_iter();
            best.map(|(tag, probability)| (tag.to_owned(), probability))
                .collect()
        };
        Self {
            probabilities: args
                .probabilities
                .then(|| words.clone().map(probability).collect()),
            n_best: args
                .n_best
                .map(|n| words.map(|word| best(n, word)).collect()),
            tags: sentence.tags.iter().map(|&tag| tag.to_owned()).collect(),
            unknown: sentence.unknown,
            tokens: sentence.words,
            item,
        }
    }

    /// What was tagged.
    pub fn item(&self) -> &Item {
        &self.item
    }

    /// Of one without words.
    pub fn empty(item: Item) -> Self {
        Self {
            tokens: Vec::new(),
            tags: Vec::new(),
            unknown: Vec::new(),
            probabilities: None,
            n_best: None,
            item,
        }
    }

    /// `word/TAG`, and what else there is to say of a word.
    fn text(&self) -> String {
        let mut text = String::new();
        for (word, token) in self.tokens.iter().enumerate() {
            if word > 0 {
                text.push(' ');
            }
            let unknown = if self.unknown[word] { "?" } else { "" };
            let _ = write!(text, "{token}/{}{unknown}", self.tags[word]);
            match (&self.n_best, &self.probabilities) {
                (Some(best), _) => {
                    let best = best[word].iter();
                    let best = best.map(|(tag, probability)| format!("{tag}={probability:.3}"));
                    let _ = write!(text, "({})", best.collect::<Vec<_>>().join(","));
                }
                (None, Some(probabilities)) => {
                    let _ = write!(text, "({:.3})", probabilities[word]);
                }
                (None, None) => {}
            }
        }
        text
    }

    fn with_tags(&self, sentence: &ConlluSentence, field: ConlluField) -> anyhow::Result<String> {
        let tagged = sentence.with_column(field, &self.tags)?;
        Ok(tagged.text().to_owned())
    }

    /// The sentence in CoNLL-U, with what ends it: as it was read with its tags in their field, or
    /// words and tags alone.
    fn conllu(&self, field: ConlluField) -> anyhow::Result<String> {
        match &self.item {
            Item::Conllu(sentence) => self.with_tags(sentence, field),
            Item::Text(..) if self.tokens.is_empty() => Ok(String::new()),
            Item::Text(text, _) => {
                let text = Tokenizer::normalize(text);
                let text: Vec<&str> = text.split_whitespace().collect();
                let text = text.join(" ");
                let mut lines = format!("# text = {text}\n");
                let is_last = ends_of_chunks(&text, &self.tokens);
                for ((word, token), is_last) in (1..).zip(&self.tokens).zip(is_last) {
                    let misc = if is_last { "_" } else { "SpaceAfter=No" };
                    let _ = writeln!(lines, "{word}\t{token}\t_\t_\t_\t_\t_\t_\t_\t{misc}");
                }
                lines.push('\n');
                let mut sentences = ConlluReader::new(lines.as_bytes());
                let sentence = sentences.next().expect("a sentence with words")?;
                self.with_tags(&sentence, field)
            }
        }
    }
}

/// Whether each token is the last of what has no space in it.
fn ends_of_chunks(text: &str, tokens: &[String]) -> Vec<bool> {
    let mut chunks = text.split_whitespace().map(str::len);
    let mut left = 0;
    let mut is_last = |token: &String| {
        if left == 0 {
            left = chunks.next().unwrap_or(0);
        }
        left = left.saturating_sub(token.len());
        left == 0
    };
    tokens.iter().map(&mut is_last).collect()
}

/// Writes tagged sentences in one format.
pub struct Writer {
    format: OutputFormat,
    /// Where CoNLL-U has the tags.
    field: ConlluField,
}

impl Writer {
    /// - `trained`: what the run was trained on. A column's number may be one of another format.
    ///
    /// # Errors
    ///
    /// If `args` name a field that says nothing of a word, or the format has no place for what they ask
    /// for.
    pub fn new(
        format: OutputFormat,
        trained: Option<Label>,
        args: &TaggerTagArgs,
    ) -> anyhow::Result<Self> {
        use ConlluField::{Deprel, Deps, Feats, Lemma, Misc, Upos, Xpos};
        let trained = trained.filter(|label| *label == Label::Xpos);
        let label = args.label.or(trained).unwrap_or_default();
        let field = ConlluField::of_label(label);
        let field =
            field.filter(|field| [Lemma, Upos, Xpos, Feats, Deprel, Deps, Misc].contains(field));
        ensure!(
            format == OutputFormat::Conllu || args.label.is_none(),
            WrongUsage("--label has no effect without --format conllu".to_owned())
        );
        if format == OutputFormat::Conllu {
            ensure!(
                !args.probabilities && args.n_best.is_none(),
                WrongUsage(
                    "--probabilities and --n-best have no place in CoNLL-U: give --format text or \
                     jsonl"
                        .to_owned()
                )
            );
            ensure!(
                field.is_some(),
                WrongUsage(format!(
                    "expected a field of CoNLL-U for the tags, 3 to 6, 8, 9 or 10, found {label}: \
                     give another with --label"
                ))
            );
        }
        Ok(Self {
            format,
            field: field.unwrap_or(Upos),
        })
    }

    /// What is written of a sentence, with what ends it.
    pub fn text(&self, line: &Line) -> anyhow::Result<String> {
        Ok(match self.format {
            OutputFormat::Text => line.text() + "\n",
            OutputFormat::Jsonl => serde_json::to_string(line)? + "\n",
            OutputFormat::Conllu => line.conllu(self.field)?,
        })
    }
}
