use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use burn::tensor::{Device, TensorData};
use rnn_data::{ImageOrder, ImageReading, ImageSet};
use rnn_model::{
    AnyConfig, AnyRecurrent, Classifier, ClassifierConfig, ClassifierHead, RecurrentModuleConfig,
};
use rnn_train::RunDir;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::args::MnistArgs;
use super::data::{Images, Training, class_names};
use super::pictures::SIDE;
use crate::tasks::recurrent::{
    CellKind, NetworkSettings, Nonlinearity, RecurrentSettings, WeightInit, untold_of_cell,
};
use crate::tasks::{load, settings};
use crate::ui::{Output, quoted};

/// The name of the task.
pub const NAME: &str = "mnist";

/// What `config.json` and an import's description say of a classifier, whose parameters are named
/// `rnn.…` and `fc.…`, beside its recurrent part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierSettings {
    pub cell: CellKind,
    /// Of a simple RNN.
    #[serde(default)]
    pub nonlinearity: Nonlinearity,
    /// The number of columns of an image; 1 if it is read pixel by pixel.
    pub input_size: usize,
    pub num_classes: usize,
    /// What the classes are called; none if by their numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_names: Option<Vec<String>>,
    /// Whether an image is read pixel by pixel, and not row by row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pixels: bool,
    /// The seed of a random order of the pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permute: Option<u64>,
    /// The mean that grey levels from 0 to 1 are reduced by, and the standard deviation that they are
    /// divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalize: Option<[f64; 2]>,
    /// What the linear layer reads. Older runs do not say it: they read the last output.
    #[serde(default)]
    pub head: Option<Head>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a classifier's linear layer reads of the recurrent network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    FinalState,
    LastOutput,
}

/// The part of `config.json` about the model.
pub type ModelSettings = NetworkSettings<ClassifierSettings>;

/// A classifier.
pub type Model = Classifier<AnyRecurrent>;

/// All of `config.json`.
pub type Settings = settings::Settings<ModelSettings, Training>;

/// Opens the run in a folder.
pub fn open(path: &Path) -> anyhow::Result<(RunDir, Settings)> {
    settings::open(path, NAME)
}

/// Loads the classifier of a run.
pub fn load(
    run: &RunDir,
    settings: &Settings,
    device: &Device,
    out: &Output,
) -> anyhow::Result<Model> {
    let model = &settings.model;
    let init = || Ok(model.config(WeightInit::Uniform)?.init(device));
    let loaded = load::load(run, model.num_params(), init)?;
    load::warn_of_old_weights(run, settings, out)?;
    Ok(loaded)
}

impl ClassifierSettings {
    /// How images become sequences.
    pub fn reading(&self) -> ImageReading {
        ImageReading {
            order: match (self.pixels, self.permute) {
                (false, _) => ImageOrder::Rows,
                (true, None) => ImageOrder::Pixels,
                (true, Some(seed)) => ImageOrder::Permuted(seed),
            },
            normalize: self.normalize.map(|both| both.map(|level| level as f32)),
        }
    }

    /// How images become sequences, where it is not row by row as grey levels from 0 to 1.
    pub fn describe_reading(&self) -> Option<String> {
        let order = match (self.pixels, self.permute) {
            (false, _) => None,
            (true, None) => Some("pixel by pixel".to_owned()),
            (true, Some(seed)) => Some(format!("pixel by pixel in a random order of seed {seed}")),
        };
        let normalize = self
            .normalize
            .map(|[mean, std]| format!("normalised by mean {mean} and standard deviation {std}"));
        let parts: Vec<String> = order.into_iter().chain(normalize).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// What the weights expect of images in PyTorch, if not `ToTensor()`'s rows.
    pub fn expected_input(&self) -> Option<String> {
        let order = match (self.pixels, self.permute) {
            (false, _) => None,
            (true, None) => Some("as sequences of pixels, image.view(1, -1, 1)".to_owned()),
            (true, Some(_)) => Some(
                "as sequences of pixels, in a random order that PyTorch does not draw".to_owned(),
            ),
        };
        let normalize = self.normalize.map(|[mean, std]| {
            format!("after transforms.ToTensor() and transforms.Normalize({mean}, {std})")
        });
        let parts: Vec<String> = normalize.into_iter().chain(order).collect();
        (!parts.is_empty()).then(|| format!("images {}", parts.join(", ")))
    }

    /// What a class is called.
    pub fn class_name(&self, class: usize) -> String {
        let names = self.class_names.as_ref();
        let name = names.and_then(|names| names.get(class));
        name.cloned().unwrap_or_else(|| class.to_string())
    }

    /// What all classes are called.
    pub fn all_class_names(&self) -> Vec<String> {
        let classes = 0..self.num_classes;
        classes.map(|class| self.class_name(class)).collect()
    }

    fn validate(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=1 << 24).contains(&self.num_classes),
            "num_classes must be from 1 to {}, found {}",
            1 << 24,
            self.num_classes
        );
        if let Some(names) = &self.class_names {
            ensure!(
                names.len() == self.num_classes,
                "class_names: expected {} names, as num_classes says, found {}",
                self.num_classes,
                names.len()
            );
        }
        ensure!(
            !self.pixels || self.input_size == 1,
            "input_size: expected 1, since images are read pixel by pixel, found {}",
            self.input_size
        );
        ensure!(
            self.permute.is_none() || self.pixels,
            "permute: expected pixels = true with it, since it is an order of pixels"
        );
        if let Some([mean, std]) = self.normalize {
            ensure!(
                mean.is_finite() && std.is_finite() && std > 0.0,
                "normalize: expected a mean and a standard deviation above 0, such as [0.1307, 0.3081], \
                 found [{mean}, {std}]"
            );
        }
        Ok(())
    }
}

