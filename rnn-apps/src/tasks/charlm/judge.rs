//! How well a model predicts a text.

use rnn_data::Vocab;
use rnn_data::text::{Text, TextStreams};
use rnn_train::data::IdLoader;
use rnn_train::language::evaluate_dynamic;
use rnn_train::metrics::evaluate_loss;
use serde::Serialize;

use super::data::{EVAL_WINDOW, TextData, loader};
use super::model::Model;
use crate::tasks::task::Judgement;
use crate::ui::{Grouped, Output};

/// The evaluation results of a character language model.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Every character of the text predicted but each document's first, the state carried.
    pub valid_nats_per_char: f64,
    /// With the state reset after each window.
    pub valid_nats_per_char_reset: f64,
    pub bits_per_char: f64,
    pub perplexity: f64,
    /// Characters of the text.
    pub chars: u64,
    /// Characters after these that a training left out, by `--valid-limit`.
    pub left_out: u64,
    /// How many of them were predicted.
    pub predicted: usize,
    /// How many characters of the text the vocabulary has not.
    pub unknown: u64,
    /// After how many characters the state is reset in `valid_nats_per_char_reset`.
    pub reset_window: usize,
}

/// Evaluates a trained model on what was kept for that, and prints the score.
pub fn judge(model: &Model, data: &TextData, out: &mut Output) -> anyhow::Result<Judgement<Score>> {
    let mut score = score(model, &data.valid, &data.vocab, data.window, out)?;
    score.left_out = data.valid_left;
    if score.left_out > 0 {
        out.line(format_args!(
            "({} more characters, which --valid-limit leaves out; `charlm eval` takes them too)",
            Grouped(score.left_out as usize)
        ))?;
    }
    Ok(Judgement {
        score,
        confusion: None,
        mistakes: None,
    })
}

/// Evaluates a model on a text, and prints the score.
pub fn score(
    model: &Model,
    text: &Text,
    vocab: &Vocab,
    reset_window: usize,
    out: &mut Output,
) -> anyhow::Result<Score> {
    let unknown = text.count_unknown(vocab)?;
    // In one row, so that the state is carried through the whole text.
    let carried = evaluate_loss(model, &loader(text, vocab, 1, EVAL_WINDOW)?, true)?;
    let windows = TextStreams::new(text.clone(), vocab, 1, reset_window)?;
    let windows = IdLoader::separate_windows(windows, vocab.len(), RESET_ROWS);
    let reset = evaluate_loss(model, &windows, false)?;
    let score = Score {
        valid_nats_per_char: carried.loss,
        valid_nats_per_char_reset: reset.loss,
        bits_per_char: carried.loss / core::f64::consts::LN_2,
        perplexity: carried.loss.exp(),
        chars: text.num_chars(),
        left_out: 0,
        predicted: carried.count,
        unknown: unknown.count,
        reset_window,
    };
    out.line(format_args!(
        "{} characters{}, {} predicted",
        Grouped(score.chars as usize),
        match score.unknown {
            0 => String::new(),
            count => format!(
                ", {} of them not known from training: {:?}",
                Grouped(count as usize),
                unknown.examples
            ),
        },
        Grouped(score.predicted)
    ))?;
    out.line(format_args!(
        "state carried on: {:.4} nats per character, {:.4} bits, perplexity {:.3}",
        score.valid_nats_per_char, score.bits_per_char, score.perplexity
    ))?;
    out.line(format_args!(
        "state reset every {} characters: {:.4} nats per character",
        Grouped(reset_window),
        score.valid_nats_per_char_reset
    ))?;
    Ok(score)
}

/// Windows side by side where each begins from zeros, which makes no difference to the result.
const RESET_ROWS: usize = 32;

/// Evaluates a model on a text while it goes on learning from what it has read, and prints the loss in nats
/// per character.
pub fn dynamic(
    model: &Model,
    text: &Text,
    vocab: &Vocab,
    rate: f64,
    out: &mut Output,
) -> anyhow::Result<f64> {
    let windows = loader(text, vocab, 1, DYNAMIC_WINDOW)?;
    let nats = evaluate_dynamic(model, &windows, rate)?.loss;
    out.line(format_args!(
        "weights that go on learning: {nats:.4} nats per character (dynamic evaluation, not to be compared \
         with the others)"
    ))?;
    Ok(nats)
}

/// Characters between two steps of dynamic evaluation.
const DYNAMIC_WINDOW: usize = 50;
