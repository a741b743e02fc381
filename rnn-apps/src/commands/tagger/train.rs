use std::collections::HashSet;
use std::path::Path;

use burn::module::Module;
use rnn_data::{Sentence, TaggedCorpus, TaggedItem, Vocab, VocabError};
use rnn_train::data::fingerprint_sentences;
use rnn_train::metrics::TaggingScore;
use rnn_train::optim::Schedule;
use rnn_train::{Evaluation, FitConfig, TaggedLoader, Trainer, evaluate};
use serde::Serialize;

use super::settings::{ModelSettings, Settings, Source, Training};
use super::{Context, EVAL_BATCH, score, verdict};
use crate::cli::{RunArgs, TaggerTrainArgs};
use crate::commands::report;
use crate::commands::session::{Resumed, Session, check_data, describe_fit, print_config};
use crate::output::{Grouped, Output, Seconds};
use crate::progress::waiting;
use crate::report::{Confusion, Mistakes};

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
    steps: usize,
    best_epoch: Option<usize>,
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
    if args.run.print_config {
        return print_config(context, &filled(args), out);
    }
    let results = match &args.run.resume {
        None => {
            let source = Source {
                // Absolute, since `eval` may be called from elsewhere.
                data: args.data.as_deref().map(std::path::absolute).transpose()?,
                dev: args.dev.as_deref().map(std::path::absolute).transpose()?,
                valid_split: args.valid_split,
            };
            let data = Data::open(&source, args.limit, min_count(&args), out)?;
            let settings = resolve(context, &args, source, &data)?;
            train(context, settings, &data, &args.run, out)?
        }
        Some(folder) => {
            let resumed = Resumed::<Settings>::open(folder, "tagger", context, out)?;
            if resumed.is_finished(&args.run, out)? {
                return Ok(());
            }
            let data = as_trained(&resumed.settings, args.data.as_deref(), folder, out)?;
            train(context, resumed.settings, &data, &args.run, out)?
        }
    };
    out.line(format_args!(
        "\nNext: tagger tag --run {} \"The dog ate the apple.\"",
        results.run
    ))?;
    out.results(&results)
}

/// Sentences, and the words and tags in them.
struct Data {
    corpus: TaggedCorpus,
    words: Vocab,
    tags: Vocab,
}

impl Data {
    fn open(
        source: &Source,
        limit: Option<usize>,
        min_count: usize,
        out: &Output,
    ) -> anyhow::Result<Self> {
        let mut corpus = waiting(out, "reading the sentences".to_owned(), || source.open())?;
        if let Some(limit) = limit {
            corpus.train.truncate(limit);
        }
        let words = Vocab::builder()
            .with_unk("<unk>")
            .with_min_count(min_count)
            .words(corpus.train.iter().flat_map(|sentence| &sentence.words));
        // A tag that only the sentences to judge by have can't be learnt, but has to have an id.
        let all = corpus.train.iter().chain(&corpus.dev);
        let tags = Vocab::words(all.flat_map(|sentence| &sentence.tags));
        Ok(Self {
            corpus,
            words,
            tags,
        })
    }
}

/// The sentences that a run was begun with.
fn as_trained(
    settings: &Settings,
    moved: Option<&Path>,
    folder: &Path,
    out: &Output,
) -> anyhow::Result<Data> {
    let training = settings.training()?;
    let mut source = training.source.clone();
    if let Some(path) = moved {
        source.data = Some(path.to_owned());
    }
    let data = Data::open(&source, training.limit, training.min_count, out)?;
    let train = fingerprint_sentences(&data.corpus.train);
    let dev = fingerprint_sentences(&data.corpus.dev);
    check_data(
        folder,
        "sentences to train",
        &training.train_fingerprint,
        &train,
    )?;
    check_data(
        folder,
        "sentences to evaluate",
        &training.dev_fingerprint,
        &dev,
    )?;
    Ok(data)
}

fn resolve(
    context: &Context,
    args: &TaggerTrainArgs,
    source: Source,
    data: &Data,
) -> anyhow::Result<Settings> {
    let training = Training {
        source,
        limit: args.limit,
        train_fingerprint: fingerprint_sentences(&data.corpus.train),
        dev_fingerprint: fingerprint_sentences(&data.corpus.dev),
        min_count: min_count(args),
        batch_size: args.batch_size,
        fit: args.fit.config(FitConfig {
            seed: context.seed,
            ..base(args)
        }),
    };
    let model = ModelSettings {
        vocab_size: data.words.len(),
        embedding_size: args.embedding_size,
        hidden_size: args.hidden_size,
        proj_size: None,
        num_layers: args.num_layers,
        bias: true,
        bidirectional: args.bidirectional,
        dropout: args.dropout,
        num_tags: data.tags.len(),
    };
    Ok(Settings {
        training: Some(training),
        checkpoint_every: args.run.checkpoint_every.unwrap_or_default(),
        ..Settings::new(context, "tagger", model)
    })
}

/// How a tagger trains if nothing is said.
fn base(args: &TaggerTrainArgs) -> FitConfig {
    FitConfig {
        learning_rate: 0.01,
        schedule: Schedule::OneCycle,
        clip_norm: Some(1.0),
        ..FitConfig::new(args.epochs)
    }
}