/// The settings of a classifier that its weights don't tell.
pub fn untold(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
    let mut untold = untold_of_cell(description);
    if description.get("bidirectional") == Some(&Value::Bool(true)) {
        untold.push(("head", vec!["final_state".into(), "last_output".into()]));
    }
    // None, what the description says, and the usual ones: of MNIST, of any pictures, of Fashion-MNIST.
    let mut values = vec![
        Value::Null,
        json!([0.1307, 0.3081]),
        json!([0.5, 0.5]),
        json!([0.286, 0.353]),
    ];
    if let Some(said) = description
        .get("normalize")
        .filter(|said| !values.contains(said))
    {
        values.push(said.clone());
    }
    untold.push(("normalize", values));
    untold
}

impl ClassifierSettings {
    /// Grey levels as PyTorch's network gets them, as this one reads them. What is not from 0 to 1 is
    /// normalised already.
    ///
    /// # Errors
    ///
    /// If they are no sequences of so many features.
    pub fn input_of(&self, input: TensorData) -> anyhow::Result<TensorData> {
        let shape = input.shape().to_vec();
        let size = self.input_size;
        let fits = |features: usize| self.pixels || features == size;
        let &[batch, time, features] = &shape[..] else {
            bail!("expected [batch, time, {size}], found {shape:?}");
        };
        ensure!(
            batch > 0 && time > 0 && fits(features),
            "expected [batch, time, {size}], found {shape:?}"
        );
        ensure!(
            self.permute.is_none(),
            "a network that reads pixels in a random order of its own is not compared"
        );
        let grey = || input.iter::<f32>();
        let is_grey = grey().all(|level| (-1e-6..=1.0 + 1e-6).contains(&level));
        let values: Vec<f32> = match self.normalize.filter(|_| is_grey) {
            Some([mean, std]) => grey().map(|x| (x - mean as f32) / std as f32).collect(),
            None => grey().collect(),
        };
        let shape = match self.pixels {
            true => [batch, time * features, 1],
            false => [batch, time, features],
        };
        Ok(TensorData::new(values, shape))
    }

    /// A command that works for a run with these settings.
    pub fn next_command(&self, run: &RunDir) -> String {
        let path = quoted(run.path());
        match self.pixels || self.input_size == SIDE {
            true => format!("mnist predict --run {path} PICTURE  # a digit that you have drawn"),
            false => format!(
                "mnist eval --run {path} --data FOLDER  # with images that have {} columns",
                self.input_size
            ),
        }
    }
}

impl ModelSettings {
    /// The settings of a new model for these images.
    pub fn new(args: &MnistArgs, images: &Images) -> Self {
        let recipe = args.recipe();
        Self {
            own: ClassifierSettings {
                cell: args.cell,
                nonlinearity: Nonlinearity::default(),
                input_size: match args.pixels {
                    true => 1,
                    false => images.train.cols(),
                },
                num_classes: images.num_classes(),
                class_names: class_names(&images.test),
                pixels: args.pixels,
                permute: args.permute,
                normalize: args.normalize,
                head: Some(Head::FinalState),
            },
            recurrent: RecurrentSettings::new(recipe.hidden_size, recipe.num_layers)
                .with_bidirectional(args.bidirectional)
                .with_dropout(recipe.dropout),
        }
    }

    /// The settings of an imported classifier.
    ///
    /// # Errors
    ///
    /// If it reads in both directions, and which of two possible heads it has is not said.
    pub fn imported(
        mut own: ClassifierSettings,
        recurrent: RecurrentSettings,
    ) -> anyhow::Result<Self> {
        ensure!(
            own.head.is_some() || !recurrent.bidirectional,
            "expected head, since the network is bidirectional, found none: \"final_state\" if its \
             linear layer reads torch.cat((h_n[-2], h_n[-1]), 1), \"last_output\" if it reads \
             out[:, -1]"
        );
        own.head.get_or_insert(Head::FinalState);
        Ok(Self { own, recurrent })
    }

    /// Checks that the model of `run` can read these images, and has their classes.
    pub fn check_images(&self, images: &ImageSet, run: &RunDir) -> anyhow::Result<()> {
        self.own
            .validate()
            .with_context(|| format!("{}: no model", run.path().display()))?;
        let highest = images.labels().iter().copied().max().unwrap_or(0);
        ensure!(
            usize::from(highest) < self.own.num_classes,
            "{}: the model has {} classes, but the images have labels up to {highest}",
            run.path().display(),
            self.own.num_classes
        );
        self.check_columns(images, run)
    }

    /// Checks that the model of `run` can read rows as long as those of the images.
    fn check_columns(&self, images: &ImageSet, run: &RunDir) -> anyhow::Result<()> {
        ensure!(
            self.own.pixels || images.cols() == self.own.input_size,
            "{}: the model reads rows of {} pixels, but the images have rows of {}",
            run.path().display(),
            self.own.input_size,
            images.cols()
        );
        Ok(())
    }

    /// The configuration of the classifier.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<ClassifierConfig<AnyConfig>> {
        self.own.validate()?;
        let &ClassifierSettings {
            cell,
            nonlinearity,
            input_size,
            num_classes,
            head,
            ..
        } = &self.own;
        let rnn = self
            .recurrent
            .config(cell, nonlinearity, input_size, init)?;
        Ok(
            ClassifierConfig::new(rnn, num_classes).with_head(match head {
                Some(Head::FinalState) => ClassifierHead::FinalState,
                Some(Head::LastOutput) | None => ClassifierHead::LastOutput,
            }),
        )
    }

    /// About how many numbers the model has.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn num_params(&self) -> anyhow::Result<usize> {
        Ok(self.config(WeightInit::Uniform)?.rnn().num_params())
    }
}
