//! A run of weights that PyTorch trained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use burn::module::Module;
use rnn_data::{Vocab, read_text};
use rnn_model::{GruStep, LstmStep, RecurrentInit, RnnStep, StateDict, StateDictError};
use rnn_train::RunDir;
use serde::Deserialize;

use super::Context;
use super::mnist::settings::{self as mnist, Starting};
use super::run::{self, Imported};
use super::tagger::settings as tagger;
use crate::cli::{CellKind, ImportArgs, Nonlinearity, Recipe};
use crate::output::{Grouped, Output};

/// What model the weights are of.
#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
enum Description {
    Mnist(ClassifierFile),
    Tagger(TaggerFile),
}

/// A classifier, whose parameters are `rnn.…` and `fc.…`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassifierFile {
    #[serde(default)]
    strip_prefix: String,
    #[serde(default)]
    rename: BTreeMap<String, String>,
    cell: CellKind,
    /// For `rnn`.
    #[serde(default)]
    nonlinearity: Nonlinearity,
    input_size: usize,
    hidden_size: usize,
    /// For `lstm`.
    proj_size: Option<usize>,
    #[serde(default = "one")]
    num_layers: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default)]
    bidirectional: bool,
    num_classes: usize,
}

/// A tagger, whose parameters are `emb.…`, `rnn.…` and `fc.…`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaggerFile {
    #[serde(default)]
    strip_prefix: String,
    #[serde(default)]
    rename: BTreeMap<String, String>,
    embedding_size: usize,
    hidden_size: usize,
    proj_size: Option<usize>,
    #[serde(default = "one")]
    num_layers: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default)]
    bidirectional: bool,
    words: Symbols,
    /// The word that stands for all others.
    unk: Option<String>,
    tags: Symbols,
}

/// Symbols in the order of their ids.
#[derive(Deserialize)]
#[serde(untagged)]
enum Symbols {
    List(Vec<String>),
    /// A vocabulary's JSON file, relative to the description.
    File(PathBuf),
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

pub fn run(context: &Context, args: &ImportArgs, out: &mut Output) -> anyhow::Result<()> {
    let text = read_text(&args.model)?;
    let description: Description =
        serde_json::from_str(&text).with_context(|| args.model.display().to_string())?;
    let ((run, parameters), next) = match description {
        Description::Mnist(file) => {
            let weights = Weights::read(&args.weights, &file.strip_prefix, &file.rename)?;
            let made = match file.cell {
                CellKind::Rnn => classifier::<RnnStep>(context, args, &file, weights)?,
                CellKind::Lstm => classifier::<LstmStep>(context, args, &file, weights)?,
                CellKind::Gru => classifier::<GruStep>(context, args, &file, weights)?,
            };
            (made, "mnist predict --run RUN PICTURE")
        }
        Description::Tagger(file) => {
            let weights = Weights::read(&args.weights, &file.strip_prefix, &file.rename)?;
            let made = a_tagger(context, args, file, weights)?;
            (made, "tagger tag --run RUN \"The dog ate the apple.\"")
        }
    };
    let path = run.path().display();
    out.line(format_args!(
        "{path}: {} weights from {}",
        Grouped(parameters),
        args.weights.display()
    ))?;
    let next = next.replace("RUN", &path.to_string());
    out.line(format_args!("\nNext: {next}"))?;
    out.results(&serde_json::json!({
        "command": "import",
        "run": path.to_string(),
        "parameters": parameters,
    }))
}

/// Weights on their way into a run.
struct Weights<'a> {
    tensors: StateDict,
    file: &'a Path,
    imported: Imported,
}

impl<'a> Weights<'a> {
    /// The tensors of a file that the model is made of, under the model's names.
    fn read(
        file: &'a Path,
        strip_prefix: &str,
        rename: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let all = StateDict::read(file)?;
        let choose = || {
            let tensors = all.strip_prefix(strip_prefix);
            if tensors.names().next().is_none() {
                return Err(StateDictError::NoSuchPrefix {
                    prefix: strip_prefix.to_owned(),
                    names: all.names().map(str::to_owned).collect(),
                });
            }
            tensors.rename(rename.iter().map(|(from, to)| (from.as_str(), to.as_str())))
        };
        Ok(Self {
            tensors: choose().with_context(|| file.display().to_string())?,
            file,
            imported: Imported {
                weights: std::path::absolute(file)?,
                strip_prefix: strip_prefix.to_owned(),
                rename: rename.clone(),
            },
        })
    }

