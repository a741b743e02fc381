use std::collections::HashSet;

use anyhow::Context as _;
use burn::module::Module;
use rnn_data::{Sentence, TaggedCorpus, TaggedItem, Vocab, VocabError};
use rnn_train::{
    FitConfig, RunDir, Schedule, TaggedLoader, TaggingScore, Trainer, fingerprint_sentences,
};
use serde::Serialize;

use super::settings::{ModelSettings, Settings, Source, Training};
use super::{Context, EVAL_BATCH, score, verdict};
use crate::cli::TaggerTrainArgs;
use crate::commands::run;
use crate::output::{Grouped, Output, Seconds};
use crate::progress::Progress;

/// What a training came to.
#[derive(Debug, Serialize)]
struct Results {
    command: &'static str,
    run: String,
    seed: u64,
    device: String,
    threads: usize,
    parameters: usize,
    epochs: usize,
    seconds: f64,
    step_seconds: f64,
    train_loss: f64,
    accuracy: f64,
    accuracy_unknown: Option<f64>,
    sentence_accuracy: f64,
    correct: usize,
    total: usize,
}

pub fn run(context: &Context, args: TaggerTrainArgs, out: &mut Output) -> anyhow::Result<()> {
    let source = Source {
        // Absolute, since `eval` may be called from elsewhere.
        data: args.data.as_deref().map(std::path::absolute).transpose()?,
        dev: args.dev.as_deref().map(std::path::absolute).transpose()?,
        valid_split: args.valid_split,
    };
    let mut corpus = source.open()?;
    if let Some(limit) = args.limit {
        corpus.train.truncate(limit);
    }
    let words = Vocab::builder()
        .with_unk("<unk>")
        .with_min_count(min_count(&args))
        .words(corpus.train.iter().flat_map(|sentence| &sentence.words));
    // A tag that only the sentences to judge by have can't be learnt, but has to have an id.
    let all = corpus.train.iter().chain(&corpus.dev);
    let tags = Vocab::words(all.flat_map(|sentence| &sentence.tags));
    let training = Training {
        source,
        limit: args.limit,
        train_fingerprint: fingerprint_sentences(&corpus.train),
        dev_fingerprint: fingerprint_sentences(&corpus.dev),
        min_count: min_count(&args),
        batch_size: args.batch_size,
        fit: FitConfig {
            learning_rate: args.learning_rate,
            schedule: Schedule::OneCycle,
            clip_norm: Some(args.clip_norm),
            precision: args.precision,
            seed: context.seed,
            ..FitConfig::new(args.epochs)
        },
    };
    let model = ModelSettings {
        vocab_size: words.len(),
        embedding_size: args.embedding_size,
        hidden_size: args.hidden_size,
        proj_size: None,
        num_layers: args.num_layers,
        bias: true,
        bidirectional: args.bidirectional,
        dropout: args.dropout,
        num_tags: tags.len(),
    };
    let settings = Settings {
        training: Some(training.clone()),
        ..Settings::new(context, "tagger", model)
    };
    let train = encode(&corpus.train, &words, &tags)?;
    let dev = encode(&corpus.dev, &words, &tags)?;

    let named = || format!("--device {}", context.device_name);
    args.precision.check(&context.device).with_context(named)?;
    context.device.seed(context.seed);
    let model = settings.model.init(&context.device)?;
    let parameters = model.num_params();
    // Only now, when nothing can be refused any more: an empty folder is of no use.
    let run = run::create(args.run.as_deref(), "tagger", &settings)?;
    run.write_vocab(&words)?;
    run.write_tags(&tags)?;
    // From here on there is something to lose.
    let out = &mut out.even_unread();
    describe(out, &settings, &training, &corpus, parameters, &run)?;

    let loader = TaggedLoader::sentences(train, args.batch_size).shuffled(context.seed);
    let fitted = Trainer::new(training.fit)
        .with_checkpoints(run.checkpoints())
        .with_observer(Progress::new(*out, args.epochs, Some(run.clone())))
        .with_validation(TaggedLoader::sentences(dev, EVAL_BATCH))
        .fit(model, loader)?;
    run.save_model(&fitted.model)?;

    let score: TaggingScore = score(&fitted.model, &corpus.dev, &words, &tags)?;
    let results = Results {
        command: "tagger train",
        run: run.path().display().to_string(),
        seed: context.seed,
        device: context.device_name.clone(),
        threads: context.threads,
        parameters,
        epochs: args.epochs,
        seconds: fitted.seconds,
        step_seconds: fitted.step_seconds,
        train_loss: fitted
            .history
            .last()
            .map_or(f64::NAN, |report| report.train_loss),
        accuracy: score.accuracy(),
        accuracy_unknown: score.accuracy_unknown(),
        sentence_accuracy: score.sentence_accuracy(),
        correct: score.correct,
        total: score.words,
    };
    run.write_metrics(&results)?;
    out.line(format_args!("trained in {}\n", Seconds(results.seconds)))?;
    verdict(out, &score)?;
    out.line(format_args!(
        "\nNext: tagger tag --run {} \"The dog ate the apple.\"",
        results.run
    ))?;
    out.results(&results)
}

/// All words of the two sentences occur once or twice: there all of them count.
fn min_count(args: &TaggerTrainArgs) -> usize {
    args.min_count
        .unwrap_or(if args.data.is_some() { 2 } else { 1 })
}

fn encode(
    sentences: &[Sentence],
    words: &Vocab,
    tags: &Vocab,
) -> Result<Vec<TaggedItem>, VocabError> {
    sentences
        .iter()
        .map(|sentence| TaggedItem::encode(sentence, words, tags))
        .collect()
}

fn describe(
    out: &mut Output,
    settings: &Settings,
    training: &Training,
    corpus: &TaggedCorpus,
    parameters: usize,
    run: &RunDir,
) -> std::io::Result<()> {
    let model = &settings.model;
    let dev = match training.source.data {
        Some(_) => format!("{} to evaluate on", Grouped(corpus.dev.len())),
        None => "evaluated on the same".to_owned(),
    };
    out.field(
        "sentences",
        format_args!("{} to train on, {dev}", Grouped(corpus.train.len())),
    )?;
    let all = corpus.train.iter().flat_map(|sentence| &sentence.words);
    let distinct = all.collect::<HashSet<_>>().len();
    let known = model.vocab_size - 1;
    let rare = match distinct - known.min(distinct) {
        0 => String::new(),
        rare => format!(
            "; {} more come less than {} times and\n{:11}count as unknown (--min-count)",
            Grouped(rare),
            training.min_count,
            ""
        ),
    };
    out.field(
        "known",
        format_args!("{} words, {} tags{rare}", Grouped(known), model.num_tags),
    )?;
    out.field(
        "model",
        format_args!(
            "lstm, {} × {}{} over embeddings of {}, {} parameters",
            model.num_layers,
            model.hidden_size,
            if model.bidirectional {
                " in both directions"
            } else {
                ""
            },
            model.embedding_size,
            Grouped(parameters)
        ),
    )?;
    out.field("device", &settings.device)?;
    out.field("run", format_args!("{}\n", run.path().display()))
}
