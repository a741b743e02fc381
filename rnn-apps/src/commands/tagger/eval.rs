use rnn_data::{Sentence, TaggedCorpus};
use rnn_train::fingerprint_sentences;

use super::settings::Settings;
use super::{Context, score, verdict};
use crate::cli::TaggerEvalArgs;
use crate::commands::open_run;
use crate::output::{Grouped, Output};

pub fn run(context: &Context, args: &TaggerEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = open_run::<Settings>(&args.run, "tagger")?;
    let (words, tags) = run.read_vocabs()?;
    let sentences: Vec<Sentence> = match &args.data {
        None => settings.source.dev()?,
        Some(path) => {
            let corpus = TaggedCorpus::open(path)?;
            // A file is all for training; here it is what to judge by.
            if corpus.dev.is_empty() {
                corpus.train
            } else {
                corpus.dev
            }
        }
    };
    let known = fingerprint_sentences(&sentences) == settings.dev_fingerprint;
    out.field("run", run.path().display())?;
    out.field(
        "sentences",
        format_args!(
            "{}{}\n",
            Grouped(sentences.len()),
            if known {
                ""
            } else {
                ", not those that the training was evaluated on"
            }
        ),
    )?;
    let model = settings.model.load(&run, &context.device)?;
    let score = score(&model, &sentences, &words, &tags)?;
    verdict(out, &score)?;
    out.results(&serde_json::json!({
        "command": "tagger eval",
        "run": run.path().display().to_string(),
        "seed": settings.seed,
        "device": context.device_name,
        "threads": context.threads,
        "data_as_trained": known,
        "accuracy": score.accuracy(),
        "accuracy_unknown": score.accuracy_unknown(),
        "sentence_accuracy": score.sentence_accuracy(),
        "correct": score.correct,
        "total": score.words,
    }))
}
