use std::path::{Path, PathBuf};

use anyhow::ensure;
use rnn_data::{DatasetError, ImageSet, Mnist, Strokes};
use rnn_train::FitConfig;
use rnn_train::data::fingerprint;
use serde::{Deserialize, Serialize};

use super::args::{Dataset, MnistArgs, SourceArgs};
use super::preset::Preset;
use crate::context::Context;
use crate::tasks::dataset;
use crate::ui::progress::with_spinner;
use crate::ui::{Grouped, Output, preview};

/// The numbers of training and test digits of `strokes`, and the seed they are drawn from. They are
/// the same for every run, whatever its own seed, so that runs can be compared.
const STROKES: (usize, usize) = (8_000, 2_000);
const STROKES_SEED: u64 = 42;

/// Images per batch in evaluation.
pub const EVAL_BATCH: usize = 256;

/// The grey value above which a pixel is shown in previews.
pub const INK: u8 = 96;

/// The part of `config.json` about the training: its data and settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The source of the images: a dataset's name, or a folder.
    pub dataset: Option<Dataset>,
    pub data: Option<PathBuf>,
    pub limit: Option<usize>,
    pub valid_split: f64,
    /// SHA-256 of the images and labels.
    pub train_fingerprint: String,
    pub test_fingerprint: String,
    #[serde(alias = "recipe")]
    pub preset: Preset,
    /// The strength of the distortions.
    #[serde(default)]
    pub augment: f32,
    pub batch_size: usize,
    pub fit: FitConfig,
}

impl Training {
    /// The settings of a new training. Its fingerprints are empty until the images have been read.
    pub fn new(args: &MnistArgs, fit: FitConfig) -> anyhow::Result<Self> {
        let recipe = args.recipe();
        // Absolute, since `eval` may be called from elsewhere.
        let data = args.source.data.as_deref().map(std::path::absolute);
        Ok(Self {
            dataset: args.dataset(),
            data: data.transpose()?,
            limit: args.limit,
            valid_split: recipe.valid_split,
            train_fingerprint: String::new(),
            test_fingerprint: String::new(),
            preset: args.preset,
            augment: recipe.augment,
            batch_size: recipe.batch_size,
            fit,
        })
    }

    /// The source of the images, as flags.
    pub fn source(&self) -> SourceArgs {
        SourceArgs {
            dataset: self.dataset,
            data: self.data.clone(),
        }
    }
}

/// Images for training, validation and test.
pub struct Images {
    pub train: ImageSet,
    pub valid: ImageSet,
    pub test: ImageSet,
    /// Of all training images, including those for validation.
    train_fingerprint: String,
}

/// The SHA-256 of Fashion-MNIST's test images, by which it is known wherever it lies.
const FASHION_TEST: &str = "d9b33abb7963c8a670a1f8a61612f7ecf1fea47384ba22df7fe6cd2dbf4ffedd";

/// What Fashion-MNIST's classes are called.
const FASHION: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// What the classes of these test images are called, if not by their numbers.
pub fn class_names(test: &ImageSet) -> Option<Vec<String>> {
    let is_fashion = fingerprint(test) == FASHION_TEST;
    is_fashion.then(|| FASHION.map(str::to_owned).to_vec())
}

impl Images {
    /// Reads the images of a training: those in the folder `path` if it is given, where a dataset by name is
    /// too.
    pub fn read(training: &Training, path: Option<&Path>) -> anyhow::Result<Self> {
        let Mnist { train, test } = match path.or(training.data.as_deref()) {
            Some(folder) => Mnist::open(folder)?,
            None => strokes()?,
        };
        let all = match training.limit {
            Some(limit) => train.take(limit),
            None => train,
        };
        let (train, valid) = all.split_off(training.valid_split);
        Ok(Self {
            train_fingerprint: fingerprint(&all),
            train,
            valid,
            test,
        })
    }

    pub fn num_classes(&self) -> usize {
        self.train.num_classes()
    }

    pub fn fingerprints(&self) -> Vec<String> {
        vec![self.train_fingerprint.clone(), fingerprint(&self.test)]
    }

    /// Refuses a split that leaves no images for training, or none for validation when `--patience`
    /// needs them.
    pub fn check_split(&self, training: &Training) -> anyhow::Result<()> {
        let split = training.valid_split;
        ensure!(
            !self.train.is_empty(),
            "--valid-split {split} leaves no images to train on"
        );
        ensure!(
            !training.fit.keeps_best() || !self.valid.is_empty(),
            "a validation split of {split} leaves none of {} images to find the best weights by: give more \
             images, or another --valid-split",
            self.train.len()
        );
        Ok(())
    }

    /// Describes the numbers of images and their size.
    pub fn describe(&self) -> String {
        let valid = match self.valid.len() {
            0 => String::new(),
            size => format!("{} to validate on, ", Grouped(size)),
        };
        format!(
            "{} to train on, {valid}{} to test on, {} rows of {} pixels",
            Grouped(self.train.len()),
            Grouped(self.test.len()),
            self.train.rows(),
            self.train.cols()
        )
    }
}

/// Opens the test images that `source` says, downloaded if they have to be. A folder needs no others.
pub fn open_test(source: &SourceArgs, context: &Context, out: &Output) -> anyhow::Result<ImageSet> {
    let folder = dataset::folder(source.downloaded(), context, out)?;
    let folder = folder.or(source.data.clone());
    with_spinner(out, "reading the images".to_owned(), || match folder {
        Some(folder) => Ok(Mnist::open_test(folder)?),
        None => Ok(strokes()?.test),
    })
}

fn strokes() -> Result<Mnist, DatasetError> {
    Strokes::new(STROKES_SEED).mnist(STROKES.0, STROKES.1)
}

/// Prints three drawn digits as text, as many as fit a terminal's width.
pub fn show_digits(out: &mut Output) -> anyhow::Result<()> {
    let digits = Strokes::new(STROKES_SEED).generate(100)?;
    let samples: Vec<&[u8]> = [2, 3, 5]
        .into_iter()
        .filter_map(|class| digits.iter().find(|(_, label)| *label == class))
        .map(|(image, _)| image)
        .collect();
    for line in preview::text(&samples, digits.cols(), INK, 4) {
        out.line(format_args!("   {line}"))?;
    }
    out.line("")?;
    Ok(())
}