/// `args` with what depends on other flags, as it is when nothing else is said.
fn filled(mut args: TaggerTrainArgs) -> TaggerTrainArgs {
    args.min_count = Some(min_count(&args));
    let base = base(&args);
    args.fit.fill(&base);
    args
}

fn train(
    context: &Context,
    settings: Settings,
    data: &Data,
    args: &RunArgs,
    out: &mut Output,
) -> anyhow::Result<Results> {
    let training = settings.training()?.clone();
    let Data {
        corpus,
        words,
        tags,
    } = data;
    let train = encode(&corpus.train, words, tags)?;
    let dev = TaggedLoader::sentences(encode(&corpus.dev, words, tags)?, EVAL_BATCH);
    context.check_precision(training.fit.precision)?;
    context.device.seed(settings.seed);
    let model = settings.model.init(&context.device)?;
    let parameters = model.num_params();
    // Only now, when nothing can be refused any more: an empty folder is of no use.
    let mut session = Session::begin(args, "tagger", &settings)?;
    if args.resume.is_none() {
        session.run.write_vocab(words)?;
        session.run.write_tags(tags)?;
    }
    // From here on there is something to lose.
    let out = &mut out.even_unread();
    describe(out, context, &settings, &training, corpus, parameters)?;
    let loader = TaggedLoader::sentences(train, training.batch_size).shuffled(settings.seed);
    describe_fit(
        out,
        &training.fit,
        training.batch_size,
        loader.num_batches(),
    )?;
    session.describe(out)?;

    let trainer = Trainer::new(training.fit).with_validation(dev.clone());
    let fitted = session.fit(trainer, model, loader, out)?;
    let run = &session.run;
    run.save_model(&fitted.model)?;

    let score: TaggingScore = score(&fitted.model, &corpus.dev, words, tags)?;
    let results = Results {
        command: "tagger train",
        run: run.path().display().to_string(),
        seed: settings.seed,
        device: context.device_name.clone(),
        threads: context.threads,
        parameters,
        epochs: fitted.history.len(),
        steps: fitted.steps,
        best_epoch: fitted.best_epoch,
        seconds: fitted.seconds,
        step_seconds: fitted.step_seconds,
        train_loss: fitted.report().map_or(f64::NAN, |report| report.train_loss),
        accuracy: score.accuracy(),
        accuracy_unknown: score.accuracy_unknown(),
        sentence_accuracy: score.sentence_accuracy(),
        correct: score.correct,
        total: score.words,
    };
    out.line(format_args!("trained in {}\n", Seconds(results.seconds)))?;
    verdict(out, &score)?;
    let result = evaluate(&fitted.model, &dev)?;
    let confusion = Confusion {
        classes: tags.iter().map(str::to_owned).collect(),
        counts: rnn_train::metrics::Confusion::of(&result, tags.len())
            .counts()
            .to_vec(),
    };
    let mistakes = list_mistakes(&corpus.dev, &result, tags)?;
    report::write(run, &fitted, &results, confusion, mistakes, out)?;
    // Last: it is what says that the run is finished.
    run.write_metrics(&results)?;
    Ok(results)
}

/// The words that the model is most sure of and wrong about.
fn list_mistakes(
    dev: &[Sentence],
    result: &Evaluation,
    tags: &Vocab,
) -> anyhow::Result<Option<Mistakes>> {
    const SHOWN: usize = 50;
    let mut wrong = result.mistakes();
    let total = wrong.len();
    wrong.truncate(SHOWN);
    if wrong.is_empty() {
        return Ok(None);
    }
    // Predictions go through all sentences, word by word.
    let places: Vec<(&Sentence, usize)> = dev
        .iter()
        .flat_map(|sentence| (0..sentence.len()).map(move |word| (sentence, word)))
        .collect();
    let row = |&index: &usize| -> anyhow::Result<Vec<String>> {
        let (sentence, word) = places[index];
        let named = tags.decode(&[result.targets[index], result.predictions[index]])?;
        Ok(vec![
            in_context(sentence, word),
            named[0].to_owned(),
            named[1].to_owned(),
            format!("{:.1} %", 100.0 * result.confidences[index]),
        ])
    };
    let header = ["word", "right", "predicted", "confidence"];
    Ok(Some(Mistakes::Table {
        header: header.map(str::to_owned).to_vec(),
        rows: wrong.iter().map(row).collect::<anyhow::Result<_>>()?,
        caption: format!("The {} most confident of {total} mistakes", wrong.len()),
    }))
}

/// A word in brackets between a few others.
fn in_context(sentence: &Sentence, word: usize) -> String {
    const AROUND: usize = 4;
    let (first, last) = (word.saturating_sub(AROUND), word + AROUND);
    let words = sentence.words.iter().enumerate();
    let words = words.filter(|(index, _)| (first..=last).contains(index));
    let words = words.map(|(index, text)| match index == word {
        true => format!("[{text}]"),
        false => text.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
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
    context: &Context,
    settings: &Settings,
    training: &Training,
    corpus: &TaggedCorpus,
    parameters: usize,
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
    out.field("device", &context.device_name)
}