    /// Refuses a model far larger than the weights, before there is one. Near misses are better told
    /// by the names and shapes that differ.
    fn check_size(&self, parameters: usize) -> anyhow::Result<()> {
        let tensors = self
            .tensors
            .names()
            .filter_map(|name| self.tensors.get(name));
        let found: usize = tensors.map(|data| data.num_elements()).sum();
        ensure!(
            parameters / 2 <= found + (1 << 20),
            "{}: expected {} numbers, as the sizes say, found {}",
            self.file.display(),
            Grouped(parameters),
            Grouped(found)
        );
        Ok(())
    }

    /// `model` with these weights.
    fn load_into<M: Module>(&self, model: M) -> anyhow::Result<M> {
        if let Some(name) = self.tensors.not_finite() {
            bail!(
                "{}: {name} holds a number that is not finite",
                self.file.display()
            );
        }
        let loaded = self.tensors.clone().load_into(model);
        loaded.with_context(|| self.file.display().to_string())
    }
}

fn classifier<C: Starting>(
    context: &Context,
    args: &ImportArgs,
    file: &ClassifierFile,
    weights: Weights,
) -> anyhow::Result<(RunDir, usize)> {
    let model = mnist::ModelSettings {
        cell: file.cell,
        nonlinearity: file.nonlinearity,
        input_size: file.input_size,
        hidden_size: file.hidden_size,
        proj_size: file.proj_size,
        num_layers: file.num_layers,
        bias: file.bias,
        bidirectional: file.bidirectional,
        dropout: 0.0,
        num_classes: file.num_classes,
    };
    let config = model
        .config::<C>(Recipe::Notebook)
        .with_context(|| args.model.display().to_string())?;
    weights.check_size(config.rnn.num_params())?;
    let loaded = weights.load_into(config.init(&context.device))?;
    let settings = mnist::Settings {
        imported: Some(weights.imported),
        ..mnist::Settings::new(context, "mnist", model)
    };
    let run = run::create(args.run.as_deref(), "mnist", &settings)?;
    run.save_model(&loaded)?;
    Ok((run, loaded.num_params()))
}

fn a_tagger(
    context: &Context,
    args: &ImportArgs,
    file: TaggerFile,
    weights: Weights,
) -> anyhow::Result<(RunDir, usize)> {
    let vocab = |symbols| {
        read_symbols(symbols, &args.model).with_context(|| args.model.display().to_string())
    };
    let mut words = vocab(file.words)?;
    if let Some(unk) = &file.unk {
        words = words.with_unk(unk).map_err(|_| {
            anyhow::anyhow!("{}: unk: {unk:?} is not among words", args.model.display())
        })?;
    }
    let tags = vocab(file.tags)?;
    let model = tagger::ModelSettings {
        vocab_size: words.len(),
        embedding_size: file.embedding_size,
        hidden_size: file.hidden_size,
        proj_size: file.proj_size,
        num_layers: file.num_layers,
        bias: file.bias,
        bidirectional: file.bidirectional,
        dropout: 0.0,
        num_tags: tags.len(),
    };
    let config = model
        .config(RecurrentInit::Uniform)
        .with_context(|| args.model.display().to_string())?;
    weights.check_size(config.rnn.num_params())?;
    let loaded = weights.load_into(config.init(&context.device))?;
    let settings = tagger::Settings {
        imported: Some(weights.imported),
        ..tagger::Settings::new(context, "tagger", model)
    };
    let run = run::create(args.run.as_deref(), "tagger", &settings)?;
    run.write_vocab(&words)?;
    run.write_tags(&tags)?;
    run.save_model(&loaded)?;
    Ok((run, loaded.num_params()))
}

fn read_symbols(symbols: Symbols, config: &Path) -> anyhow::Result<Vocab> {
    match symbols {
        Symbols::File(path) => {
            let folder = config.parent().unwrap_or(Path::new(""));
            Ok(Vocab::read(folder.join(path))?)
        }
        Symbols::List(list) => {
            let vocab = Vocab::in_order(&list);
            ensure!(
                vocab.len() == list.len() && !list.is_empty(),
                "expected symbols that all differ, at least one, found {} of which {} differ",
                list.len(),
                vocab.len()
            );
            Ok(vocab)
        }
    }
}
