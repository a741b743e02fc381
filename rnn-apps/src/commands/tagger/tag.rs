use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, ensure};
use burn::module::Module;
use rnn_data::fs::{decode_text, read_text};

use super::settings::Trained;
use super::tokens::Tokeniser;
use super::{Context, predict};
use crate::cli::TaggerTagArgs;
use crate::output::Output;

/// The longest sentence: all its steps are in memory at once.
const MAX_WORDS: usize = 10_000;

pub fn run(context: &Context, args: &TaggerTagArgs, out: &mut Output) -> anyhow::Result<()> {
    let trained = Trained::open(&args.run, &context.device)?;
    let text;
    let lines: Vec<&str> = match &args.file {
        None => args.sentences.iter().map(String::as_str).collect(),
        Some(path) => {
            text = read(path)?;
            text.lines().collect()
        }
    };
    let tokeniser = Tokeniser::new(&trained.words);
    let mut sentences = Vec::with_capacity(lines.len());
    for (number, line) in (1..).zip(lines) {
        let tokens = tokeniser.tokens(line);
        ensure!(
            tokens.len() <= MAX_WORDS,
            "sentence {number}: expected at most {MAX_WORDS} words, found {}",
            tokens.len()
        );
        sentences.push(tokens);
    }

    // An empty line in is an empty line out, so that both can be read side by side.
    let full: Vec<&[String]> = sentences
        .iter()
        .map(Vec::as_slice)
        .filter(|tokens| !tokens.is_empty())
        .collect();
    let mut predicted = predict(&trained.model, &full, &trained.words, &trained.tags)?.into_iter();
    let mut tagged = Vec::with_capacity(sentences.len());
    for tokens in &sentences {
        let tags = match tokens.is_empty() {
            true => Vec::new(),
            false => predicted.next().unwrap_or_default(),
        };
        let unknown: Vec<bool> = tokens
            .iter()
            .map(|token| !trained.words.contains(token))
            .collect();
        let words: Vec<String> = tokens
            .iter()
            .zip(&tags)
            .zip(&unknown)
            .map(|((token, tag), unknown)| {
                format!("{token}/{tag}{}", if *unknown { "?" } else { "" })
            })
            .collect();
        out.line(words.join(" "))?;
        tagged.push(serde_json::json!({ "tokens": tokens, "tags": tags, "unknown": unknown }));
    }
    out.results(&serde_json::json!({
        "command": "tagger tag",
        "run": trained.run.path().display().to_string(),
        "seed": trained.settings.seed,
        "device": context.device_name,
        "threads": context.threads,
        "parameters": trained.model.num_params(),
        "sentences": tagged,
    }))
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path != Path::new("-") {
        return Ok(read_text(path)?);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(anyhow::Error::from)
        .and_then(|_| Ok(decode_text(&bytes)?))
        .context("standard input")
}
