use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::ensure;
use burn::module::Module;
use rnn_data::tagged::{Label, TaggedCorpus, WordForm};
use rnn_train::data::fingerprint_sentences;
use serde::Serialize;

use super::args::{Part, TaggerEvalArgs};
use super::data::{Source, describe_label};
use super::judge::{Score, Tagged};
use super::model::TrainedTagger;
use crate::context::Context;
use crate::tasks::dataset;
use crate::tasks::results::{CommonResults, EvaluationResults, epochs_of};
use crate::ui::{Grouped, Output};

/// The score, and what an evaluation says beside it.
#[derive(Serialize)]
struct Evaluated {
    /// The folder or the file.
    data: Option<PathBuf>,
    /// Of a folder.
    part: Option<Part>,
    label: Label,
    /// The form in which words are looked up.
    #[serde(flatten)]
    word_form: WordForm,
    #[serde(flatten)]
    score: Score,
    words_per_second: f64,
    /// Sentences at a time.
    batch_size: usize,
    confusion: ConfusionResults,
}

/// A row per right tag, a column per predicted one.
#[derive(Serialize)]
struct ConfusionResults {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
}

/// How words are looked up, if not as they are written.
fn describe_form(form: WordForm) -> &'static str {
    match (form.lowercase, form.digits) {
        (false, false) => "",
        (true, false) => ", looked up in lower case",
        (false, true) => ", looked up with all digits as 0",
        (true, true) => ", looked up in lower case with all digits as 0",
    }
}

pub fn run(context: &Context, args: &TaggerEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let trained = TrainedTagger::open(&args.run.run, &context.device, out)?;
    let TrainedTagger {
        run,
        settings,
        tagger,
    } = &trained;
    let training = settings.training.as_ref();
    let of_training = training.map_or(Label::Auto, |training| training.source.label);
    let label = args.label.unwrap_or(of_training);
    let sentences = match &args.data {
        Some(path) => match args.part {
            Part::Dev => TaggedCorpus::read_dev(path, label)?,
            Part::Test => TaggedCorpus::read_test(path, label)?,
        },
        None => {
            let mut source = settings.evaluated_on(None, |t| t.source.clone(), run, "--data")?;
            let folder = dataset::folder(source.downloaded(), context, out)?;
            source.data = folder.or(source.data);
            source.dev()?
        }
    };
    let data_as_trained = training.map(|t| fingerprint_sentences(&sentences) == t.dev_fingerprint);
    out.field("run", run.path().display())?;
    let source = training.map(|training| &training.source);
    let of_run = source.and_then(|source| source.dev.as_ref().or(source.data.as_ref()));
    let data = args.data.as_ref().or(of_run);
    let part = data.filter(|path| path.is_dir()).map(|_| args.part);
    let name = data.map(|path| path.display().to_string());
    let by_name = source.and_then(Source::downloaded);
    let name = name.or(by_name.map(str::to_owned));
    let name = name.unwrap_or_else(|| "the notebook's two sentences".to_owned());
    let part_in_words = match part {
        None => "",
        Some(Part::Dev) => ", its development part",
        Some(Part::Test) => ", its test part",
    };
    out.field(
        "data",
        format_args!("{name}{part_in_words}, {}", describe_label(label)),
    )?;
    out.field(
        "sentences",
        format_args!(
            "{}{}",
            Grouped(sentences.len()),
            match data_as_trained {
                Some(false) => ", not those that the training was evaluated on",
                _ => "",
            }
        ),
    )?;
    let words: usize = sentences.iter().map(|sentence| sentence.len()).sum();
    out.field(
        "words",
        format_args!(
            "{}, as the data split them{}",
            Grouped(words),
            describe_form(settings.model.own.word_form())
        ),
    )?;
    let tags = sentences.iter().flat_map(|sentence| &sentence.tags);
    let unseen: Vec<&String> = tags.filter(|tag| !tagger.tags().contains(tag)).collect();
    if !unseen.is_empty() {
        let names: BTreeSet<&str> = unseen.iter().map(|tag| tag.as_str()).collect();
        let names: Vec<&str> = names.into_iter().take(10).collect();
        let known: Vec<&str> = tagger.tags().iter().take(10).collect();
        ensure!(
            unseen.len() < words,
            "{name}: none of its tags ({}) is one of the run's ({}); --label says which are meant",
            names.join(", "),
            known.join(", ")
        );
        out.field(
            "note",
            format_args!(
                "{} words have a tag that this run does not know: {}",
                Grouped(unseen.len()),
                names.join(", ")
            ),
        )?;
    }
    out.line("")?;
    let start = Instant::now();
    let tagged = Tagged::new(tagger, &sentences, args.batch_size, out)?;
    out.line("")?;
    tagged.print_tags(out)?;
    out.line(format_args!(
        "\n{} words per second, {} sentences at a time",
        Grouped(tagged.words_per_second as usize),
        args.batch_size
    ))?;
    let table = tagged.confusion_table();
    let score = Evaluated {
        data: data.cloned(),
        part,
        label,
        word_form: settings.model.own.word_form(),
        words_per_second: tagged.words_per_second,
        batch_size: args.batch_size,
        confusion: ConfusionResults {
            classes: table.classes,
            counts: table.counts,
        },
        score: tagged.score,
    };
    out.results(&EvaluationResults {
        common: CommonResults::new(context, "eval", run, settings, tagger.model().num_params()),
        epochs: training.map(|t| epochs_of(&t.fit, run)).transpose()?,
        seconds: start.elapsed().as_secs_f64(),
        data_as_trained,
        score,
    })
}
