//! Classifies images that are read row by row: the notebook's last section.

mod args;
mod data;
mod eval;
mod evaluation;
mod explain;
mod judge;
mod model;
mod pictures;
mod predict;
mod predictions;
mod preset;

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rnn_data::Distortion;
use rnn_model::{AnyRecurrent, Classifier};
use rnn_train::{FitConfig, ImageLoader, RunDir};
use serde_json::{Map, Value};

pub use args::MnistArgs;
pub use data::show_digits;
pub use judge::Score;
pub use predict::show_digit;

use super::import::Outputs;
use super::recurrent::RecurrentSettings;
use super::task::{Batches, Judgement, SettingsOf, Task, Trained};
use crate::context::Context;
use crate::ui::{Grouped, Output};
use args::MnistAction;
use data::{EVAL_BATCH, Images, Training};
use model::{ClassifierSettings, ModelSettings, NAME};
use preset::Preset;

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
        ("epochs", "the preset's"),
        ("valid_every", "epoch"),
        ("learning_rate", "the preset's"),
        ("optimizer", "adam; with preset best adamw"),
        ("schedule", "one-cycle; with preset notebook constant"),
        ("clip_norm", "1; with preset notebook no limit"),
        ("keep_best", "true with preset best"),
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
        args.fill_defaults();
    }

    fn check(args: &MnistArgs, patience: Option<usize>) -> Result<(), String> {
        if patience.is_some() && args.recipe().valid_split == 0.0 {
            let message =
                "--patience needs images to judge by: give it some with --valid-split 0.1";
            return Err(message.to_owned());
        }
        if args.permute.is_some() && !args.pixels {
            return Err("--permute needs --pixels: it is an order of pixels".to_owned());
        }
        Ok(())
    }

    fn default_fit(args: &MnistArgs) -> FitConfig {
        args.fit()
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

    fn dataset(training: &Training) -> Option<&'static str> {
        training.source().downloaded()
    }

    fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<Images> {
        Images::read(training, path)
    }

    fn hash(data: &Images) -> Vec<String> {
        data.fingerprints()
    }

    fn for_model(data: Images, model: &ModelSettings, run: &RunDir) -> anyhow::Result<Images> {
        model.check_images(&data.train, run)?;
        model.check_images(&data.test, run)?;
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
        let preset = training.map_or(Preset::Notebook, |training| training.preset);
        Ok(model.config(preset.weight_init())?.init(device))
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
        settings: &SettingsOf<Self>,
        data: &Images,
    ) -> anyhow::Result<Batches<rnn_data::ImageBatch>> {
        let (training, seed) = (settings.training()?, settings.seed);
        data.check_split(training)?;
        let reading = settings.model.own.reading();
        let valid = match data.valid.is_empty() {
            true => None,
            false => Some(ImageLoader::images_read(&data.valid, reading, EVAL_BATCH)),
        };
        let (images, batch_size) = (&data.train, training.batch_size);
        let train = match training.augment {
            0.0 => ImageLoader::images_read(images, reading, batch_size),
            strength => {
                let distortion = Distortion::new(strength);
                ImageLoader::images_distorted(images, reading, distortion, batch_size, seed)
            }
        };
        let train = train.shuffled(seed);
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
        let mut lines = vec![
            ("images", data.describe()),
            (
                "model",
                format!("{cell}, {network}, {parameters} parameters"),
            ),
        ];
        let augment = settings.training()?.augment;
        if augment != 0.0 {
            lines.push((
                "distorted",
                format!("each time at random, with strength {augment}"),
            ));
        }
        if let Some(reading) = model.own.describe_reading() {
            lines.push(("read", reading));
        }
        Ok(lines)
    }

    fn judge(
        settings: &SettingsOf<Self>,
        trained: Trained<Self::Model>,
        data: &Images,
        run: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Score>> {
        judge::judge(&settings.model.own, trained, data, run, out)
    }

    fn expected_input(model: &ModelSettings) -> Option<String> {
        model.own.expected_input()
    }

    fn untold(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
        model::untold(description)
    }

    fn outputs(
        model: &Self::Model,
        settings: &ModelSettings,
        input: TensorData,
        device: &Device,
    ) -> anyhow::Result<Outputs> {
        let input = settings.own.input_of(input)?;
        let logits = model.forward(Tensor::from_data(input, device));
        Ok(vec![("the logits", logits.into_data())])
    }

    fn next_command(run: &RunDir) -> anyhow::Result<String> {
        let settings: SettingsOf<Self> = run.read_config()?;
        Ok(settings.model.own.next_command(run))
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
