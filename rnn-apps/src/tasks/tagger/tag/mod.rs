//! Tags sentences as they come.

mod source;
mod suggest;
mod write;

use std::time::Instant;

use anyhow::{Context as _, anyhow};
use burn::module::Module;
use rnn_train::tagging::{SentenceTagger, SentenceTaggerError, TaggedSentence};
use serde::Serialize;

use super::args::{InputFormat, OutputFormat, TaggerTagArgs};
use super::model::TrainedTagger;
use crate::context::Context;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::Output;
use source::{Item, Source};
pub use suggest::sentence_of;
use write::{Line, Writer};

/// The greatest number of words in a sentence, since all steps are in memory at once.
const MAX_WORDS: usize = 10_000;

/// What is printed at the end.
#[derive(Default, Serialize)]
struct Totals {
    /// Of sentences given as arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences: Option<Vec<Line>>,
    num_sentences: usize,
    num_words: usize,
    num_unknown: usize,
    /// In which words were tagged.
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
    let of_training = settings.training.as_ref().map(|t| t.source.label);
    let writer = Writer::new(format, of_training, args)?;
    // Of a file there may be more sentences than fit into memory.
    let mut kept = args.file.is_none().then(Vec::new);
    let mut totals = Totals::default();
    loop {
        let mut items = source.next(args.batch_size)?;
        if items.is_empty() {
            break;
        }
        let mut words: Vec<Vec<String>> = items.iter().map(|item| item.words(&tagger)).collect();
        // What comes before a sentence that is too long is written first.
        let too_long = words.iter().position(|words| words.len() > MAX_WORDS);
        let mut error = too_long.map(|index| {
            let (place, found) = (source.place(&items[index]), words[index].len());
            anyhow!("{place}: expected at most {MAX_WORDS} words, found {found}")
        });
        items.truncate(too_long.unwrap_or(items.len()));
        words.truncate(items.len());
        let start = Instant::now();
        let tagged = match tag(&tagger, &words, args) {
            // Of a vocabulary without a symbol for unknown words. So too.
            Err(SentenceTaggerError::Unknown { index, source: of }) => {
                let is_full = |(_, words): &(usize, &Vec<String>)| !words.is_empty();
                let place = words.iter().enumerate().filter(is_full).nth(index);
                let place = place.map_or(0, |(place, _)| place);
                error = Some(anyhow::Error::new(of).context(source.place(&items[place])));
                items.truncate(place);
                words.truncate(place);
                tag(&tagger, &words, args)?
            }
            tagged => tagged?,
        };
        let lines = lines(tagged, items, args);
        totals.seconds += start.elapsed().as_secs_f64();
        for line in lines {
            totals.num_sentences += usize::from(!line.tokens.is_empty());
            totals.num_words += line.tokens.len();
            totals.num_unknown += line.unknown.iter().filter(|&&unknown| unknown).count();
            let text = writer.text(&line);
            out.piece(&text.with_context(|| source.place(line.item()))?)?;
            if let Some(kept) = &mut kept {
                kept.push(line);
            }
        }
        if let Some(error) = error {
            return Err(error);
        }
    }
    totals.words_per_second = match totals.num_words {
        0 => 0.0,
        words => words as f64 / totals.seconds,
    };
    totals.sentences = kept;
    let parameters = tagger.model().num_params();
    out.results(&PredictionResults {
        common: CommonResults::new(context, "tag", &run, &settings, parameters),
        predictions: totals,
    })
}

/// Tags sentences, of which `words` are the words; none for one without words.
fn tag<'a>(
    tagger: &'a SentenceTagger,
    words: &[Vec<String>],
    args: &TaggerTagArgs,
) -> Result<Vec<Option<TaggedSentence<'a>>>, SentenceTaggerError> {
    let full: Vec<&[String]> = words
        .iter()
        .map(Vec::as_slice)
        .filter(|words| !words.is_empty())
        .collect();
    let mut tagged = tagger.tag_sentences(&full, args.batch_size)?.into_iter();
    let sentence = |words: &Vec<String>| match words.is_empty() {
        true => None,
        false => tagged.next(),
    };
    Ok(words.iter().map(sentence).collect())
}

/// What is to be written of each sentence.
fn lines(
    tagged: Vec<Option<TaggedSentence<'_>>>,
    items: Vec<Item>,
    args: &TaggerTagArgs,
) -> Vec<Line> {
    let line = |(sentence, item)| match sentence {
        Some(sentence) => Line::new(sentence, item, args),
        None => Line::empty(item),
    };
    tagged.into_iter().zip(items).map(line).collect()
}
