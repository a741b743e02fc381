use std::path::Path;

use burn::tensor::Device;
use rnn_data::Vocab;
use rnn_model::{AnyConfig, AnyRecurrent, LanguageModel, LanguageModelConfig};
use rnn_train::RunDir;
use rnn_train::language::check_characters;
use serde::{Deserialize, Serialize};

use super::args::CharLmArgs;
use super::data::Training;
use crate::tasks::import::Symbols;
use crate::tasks::recurrent::{
    CellKind, NetworkSettings, Nonlinearity, RecurrentSettings, WeightInit,
};
use crate::tasks::{load, settings};
use crate::ui::Output;

/// The name of the task.
pub const NAME: &str = "charlm";

/// A model of this task.
pub type Model = LanguageModel<AnyRecurrent>;

/// What `config.json` says of a language model beside its recurrent part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharLmSettings {
    pub vocab_size: usize,
    #[serde(default = "lstm")]
    pub cell: CellKind,
    #[serde(default)]
    pub nonlinearity: Nonlinearity,
    /// None for one-hot vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_size: Option<usize>,
    #[serde(default)]
    pub one_hot: bool,
    #[serde(default)]
    pub tied_weights: bool,
    #[serde(default)]
    pub input_dropout: f64,
    #[serde(default)]
    pub output_dropout: f64,
}

fn lstm() -> CellKind {
    CellKind::Lstm
}

/// The part of `config.json` about the model.
pub type ModelSettings = NetworkSettings<CharLmSettings>;

/// All of `config.json`.
pub type Settings = settings::Settings<ModelSettings, Training>;

impl ModelSettings {
    /// The settings of a new model for this vocabulary.
    pub fn new(args: &CharLmArgs, vocab: &Vocab) -> Self {
        let recipe = args.recipe();
        Self {
            own: CharLmSettings {
                vocab_size: vocab.len(),
                cell: args.cell,
                nonlinearity: Nonlinearity::Tanh,
                embedding_size: (!args.one_hot).then_some(recipe.embedding_size),
                one_hot: args.one_hot,
                tied_weights: args.tied_weights,
                input_dropout: recipe.input_dropout,
                output_dropout: recipe.output_dropout,
            },
            recurrent: RecurrentSettings {
                proj_size: args.proj_size,
                dropout: recipe.dropout,
                variational_dropout: Some(args.variational_dropout),
                recurrent_dropout: Some(args.recurrent_dropout),
                weight_dropout: Some(recipe.weight_dropout),
                layer_norm: Some(args.layer_norm),
                ..RecurrentSettings::new(recipe.hidden_size, recipe.num_layers)
            },
        }
    }

    /// The configuration of the model.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub fn config(&self, init: WeightInit) -> anyhow::Result<LanguageModelConfig<AnyConfig>> {
        let Self { own, recurrent } = self;
        anyhow::ensure!(
            !recurrent.bidirectional,
            "expected a network in one direction, since the other one reads what is to be predicted"
        );
        anyhow::ensure!(
            own.one_hot != own.embedding_size.is_some(),
            "expected either one_hot or embedding_size"
        );
        let input_size = own.embedding_size.unwrap_or(own.vocab_size);
        let rnn = recurrent.config(own.cell, own.nonlinearity, input_size, init)?;
        let config = LanguageModelConfig::new(rnn, own.vocab_size)
            .with_one_hot(own.one_hot)
            .with_tied_weights(own.tied_weights)
            .with_input_dropout(own.input_dropout)
            .with_output_dropout(own.output_dropout)
            .with_variational_dropout(recurrent.variational_dropout.unwrap_or(false));
        config.validate()?;
        Ok(config)
    }

    /// About how many parameters the model has.
    pub fn num_params(&self) -> anyhow::Result<usize> {
        Ok(self.config(WeightInit::Uniform)?.num_params())
    }
}

/// What a description for `import` says of a language model beside its recurrent part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharLmDescription {
    /// The characters in the order of their ids, or a vocabulary's file.
    vocab: Symbols,
    /// The symbol among them that stands for unknown characters.
    unk: Option<String>,
    #[serde(default = "lstm")]
    cell: CellKind,
    #[serde(default)]
    nonlinearity: Nonlinearity,
    embedding_size: Option<usize>,
    #[serde(default)]
    tied_weights: bool,
}

impl CharLmDescription {
    /// The model's settings and vocabulary; relative paths are relative to `folder`.
    pub fn read(
        self,
        recurrent: RecurrentSettings,
        folder: &Path,
    ) -> anyhow::Result<(ModelSettings, Vocab)> {
        let unk = self.unk.as_deref();
        let vocab = self.vocab.read_with_unk(folder, unk, "vocab")?;
        check_characters(&vocab)?;
        let own = CharLmSettings {
            vocab_size: vocab.len(),
            cell: self.cell,
            nonlinearity: self.nonlinearity,
            embedding_size: self.embedding_size,
            one_hot: self.embedding_size.is_none(),
            tied_weights: self.tied_weights,
            input_dropout: 0.0,
            output_dropout: 0.0,
        };
        let model = ModelSettings { own, recurrent };
        model.config(WeightInit::Uniform)?;
        Ok((model, vocab))
    }
}

/// A trained language model with its run, settings and vocabulary.
pub struct TrainedCharLm {
    pub run: RunDir,
    pub settings: Settings,
    pub vocab: Vocab,
    pub model: Model,
}

impl TrainedCharLm {
    /// Opens the run in a folder and loads its model.
    pub fn open(path: &Path, device: &Device, out: &Output) -> anyhow::Result<Self> {
        let (run, settings) = settings::open::<Settings>(path, NAME)?;
        let vocab = run.read_vocab(settings.model.own.vocab_size)?;
        let model = &settings.model;
        let init = || Ok(model.config(WeightInit::Uniform)?.init(device));
        let model = load::load(&run, model.num_params(), init)?;
        load::warn_of_old_weights(&run, &settings, out)?;
        Ok(Self {
            run,
            settings,
            vocab,
            model,
        })
    }
}
