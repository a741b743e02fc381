//! Tags the words of sentences: the notebook's third section, for any tagged corpus.

mod args;
mod data;
mod eval;
mod judge;
mod model;
mod tag;
mod vectors;

use std::path::Path;

use anyhow::Context as _;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rnn_data::TaggedBatch;
use rnn_model::LstmTagger;
use rnn_train::{FitConfig, RunDir, TaggedLoader};

pub use judge::Score;

use super::import::{Outputs, at_all_steps, ids_of};
use super::recurrent::{RecurrentSettings, WeightInit};
use super::task::{Batches, Judgement, SettingsOf, Task, Trained};
use crate::context::Context;
use crate::ui::{Grouped, Output, quoted};
use args::{TaggerAction, TaggerArgs};
use data::{EVAL_BATCH, Symbols, TaggedData, Training};
use model::{ModelSettings, NAME, TaggerDescription};

/// The standard deviation of new embeddings of words in a training; PyTorch's is 1.
const EMBEDDING_SCALE: f32 = 0.1;

/// The task of tagging words.
#[derive(Debug)]
pub struct Tagger;

impl Task for Tagger {
    const NAME: &'static str = NAME;
    const ABOUT: &'static str =
        "Teach an LSTM to tag words; without a subcommand, those of two sentences";
    const TRAIN_ABOUT: &'static str = "Train a tagger and evaluate it";
    const ITEMS: &'static str = "sentences";
    const ALLOWED_WITH_RESUME: &'static [&'static str] = &["data"];
    const VOCABULARY_FLAGS: &'static [&'static str] =
        &["min_count", "lowercase", "digits", "no_chars"];
    const WEIGHT_FLAGS: &'static [&'static str] = &["vectors"];
    const NOISE_FLAGS: &'static [&'static str] = &["dropout", "input_dropout", "output_dropout"];
    const DEFAULTS: &'static [(&'static str, &'static str)] = &[
        ("epochs", "14"),
        ("valid_every", "epoch"),
        ("learning_rate", "0.004"),
        ("optimizer", "adamw, with a weight decay of 0.1"),
        ("schedule", "one-cycle"),
        ("clip_norm", "5"),
    ];

    type Args = TaggerArgs;
    type Action = TaggerAction;
    type Training = Training;
    type ModelSettings = ModelSettings;
    type Data = TaggedData;
    type Assets = Symbols;
    type Model = LstmTagger;
    type Score = Score;
    type Description = TaggerDescription;

    fn fill_defaults(args: &mut TaggerArgs) {
        args.min_count = Some(args.min_count());
        args.dropout = Some(args.dropout());
        args.lowercase = Some(args.lowercase());
    }

    fn default_fit(args: &TaggerArgs) -> FitConfig {
        args.fit()
    }

    fn training(args: &TaggerArgs, fit: FitConfig) -> anyhow::Result<Training> {
        Training::new(args, fit)
    }

    fn fit(training: &Training) -> &FitConfig {
        &training.fit
    }

    fn fit_mut(training: &mut Training) -> &mut FitConfig {
        &mut training.fit
    }

    fn fingerprint_fields(training: &mut Training) -> Vec<(&'static str, &mut String)> {
        vec![
            ("sentences to train", &mut training.train_fingerprint),
            ("sentences to evaluate", &mut training.dev_fingerprint),
        ]
    }

    fn data_path(args: &TaggerArgs) -> Option<&Path> {
        args.data.as_deref()
    }

    fn dataset(training: &Training) -> Option<&'static str> {
        training.source.downloaded()
    }

    fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<TaggedData> {
        TaggedData::read(training, path)
    }

    fn hash(data: &TaggedData) -> Vec<String> {
        data.fingerprints()
    }

    fn for_model(
        data: TaggedData,
        model: &ModelSettings,
        run: &RunDir,
    ) -> anyhow::Result<TaggedData> {
        let symbols = Symbols::read(run, model)?;
        Ok(TaggedData { symbols, ..data })
    }

    fn model(args: &TaggerArgs, data: &TaggedData) -> ModelSettings {
        ModelSettings::new(args, &data.symbols)
    }

    fn init(
        model: &ModelSettings,
        training: Option<&Training>,
        device: &Device,
    ) -> anyhow::Result<LstmTagger> {
        let init = match training {
            Some(_) => WeightInit::Tuned,
            None => WeightInit::Uniform,
        };
        let model = model.config(init)?.init(device);
        Ok(match training {
            // Small beside what the characters say, so that the network learns to look at those too.
            Some(_) => {
                let embeddings = model.embeddings() * EMBEDDING_SCALE;
                model.with_embeddings(embeddings)
            }
            None => model,
        })
    }

    fn recurrent(model: &mut ModelSettings) -> &mut RecurrentSettings {
        &mut model.recurrent
    }

    fn num_classes(model: &ModelSettings) -> Option<usize> {
        Some(model.own.num_tags)
    }

    fn num_params(model: &ModelSettings) -> anyhow::Result<usize> {
        model.num_params()
    }

    fn batches(
        settings: &SettingsOf<Self>,
        data: &TaggedData,
    ) -> anyhow::Result<Batches<TaggedBatch>> {
        let (training, seed) = (settings.training()?, settings.seed);
        let encode = |what, sentences: &[_]| {
            data.symbols
                .encode(sentences)
                .with_context(|| format!("the sentences to {what}"))
        };
        let train = encode("train on", &data.corpus.train)?;
        let mut dev = encode("evaluate on", &data.corpus.dev)?;
        let batch_size = training.batch_size;
        let lengths: Vec<usize> = train.iter().map(|item| item.tags.len()).collect();
        let mut train = match data.word_dropout(training, &train) {
            None => TaggedLoader::sentences(train, batch_size),
            Some(dropout) => TaggedLoader::with_word_dropout(train, batch_size, dropout, seed),
        };
        if training.bucketed {
            train = train.bucketed(lengths);
            // In validation the order makes no difference but to the padding.
            dev.sort_by_key(|item| item.tags.len());
        }
        Ok(Batches {
            train: train.shuffled(seed),
            valid: Some(TaggedLoader::sentences(dev, EVAL_BATCH)),
        })
    }

    fn assets(data: &TaggedData) -> &Symbols {
        &data.symbols
    }

    fn write_assets(symbols: &Symbols, run: &RunDir) -> anyhow::Result<()> {
        if !run.has_vocab() {
            run.write_vocab(symbols.words.words())?;
        }
        if let Some(characters) = symbols.words.characters()
            && !run.has_characters()
        {
            run.write_characters(characters)?;
        }
        if !run.has_tags() {
            run.write_tags(&symbols.tags)?;
        }
        Ok(())
    }

    fn describe(
        settings: &SettingsOf<Self>,
        data: &TaggedData,
        parameters: usize,
    ) -> anyhow::Result<Vec<(&'static str, String)>> {
        let (model, training) = (&settings.model, settings.training()?);
        Ok(vec![
            ("data", training.source.describe()),
            ("sentences", data.describe(training)),
            (
                "known",
                data.describe_symbols(training, settings.init_from.as_ref()),
            ),
            (
                "model",
                format!("{}, {} parameters", model.describe(), Grouped(parameters)),
            ),
        ])
    }

    fn judge(
        _: &SettingsOf<Self>,
        trained: Trained<LstmTagger>,
        data: &TaggedData,
        _: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Score>> {
        judge::judge(trained.model, data, out)
    }

    fn library_config(model: &ModelSettings) -> anyhow::Result<Option<serde_json::Value>> {
        Ok(Some(serde_json::to_value(model.library_config()?)?))
    }

    fn pretrained(
        model: LstmTagger,
        training: &Training,
        data: &TaggedData,
    ) -> anyhow::Result<(LstmTagger, Option<String>)> {
        match &training.vectors {
            None => Ok((model, None)),
            Some(path) => vectors::read_into(model, path, &data.symbols.words),
        }
    }

    fn outputs(
        model: &LstmTagger,
        _: &ModelSettings,
        input: TensorData,
        device: &Device,
    ) -> anyhow::Result<Outputs> {
        anyhow::ensure!(
            model.characters().is_none(),
            "a tagger that reads characters is not compared: an input of ids does not spell its words"
        );
        let ids = ids_of(input, model.vocab_size())?;
        let words = Tensor::<2, Int>::from_data(ids, device);
        let (logits, _) = model.forward(words, None);
        Ok(at_all_steps(logits))
    }

    fn next_command(run: &RunDir) -> anyhow::Result<String> {
        let settings: SettingsOf<Self> = run.read_config()?;
        let symbols = Symbols::read(run, &settings.model)?;
        let sentence = tag::sentence_of(&symbols.words);
        let sentence = quoted(Path::new(&sentence));
        Ok(format!(
            "tagger tag --run {} {sentence}",
            quoted(run.path())
        ))
    }

    fn run_action(context: &Context, action: TaggerAction, out: &mut Output) -> anyhow::Result<()> {
        match action {
            TaggerAction::Eval(args) => eval::run(context, &args, out),
            TaggerAction::Tag(args) => tag::run(context, &args, out),
        }
    }

    fn from_description(
        description: TaggerDescription,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(ModelSettings, Symbols)> {
        description.read(recurrent, folder)
    }
}
