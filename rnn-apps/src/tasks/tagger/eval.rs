use std::collections::BTreeSet;
use std::time::Instant;

use burn::module::Module;
use rnn_data::TaggedCorpus;
use rnn_train::data::fingerprint_sentences;

use super::args::TaggerEvalArgs;
use super::judge;
use super::model::TrainedTagger;
use crate::context::Context;
use crate::tasks::results::{CommonResults, EvaluationResults, epochs_of};
use crate::ui::{Grouped, Output};

pub fn run(context: &Context, args: &TaggerEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let trained = TrainedTagger::open(&args.run.run, &context.device, out)?;
    let TrainedTagger { run, settings, .. } = &trained;
    let training = settings.training.as_ref();
    let sentences = match &args.data {
        Some(path) => TaggedCorpus::read_dev(path)?,
        None => settings
            .evaluated_on(None, |t| t.source.clone(), run, "--data")?
            .dev()?,
    };
    let data_as_trained = training.map(|t| fingerprint_sentences(&sentences) == t.dev_fingerprint);
    out.field("run", run.path().display())?;
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
    let tags = sentences.iter().flat_map(|sentence| &sentence.tags);
    let unseen: Vec<&String> = tags
        .filter(|tag| !trained.symbols.tags.contains(tag))
        .collect();
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
    let score = judge::test(&trained.model, &sentences, &trained.symbols, out)?;
    out.results(&EvaluationResults {
        common: CommonResults::new(context, "eval", run, settings, trained.model.num_params()),
        epochs: training.map(|t| epochs_of(&t.fit, run)).transpose()?,
        seconds: start.elapsed().as_secs_f64(),
        data_as_trained,
        score,
    })
}
