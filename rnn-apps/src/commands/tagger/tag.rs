use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, ensure};
use rnn_data::Vocab;

use super::settings::Settings;
use super::{Context, predict};
use crate::cli::TaggerTagArgs;
use crate::commands::open_run;
use crate::output::Output;

pub fn run(context: &Context, args: &TaggerTagArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = open_run::<Settings>(&args.run, "tagger")?;
    let (words, tags) = run.read_vocabs()?;
    let text;
    let lines: Vec<&str> = match &args.file {
        None => args.sentences.iter().map(String::as_str).collect(),
        Some(path) => {
            text = read(path)?;
            text.lines().collect()
        }
    };
    let sentences: Vec<Vec<String>> = lines
        .iter()
        .map(|line| tokens(line, &words))
        .filter(|tokens| !tokens.is_empty())
        .collect();
    ensure!(!sentences.is_empty(), "there is not a word to tag");

    let model = settings.model.load(&run, &context.device)?;
    let predicted = predict(&model, &sentences, &words, &tags)?;
    let mut tagged = Vec::new();
    for (tokens, tags) in sentences.iter().zip(&predicted) {
        let pairs: Vec<String> = tokens
            .iter()
            .zip(tags)
            .map(|(token, tag)| format!("{token}/{tag}"))
            .collect();
        out.line(pairs.join(" "))?;
        let unknown: Vec<bool> = tokens.iter().map(|token| !words.contains(token)).collect();
        tagged.push(serde_json::json!({ "tokens": tokens, "tags": tags, "unknown": unknown }));
    }
    out.results(&serde_json::json!({
        "command": "tagger tag",
        "run": run.path().display().to_string(),
        "device": context.device_name,
        "threads": context.threads,
        "sentences": tagged,
    }))
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// What English treebanks cut off the end of a word: `do n't`, `it 's`.
const ENDINGS: [&str; 7] = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];

/// The words of a sentence, and the punctuation before and after each as words of its own, unless
/// the vocabulary has them as one (`U.S.`). Endings come off if the vocabulary has those.
fn tokens(sentence: &str, vocab: &Vocab) -> Vec<String> {
    let mut tokens = Vec::new();
    for chunk in sentence.split_whitespace() {
        let mut rest = chunk;
        let mut after = Vec::new();
        while !vocab.contains(rest) && rest.chars().count() > 1 {
            let is_mark = |c: &char| c.is_ascii_punctuation();
            if let Some(mark) = rest.chars().next().filter(is_mark) {
                tokens.push(mark.to_string());
                rest = &rest[mark.len_utf8()..];
            } else if let Some(mark) = rest.chars().next_back().filter(is_mark) {
                after.push(mark.to_string());
                rest = &rest[..rest.len() - mark.len_utf8()];
            } else {
                break;
            }
        }
        let ending = ENDINGS.iter().find_map(|ending| {
            let word = rest.strip_suffix(ending).filter(|word| !word.is_empty())?;
            (!vocab.contains(rest) && vocab.contains(ending)).then_some((word, *ending))
        });
        match ending {
            Some((word, ending)) => tokens.extend([word.to_owned(), ending.to_owned()]),
            None => tokens.push(rest.to_owned()),
        }
        tokens.extend(after.into_iter().rev());
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_and_endings_come_off_unless_the_word_is_known() {
        let vocab = Vocab::words(["U.S.", "...", "n't", "o'clock's", "'s"]);
        for (text, expected) in [
            ("The dog ate.", "The|dog|ate|."),
            ("(the U.S.)", "(|the|U.S.|)"),
            ("\"No!\", he said...", "\"|No|!|\"|,|he|said|.|.|."),
            ("wait ...", "wait|..."),
            ("don't  re-read", "do|n't|re-read"),
            ("It's, we're o'clock's", "It|'s|,|we're|o'clock's"),
            ("?!", "?|!"),
            ("été, ß", "été|,|ß"),
            (" ", ""),
        ] {
            assert_eq!(tokens(text, &vocab).join("|"), expected, "{text}");
        }
    }
}
