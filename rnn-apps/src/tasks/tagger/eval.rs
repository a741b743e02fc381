use std::collections::BTreeSet;
use std::time::Instant;

use burn::module::Module;
use rnn_data::tagged::{Label, TaggedCorpus};
use rnn_train::data::fingerprint_sentences;

use super::args::TaggerEvalArgs;
use super::judge::Tagged;
use super::model::TrainedTagger;
use crate::context::Context;
use crate::tasks::results::{CommonResults, EvaluationResults, epochs_of};
use crate::ui::{Grouped, Output};

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
        Some(path) => TaggedCorpus::read_dev(path, label)?,
        None => settings
            .evaluated_on(None, |t| t.source.clone(), run, "--data")?
            .dev()?,
    };
    let data_as_trained = training.map(|t| fingerprint_sentences(&sentences) == t.dev_fingerprint);
    out.field("run", run.path().display())?;
    let path = match (&args.data, training.map(|training| &training.source)) {
        (Some(path), _) => Some(path),
        (None, Some(source)) => source.dev.as_ref().or(source.data.as_ref()),
        (None, None) => None,
    };
    if let Some(path) = path {
        out.field("data", path.display())?;
    }
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
    out.field(
        "words",
        format_args!(
            "{} as the data split them, tagged with their {}",
            Grouped(sentences.iter().map(|sentence| sentence.len()).sum()),
            match label {
                Label::Auto => "tags".to_owned(),
                Label::Upos | Label::Xpos => label.to_string().to_uppercase(),
                Label::Column(number) => format!("column {number}"),
            }
        ),
    )?;
    let tags = sentences.iter().flat_map(|sentence| &sentence.tags);
    let unseen: Vec<&String> = tags.filter(|tag| !tagger.tags().contains(tag)).collect();
    if !unseen.is_empty() {
        let names: BTreeSet<&str> = unseen.iter().map(|tag| tag.as_str()).collect();
        let names: Vec<&str> = names.into_iter().take(10).collect();
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
    let score = tagged.score;
    out.line(format_args!(
        "\n{} words per second, {} sentences at a time",
        Grouped(score.words_per_second as usize),
        score.batch_size
    ))?;
    out.results(&EvaluationResults {
        common: CommonResults::new(context, "eval", run, settings, tagger.model().num_params()),
        epochs: training.map(|t| epochs_of(&t.fit, run)).transpose()?,
        seconds: start.elapsed().as_secs_f64(),
        data_as_trained,
        score,
    })
}
