use std::collections::BTreeSet;
use std::time::Instant;

use burn::module::Module;
use rnn_data::TaggedCorpus;
use rnn_train::data::fingerprint_sentences;

use super::settings::Trained;
use super::{Context, score, verdict};
use crate::cli::TaggerEvalArgs;
use crate::output::{Grouped, Output};

pub fn run(context: &Context, args: &TaggerEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let trained = Trained::open(&args.run, &context.device)?;
    let Trained { run, settings, .. } = &trained;
    let training = settings.training.as_ref();
    let sentences = match (&args.data, training) {
        (Some(path), _) => TaggedCorpus::read_dev(path)?,
        (None, Some(training)) => training.source.dev()?,
        (None, None) => anyhow::bail!(
            "{}: the weights were imported, so say on what to evaluate them: --data",
            run.path().display()
        ),
    };
    let known = training.map(|t| fingerprint_sentences(&sentences) == t.dev_fingerprint);
    out.field("run", run.path().display())?;
    out.field(
        "sentences",
        format_args!(
            "{}{}",
            Grouped(sentences.len()),
            match known {
                Some(false) => ", not those that the training was evaluated on",
                _ => "",
            }
        ),
    )?;
    let tags = sentences.iter().flat_map(|sentence| &sentence.tags);
    let strange: Vec<&String> = tags.filter(|tag| !trained.tags.contains(tag)).collect();
    if !strange.is_empty() {
        let names: BTreeSet<&str> = strange.iter().map(|tag| tag.as_str()).collect();
        let names: Vec<&str> = names.into_iter().take(10).collect();
        out.field(
            "note",
            format_args!(
                "{} words have a tag that this run does not know: {}",
                Grouped(strange.len()),
                names.join(", ")
            ),
        )?;
    }
    out.line("")?;
    let start = Instant::now();
    let score = score(&trained.model, &sentences, &trained.words, &trained.tags)?;
    let seconds = start.elapsed().as_secs_f64();
    verdict(out, &score)?;
    out.results(&serde_json::json!({
        "command": "tagger eval",
        "run": run.path().display().to_string(),
        "seed": settings.seed,
        "device": context.device_name,
        "threads": context.threads,
        "parameters": trained.model.num_params(),
        "epochs": training.map(|training| training.fit.epochs),
        "seconds": seconds,
        "data_as_trained": known,
        "accuracy": score.accuracy(),
        "accuracy_unknown": score.accuracy_unknown(),
        "sentence_accuracy": score.sentence_accuracy(),
        "correct": score.correct,
        "total": score.words,
    }))
}
