//! Character language models: a network that reads a text learns to write on.

mod activity;
mod args;
mod data;
mod eval;
mod judge;
mod model;
mod preset;
mod reader;
mod sample;
mod show;
mod stop;

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rnn_data::{IdBatch, Vocab};
use rnn_model::StateDict;
use rnn_train::language::{CharModelConfig, check_characters};
use rnn_train::{FitConfig, RunDir};
use serde_json::{Map, Value};

use super::import::{Outputs, at_all_steps, ids_of};
use super::recurrent::{RecurrentSettings, WeightInit, untold_of_cell};
use super::task::{Batches, Judgement, SettingsOf, Task, Trained};
use crate::context::Context;
use crate::ui::{Grouped, Output, quoted};
use args::{CharLmAction, CharLmArgs};
use data::{TextData, Training};
use judge::Score;
use model::{CharLmDescription, Model, ModelSettings, NAME};

/// The task of predicting the next character of a text.
#[derive(Debug)]
pub struct CharLm;

impl Task for CharLm {
    const NAME: &'static str = NAME;
    const ABOUT: &'static str = "Learn to write like a text, character by character";
    const TRAIN_ABOUT: &'static str = "Train a character language model and evaluate it";
    const ITEMS: &'static str = "text";
    const ALLOWED_WITH_RESUME: &'static [&'static str] = &["data"];
    const NOISE_FLAGS: &'static [&'static str] = &[
        "dropout",
        "input_dropout",
        "output_dropout",
        "variational_dropout",
        "recurrent_dropout",
        "weight_dropout",
    ];
    const DEFAULTS: &'static [(&'static str, &'static str)] = &[
        ("epochs", "none: --max-steps counts"),
        ("max_steps", "the preset's; 200 for the embedded text"),
        ("valid_every", "the preset's; 50 for the embedded text"),
        ("learning_rate", "the preset's"),
        (
            "optimizer",
            "adam; of the preset base adamw, with a weight decay of 0.2",
        ),
        ("schedule", "cosine"),
        ("clip_norm", "1"),
    ];

    type Args = CharLmArgs;
    type Action = CharLmAction;
    type Training = Training;
    type ModelSettings = ModelSettings;
    type Data = TextData;
    type Assets = Vocab;
    type Model = Model;
    type Score = Score;
    type Description = CharLmDescription;

    fn fill_defaults(args: &mut CharLmArgs) {
        args.fill_defaults();
    }

    fn default_fit(args: &CharLmArgs) -> FitConfig {
        args.fit()
    }

    fn training(args: &CharLmArgs, fit: FitConfig) -> anyhow::Result<Training> {
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
            ("text to train", &mut training.train_fingerprint),
            ("text to validate", &mut training.valid_fingerprint),
        ]
    }

    fn data_path(args: &CharLmArgs) -> Option<&Path> {
        args.source.data.as_deref()
    }

    fn dataset(training: &Training) -> Option<&'static str> {
        training.downloaded()
    }

    fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<TextData> {
        TextData::read(training, path)
    }

    fn hash(data: &TextData) -> Vec<String> {
        data.fingerprints()
    }

    fn for_model(data: TextData, model: &ModelSettings, run: &RunDir) -> anyhow::Result<TextData> {
        let vocab = run.read_vocab(model.own.vocab_size)?;
        check_characters(&vocab)?;
        data.with_vocab(vocab)
    }

    fn model(args: &CharLmArgs, data: &TextData) -> ModelSettings {
        ModelSettings::new(args, &data.vocab)
    }

    fn init(
        model: &ModelSettings,
        training: Option<&Training>,
        device: &Device,
    ) -> anyhow::Result<Model> {
        let init = match training {
            Some(_) => WeightInit::Tuned,
            None => WeightInit::Uniform,
        };
        Ok(model.config(init)?.init(device))
    }

    fn recurrent(model: &mut ModelSettings) -> &mut RecurrentSettings {
        &mut model.recurrent
    }

    fn num_classes(model: &ModelSettings) -> Option<usize> {
        Some(model.own.vocab_size)
    }

    fn num_params(model: &ModelSettings) -> anyhow::Result<usize> {
        model.num_params()
    }

    fn batches(settings: &SettingsOf<Self>, data: &TextData) -> anyhow::Result<Batches<IdBatch>> {
        data.batches(settings.training()?)
    }

    fn batch_size(training: &Training) -> Option<usize> {
        Some(training.batch_size)
    }

    fn assets(data: &TextData) -> &Vocab {
        &data.vocab
    }

    fn write_assets(vocab: &Vocab, run: &RunDir) -> anyhow::Result<()> {
        if !run.has_vocab() {
            run.write_vocab(vocab)?;
        }
        Ok(())
    }

    fn describe(
        settings: &SettingsOf<Self>,
        data: &TextData,
        parameters: usize,
    ) -> anyhow::Result<Vec<(&'static str, String)>> {
        let ModelSettings { own, recurrent } = &settings.model;
        let training = settings.training()?;
        let input = match own.embedding_size {
            Some(size) => format!("embeddings of {size}"),
            None => "one-hot vectors".to_owned(),
        };
        Ok(vec![
            ("text", data.describe(settings.init_from.is_none())?),
            (
                "known",
                format!(
                    "{} characters and a symbol for others",
                    data.vocab.len() - 1
                ),
            ),
            (
                "model",
                format!(
                    "{}, {} over {input}, {} parameters",
                    own.cell.name(),
                    recurrent.describe(""),
                    Grouped(parameters)
                ),
            ),
            (
                "windows",
                format!("{} characters, the state carried over", training.window),
            ),
        ])
    }

    fn show_progress(model: &Model, vocab: &Vocab, seed: u64) -> anyhow::Result<Option<String>> {
        sample::short(model, vocab, seed).map(Some)
    }

    fn judge(
        _: &SettingsOf<Self>,
        trained: Trained<Model>,
        data: &TextData,
        _: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Score>> {
        judge::judge(trained.model, data, out)
    }

    fn library_config(model: &ModelSettings) -> anyhow::Result<Option<Value>> {
        let config = CharModelConfig {
            language_model: model.config(WeightInit::Uniform)?,
        };
        Ok(Some(serde_json::to_value(config)?))
    }

    fn exported(run: &RunDir, weights: StateDict) -> anyhow::Result<StateDict> {
        let settings: SettingsOf<Self> = run.read_config()?;
        Ok(match settings.model.own.tied_weights {
            true => weights.untie("fc.weight", "emb.weight")?,
            false => weights,
        })
    }

    fn imported(model: &ModelSettings, weights: StateDict) -> anyhow::Result<StateDict> {
        Ok(match model.own.tied_weights {
            // A file that holds it once may call it by either name.
            true if weights.get("emb.weight").is_none() => {
                let mut weights = weights;
                if let Some(weight) = weights.remove("fc.weight") {
                    weights.insert("emb.weight", weight);
                }
                weights
            }
            true => weights.tie("fc.weight", "emb.weight")?,
            false => weights,
        })
    }

    fn untold(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
        untold_of_cell(description)
    }

    fn outputs(
        model: &Model,
        settings: &ModelSettings,
        input: TensorData,
        device: &Device,
    ) -> anyhow::Result<Outputs> {
        let ids = ids_of(input, settings.own.vocab_size)?;
        let (logits, _) = model.forward(Tensor::from_data(ids, device), None);
        Ok(at_all_steps(logits))
    }

    fn next_command(run: &RunDir) -> anyhow::Result<String> {
        Ok(format!("charlm sample --run {}", quoted(run.path())))
    }

    fn run_action(context: &Context, action: CharLmAction, out: &mut Output) -> anyhow::Result<()> {
        match action {
            CharLmAction::Eval(args) => eval::run(context, &args, out),
            CharLmAction::Sample(args) => sample::run(context, &args, out),
            CharLmAction::Show(args) => show::run(context, &args, out),
        }
    }

    fn from_description(
        description: CharLmDescription,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(ModelSettings, Vocab)> {
        description.read(recurrent, folder)
    }
}
