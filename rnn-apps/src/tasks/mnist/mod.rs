//! Classifies images that are read row by row: the notebook's last section.

mod args;
mod data;
mod eval;
mod judge;
mod model;
mod predict;

use std::path::Path;

use burn::tensor::Device;
use rnn_model::{AnyRecurrent, Classifier};
use rnn_train::{FitConfig, ImageLoader, RunDir};

pub use args::MnistArgs;
pub use data::show_digits;
pub use judge::Score;
pub use predict::show as predict;

use super::recurrent::RecurrentSettings;
use super::task::{Batches, Judgement, SettingsOf, Task, Trained};
use crate::context::Context;
use crate::ui::{Grouped, Output};
use args::{MnistAction, Recipe};
use data::{EVAL_BATCH, Images, Training};
use model::{ClassifierSettings, ModelSettings, NAME};

/// The task of classifying images.
#[derive(Debug)]
pub struct Mnist;

impl Task for Mnist {
    const NAME: &'static str = NAME;
    const ABOUT: &'static str = "Read images row by row and name what they show";
    const TRAIN_ABOUT: &'static str = "Train a classifier and evaluate it on the test images";
    const ITEMS: &'static str = "images";
    const ALLOWED_WITH_RESUME: &'static [&'static str] = &["data"];
    const DEFAULTS: &'static [(&'static str, &'static str)] = &[
        ("epochs", "3"),
        ("valid_every", "epoch"),
        (
            "learning_rate",
            "tuned 0.002 for rnn, else 0.004; notebook 0.001",
        ),
        ("optimizer", "adam"),
        ("schedule", "one-cycle; with recipe notebook constant"),
        ("clip_norm", "1; with recipe notebook no limit"),
    ];

    type Args = MnistArgs;
    type Action = MnistAction;
    type Training = Training;
    type ModelSettings = ModelSettings;
    type Data = Images;
    type Assets = ();
    type Model = Classifier<AnyRecurrent>;
    type Score = Score;
    type Description = ClassifierSettings;

    fn fill_defaults(args: &mut MnistArgs) {
        args.source.dataset = args.dataset();
    }

    fn check(args: &MnistArgs, patience: Option<usize>) -> Result<(), String> {
        match patience.is_some() && args.valid_split == 0.0 {
            true => Err(
                "--patience needs images to judge by: give it some with --valid-split 0.1"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }

    fn default_fit(args: &MnistArgs) -> FitConfig {
        args.recipe.fit(args.cell)
    }

    fn training(args: &MnistArgs, fit: FitConfig) -> anyhow::Result<Training> {
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
            ("images to train", &mut training.train_fingerprint),
            ("images to test", &mut training.test_fingerprint),
        ]
    }

    fn data_path(args: &MnistArgs) -> Option<&Path> {
        args.source.data.as_deref()
    }

    fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<Images> {
        Images::read(training, path)
    }

    fn hash(data: &Images) -> Vec<String> {
        data.fingerprints()
    }

    fn for_model(data: Images, model: &ModelSettings, run: &RunDir) -> anyhow::Result<Images> {
        model.check_classes(run)?;
        model.check_columns(&data.train, run)?;
        Ok(data)
    }

    fn model(args: &MnistArgs, data: &Images) -> ModelSettings {
        ModelSettings::new(args, data)
    }

    fn init(
        model: &ModelSettings,
        training: Option<&Training>,
        device: &Device,
    ) -> anyhow::Result<Classifier<AnyRecurrent>> {
        let recipe = training.map_or(Recipe::Notebook, |training| training.recipe);
        Ok(model.config(recipe.weight_init())?.init(device))
    }

    fn recurrent(model: &mut ModelSettings) -> &mut RecurrentSettings {
        &mut model.recurrent
    }

    fn num_classes(model: &ModelSettings) -> Option<usize> {
        Some(model.own.num_classes)
    }

    fn num_params(model: &ModelSettings) -> anyhow::Result<usize> {
        model.num_params()
    }

    fn batches(
        training: &Training,
        data: &Images,
        seed: u64,
    ) -> anyhow::Result<Batches<rnn_data::ImageBatch>> {
        data.check_split(training)?;
        let valid = match data.valid.is_empty() {
            true => None,
            false => Some(ImageLoader::images(&data.valid, EVAL_BATCH)),
        };
        let train = ImageLoader::images(&data.train, training.batch_size).shuffled(seed);
        Ok(Batches { train, valid })
    }

    fn assets(_: &Images) -> &() {
        &()
    }

    fn describe(
        settings: &SettingsOf<Self>,
        data: &Images,
        parameters: usize,
    ) -> anyhow::Result<Vec<(&'static str, String)>> {
        let model = &settings.model;
        let network = model.recurrent.describe(" hidden units");
        let cell = model.own.cell.name();
        let parameters = Grouped(parameters);
        Ok(vec![
            ("images", data.describe()),
            (
                "model",
                format!("{cell}, {network}, {parameters} parameters"),
            ),
        ])
    }

    fn judge(
        trained: Trained<Self::Model>,
        data: &Images,
        run: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Score>> {
        judge::judge(trained, data, run, out)
    }

    fn next_command(run: &str) -> String {
        format!("mnist predict --run {run} PICTURE, with a digit that you have drawn")
    }

    fn run_action(context: &Context, action: MnistAction, out: &mut Output) -> anyhow::Result<()> {
        match action {
            MnistAction::Eval(args) => eval::run(context, &args, out),
            MnistAction::Predict(args) => predict::run(context, &args, out),
        }
    }

    fn from_description(
        own: ClassifierSettings,
        recurrent: RecurrentSettings,
        _: &Path,
    ) -> anyhow::Result<(ModelSettings, ())> {
        Ok((ModelSettings::imported(own, recurrent)?, ()))
    }
}
