//! Where sentences to tag come from.

use std::io::{BufRead, BufReader};
use std::iter::Enumerate;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::vec;

use anyhow::{Context as _, anyhow, bail};
use rnn_data::fs::{LineReader, line_content, open_text, plain_text};
use rnn_data::tagged::{ConlluReader, ConlluSentence, TaggedFormat};
use rnn_train::tagging::SentenceTagger;

use crate::tasks::tagger::args::{InputFormat, TaggerTagArgs};

/// Sentences that are read ahead.
const AHEAD: usize = 64;

/// A sentence to tag.
#[derive(Debug)]
pub enum Item {
    /// As people write it, with its number. An empty line is one too: what comes out has as many lines.
    Text(String, usize),
    /// A sentence of CoNLL-U, or comments without one.
    Conllu(Box<ConlluSentence>),
}

impl Item {
    /// The words.
    pub fn words(&self, tagger: &SentenceTagger) -> Vec<String> {
        match self {
            Self::Text(text, _) => tagger.tokens(text),
            Self::Conllu(sentence) => sentence.words().map(str::to_owned).collect(),
        }
    }
}

/// Sentences, in batches of those that have come.
pub struct Source {
    /// Of the file; none for sentences on the command line.
    name: Option<String>,
    format: InputFormat,
    items: Items,
}

enum Items {
    /// On the command line.
    Given(Enumerate<vec::IntoIter<String>>),
    /// From a thread that reads a file. An error comes after the sentences before it.
    Read {
        receiver: Receiver<anyhow::Result<Item>>,
        error: Option<anyhow::Error>,
    },
}

impl Source {
    /// Opens the file of `args`, or takes their sentences.
    pub fn open(args: &TaggerTagArgs) -> anyhow::Result<Self> {
        let Some(path) = &args.file else {
            return Ok(Self {
                name: None,
                format: InputFormat::Text,
                items: Items::Given(args.sentences.clone().into_iter().enumerate()),
            });
        };
        let format = match (args.input, TaggedFormat::of_name(path)) {
            (Some(format), _) => format,
            (None, Some(TaggedFormat::Conllu)) => InputFormat::Conllu,
            (None, None) => InputFormat::Text,
            (None, Some(format)) => bail!(
                "{}: expected text or CoNLL-U, found {format} by its name: write the words as \
                 text, a sentence a line (--input text reads this file so), or as CoNLL-U",
                path.display()
            ),
        };
        let is_sure = args.input.is_some();
        let is_stdin = path == Path::new("-");
        let (name, input): (_, Box<dyn BufRead + Send>) = match is_stdin {
            false => (path.display().to_string(), open_text(path)?),
            true => {
                let input = BufReader::new(std::io::stdin());
                ("standard input".to_owned(), Box::new(input))
            }
        };
        let (sender, receiver) = sync_channel(AHEAD);
        let of_items = name.clone();
        std::thread::spawn(move || {
            let input = match is_stdin {
                // Waits for the first bytes.
                true => match plain_text(input) {
                    Ok(input) => input,
                    Err(error) => {
                        let _ = sender.send(Err(error).context(name));
                        return;
                    }
                },
                false => input,
            };
            match format {
                InputFormat::Text => read_lines(input, &name, is_sure, &sender),
                InputFormat::Conllu => read_conllu(input, &name, &sender),
            }
        });
        Ok(Self {
            name: Some(of_items),
            format,
            items: Items::Read {
                receiver,
                error: None,
            },
        })
    }

    /// Where one of the sentences stands.
    pub fn place(&self, item: &Item) -> String {
        match (&self.name, item) {
            (None, Item::Text(_, number)) => format!("sentence {number}"),
            (Some(name), Item::Text(_, number)) => format!("{name}: line {number}"),
            (name, Item::Conllu(sentence)) => {
                let name = name.as_deref().unwrap_or_default();
                format!("{name}: the sentence from line {} on", sentence.line())
            }
        }
    }

    /// What the sentences are.
    pub fn format(&self) -> InputFormat {
        self.format
    }

    /// The next sentences, at most `most` of them: those that have come, of which there is at least one.
    /// None at the end.
    pub fn next(&mut self, most: usize) -> anyhow::Result<Vec<Item>> {
        match &mut self.items {
            Items::Given(sentences) => {
                let text = |(index, text)| Item::Text(text, index + 1);
                Ok(sentences.by_ref().take(most).map(text).collect())
            }
            Items::Read { receiver, error } => {
                if let Some(error) = error.take() {
                    return Err(error);
                }
                let mut items = Vec::new();
                let mut next = receiver.recv().ok();
                while let Some(item) = next {
                    match item {
                        Ok(item) => items.push(item),
                        Err(found) if items.is_empty() => return Err(found),
                        Err(found) => {
                            *error = Some(found);
                            break;
                        }
                    }
                    next = match items.len() < most {
                        true => receiver.try_recv().ok(),
                        false => None,
                    };
                }
                Ok(items)
            }
        }
    }
}

/// Sends the lines of a text, which may turn out to be CoNLL-U unless that `is_sure`. A receiver that is
/// gone wants no more.
fn read_lines(
    input: impl BufRead,
    name: &str,
    is_sure: bool,
    sender: &SyncSender<anyhow::Result<Item>>,
) {
    let mut lines = LineReader::new(input);
    loop {
        let item = match lines.read() {
            Ok(None) => return,
            Ok(Some((number, line))) => {
                let line = line_content(line);
                let line = match number {
                    1 => line.trim_start_matches('\u{feff}'),
                    _ => line,
                };
                let of_line = || TaggedFormat::of_text(line).ok();
                let is_conllu = || line.contains('\t') && of_line() == Some(TaggedFormat::Conllu);
                match !is_sure && is_conllu() {
                    true => Err(anyhow!(
                        "{name}: line {number}: expected a sentence, found a line of CoNLL-U: give \
                         --input conllu, or --input text if it is text"
                    )),
                    false => Ok(Item::Text(line.to_owned(), number)),
                }
            }
            Err(error) => Err(error).context(name.to_owned()),
        };
        let is_end = item.is_err();
        if sender.send(item).is_err() || is_end {
            return;
        }
    }
}

/// Sends the sentences of CoNLL-U.
fn read_conllu(input: impl BufRead, name: &str, sender: &SyncSender<anyhow::Result<Item>>) {
    for sentence in ConlluReader::new(input) {
        let item = sentence
            .map(|sentence| Item::Conllu(Box::new(sentence)))
            .context(name.to_owned());
        let is_end = item.is_err();
        if sender.send(item).is_err() || is_end {
            return;
        }
    }
}
