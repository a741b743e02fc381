//! A minimal task in one file: to tell whether a sequence of bits holds an odd number of ones.
//!
//! `docs/tasks.md` explains it. It is compiled and trained only in tests.

use std::path::Path;

use burn::tensor::Device;
use clap::{Args, Subcommand};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rnn_data::{ImageBatch, ImageSet};
use rnn_model::{AnyConfig, AnyRecurrent, Classifier, ClassifierConfig, RecurrentModuleConfig};
use rnn_train::data::fingerprint;
use rnn_train::{FitConfig, ImageLoader, RunDir, evaluate};
use serde::{Deserialize, Serialize};

use super::recurrent::{CellKind, Nonlinearity, RecurrentSettings, WeightInit};
use super::task::{Batches, Judgement, SettingsOf, Task, Trained};
use crate::cli::values::items;
use crate::context::Context;
use crate::ui::{Output, quoted};

#[derive(Debug)]
pub struct Parity;

#[derive(Args, Debug, Serialize)]
pub struct ParityArgs {
    /// Bits of a sequence
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = items)]
    bits: usize,
}

/// There is no subcommand other than `train`.
#[derive(Debug, Subcommand)]
pub enum ParityAction {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Training {
    bits: usize,
    fingerprint: String,
    fit: FitConfig,
}

fn config(
    model: &RecurrentSettings,
    init: WeightInit,
) -> anyhow::Result<ClassifierConfig<AnyConfig>> {
    let rnn = model.config(CellKind::Lstm, Nonlinearity::Tanh, 1, init)?;
    Ok(ClassifierConfig::new(rnn, 2))
}

/// An imported model is fully described by its recurrent part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoDescription {}

#[derive(Serialize)]
pub struct Score {
    accuracy: f64,
}

impl Task for Parity {
    const NAME: &'static str = "parity";
    const ABOUT: &'static str = "Tell whether a sequence of bits holds an odd number of ones";
    const TRAIN_ABOUT: &'static str = "Train a network on drawn sequences";
    const ITEMS: &'static str = "sequences";
    const ALLOWED_WITH_RESUME: &'static [&'static str] = &[];
    const DEFAULTS: &'static [(&'static str, &'static str)] = &[
        ("epochs", "60"),
        ("valid_every", "epoch"),
        ("learning_rate", "0.02"),
        ("optimizer", "adam"),
        ("schedule", "constant"),
        ("clip_norm", "no limit"),
    ];

    type Args = ParityArgs;
    type Action = ParityAction;
    type Training = Training;
    type ModelSettings = RecurrentSettings;
    /// A sequence is an image with one column, so that the loader for images can be used.
    type Data = ImageSet;
    type Assets = ();
    type Model = Classifier<AnyRecurrent>;
    type Score = Score;
    type Description = NoDescription;

    fn fill_defaults(_: &mut ParityArgs) {}

    fn default_fit(_: &ParityArgs) -> FitConfig {
        FitConfig {
            learning_rate: 0.02,
            ..FitConfig::new(60)
        }
    }

    fn training(args: &ParityArgs, fit: FitConfig) -> anyhow::Result<Training> {
        Ok(Training {
            bits: args.bits,
            fingerprint: String::new(),
            fit,
        })
    }

    fn fit(training: &Training) -> &FitConfig {
        &training.fit
    }

    fn fit_mut(training: &mut Training) -> &mut FitConfig {
        &mut training.fit
    }

    fn fingerprint_fields(training: &mut Training) -> Vec<(&'static str, &mut String)> {
        vec![("sequences to train", &mut training.fingerprint)]
    }

    fn data_path(_: &ParityArgs) -> Option<&Path> {
        None
    }

    fn read(training: &Training, _: Option<&Path>) -> anyhow::Result<ImageSet> {
        const SEQUENCES: usize = 64;
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let bits: Vec<bool> = (0..SEQUENCES * training.bits)
            .map(|_| rng.random())
            .collect();
        let sequences = bits.chunks(training.bits);
        let odd = |bits: &[bool]| (bits.iter().filter(|&&bit| bit).count() % 2) as u8;
        let labels = sequences.map(odd).collect();
        let pixels = bits.iter().map(|&bit| if bit { 255 } else { 0 }).collect();
        Ok(ImageSet::new(training.bits, 1, pixels, labels, 2)?)
    }

    fn hash(data: &ImageSet) -> Vec<String> {
        vec![fingerprint(data)]
    }

    fn for_model(data: ImageSet, _: &RecurrentSettings, _: &RunDir) -> anyhow::Result<ImageSet> {
        Ok(data)
    }

    fn model(_: &ParityArgs, _: &ImageSet) -> RecurrentSettings {
        RecurrentSettings::new(8, 1)
    }

    fn init(
        model: &RecurrentSettings,
        _: Option<&Training>,
        device: &Device,
    ) -> anyhow::Result<Classifier<AnyRecurrent>> {
        Ok(config(model, WeightInit::Tuned)?.init(device))
    }

    fn recurrent(model: &mut RecurrentSettings) -> &mut RecurrentSettings {
        model
    }

    fn num_params(model: &RecurrentSettings) -> anyhow::Result<usize> {
        Ok(config(model, WeightInit::Uniform)?.rnn().num_params())
    }

    fn batches(
        settings: &SettingsOf<Self>,
        data: &ImageSet,
    ) -> anyhow::Result<Batches<ImageBatch>> {
        Ok(Batches {
            train: ImageLoader::images(data, 16).shuffled(settings.seed),
            valid: None,
        })
    }

    fn assets(_: &ImageSet) -> &() {
        &()
    }

    fn describe(
        _: &SettingsOf<Self>,
        data: &ImageSet,
        parameters: usize,
    ) -> anyhow::Result<Vec<(&'static str, String)>> {
        Ok(vec![
            ("sequences", data.len().to_string()),
            ("model", format!("lstm, {parameters} parameters")),
        ])
    }

    fn judge(
        _: &SettingsOf<Self>,
        trained: Trained<Classifier<AnyRecurrent>>,
        data: &ImageSet,
        _: &RunDir,
        out: &mut Output,
    ) -> anyhow::Result<Judgement<Score>> {
        let accuracy = evaluate(trained.model, &ImageLoader::images(data, 64))?.accuracy();
        out.line(format_args!("right: {:.0} %", 100.0 * accuracy))?;
        Ok(Judgement {
            score: Score { accuracy },
            confusion: None,
            mistakes: None,
        })
    }

    fn next_command(run: &RunDir) -> anyhow::Result<String> {
        Ok(format!("info {}", quoted(run.path())))
    }

    fn run_action(_: &Context, action: ParityAction, _: &mut Output) -> anyhow::Result<()> {
        match action {}
    }

    fn from_description(
        _: NoDescription,
        recurrent: RecurrentSettings,
        _: &Path,
    ) -> anyhow::Result<(RecurrentSettings, ())> {
        Ok((recurrent, ()))
    }
}

#[test]
fn a_task_is_trained_by_its_trait_implementation_alone() {
    use super::call::Registered;

    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let line = ["parity", "train", "--bits", "3", "--run"].map(str::to_owned);
    let line = line.into_iter().chain([run.display().to_string()]);
    let matches = Parity.command().get_matches_from(line);
    let call = Parity.parse(&matches, &[]).expect("a command line");
    assert_eq!(call.resumed(), None);

    let common = crate::cli::Common {
        device: Some("ndarray".to_owned()),
        threads: Some(1),
        seed: Some(1),
        json: false,
        quiet: true,
        mirror: None,
        offline: true,
    };
    let context = Context::start(&common).expect("a device");
    call.run(&context, &mut Output::new(&common))
        .expect("a training");

    let run = RunDir::open(&run).expect("a run");
    let results: serde_json::Value = run.read_metrics().expect("JSON").expect("results");
    assert_eq!(results["command"], "parity train");
    // Chance level is 0.5.
    assert_eq!(results["accuracy"], 1.0, "{results}");
    let settings: SettingsOf<Parity> = run.read_config().expect("settings");
    assert_eq!(settings.training.expect("trained here").bits, 3);
    assert!(run.path().join("report.html").exists());
}
