//! Times a training step, a forward pass or a generated character, from given weights and data, so
//! that another program can be timed at the same work.

mod args;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use burn::data::dataloader::batcher::Batcher;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_data::{CharBatch, ImageBatch, TaggedBatcher, TaggedItem};
use rnn_model::{
    Adam, CharRnnConfig, ClassifierConfig, GruConfig, LstmConfig, LstmTagger, LstmTaggerConfig,
    RecurrentModuleConfig, RnnConfig, StateDict, multinomial, temperature_weights,
};
use rnn_train::{BatchLoss, Objective};

use crate::context::Context;
use crate::ui::Output;

pub use args::{BenchArgs, Workload};

/// The learning rate of Adam.
const LEARNING_RATE: f64 = 1e-3;

pub fn run(
    context: &Context,
    threads: usize,
    args: &BenchArgs,
    out: &mut Output,
) -> anyhow::Result<()> {
    let name = args.workload.name();
    let path = args.inputs.join(format!("{name}.safetensors"));
    let inputs = Inputs {
        tensors: StateDict::read(&path)?,
        path,
        context,
        iters: args.iters,
    };
    use Workload as W;
    let run = match args.workload {
        W::MnistRnnTrain => inputs.train_images(RnnConfig::new(28, 128).with_num_layers(2)),
        W::MnistLstmTrain => inputs.train_images(LstmConfig::new(28, 128).with_num_layers(2)),
        W::MnistGruTrain => inputs.train_images(GruConfig::new(28, 128).with_num_layers(2)),
        W::MnistRnnInfer => inputs.infer_images(RnnConfig::new(28, 128).with_num_layers(2)),
        W::MnistLstmInfer => inputs.infer_images(LstmConfig::new(28, 128).with_num_layers(2)),
        W::MnistGruInfer => inputs.infer_images(GruConfig::new(28, 128).with_num_layers(2)),
        W::CharlmTrain => inputs.train_characters(),
        W::CharlmRead => inputs.read_characters(),
        W::CharlmGenerate => inputs.generate(),
        W::TaggerTrain => inputs.train_tagger(),
        W::HihelloTrain => inputs.train_hihello(),
    }?;
    let mut sorted = run.milliseconds.clone();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() as f64 * share) as usize).min(sorted.len() - 1)];
    out.row(&serde_json::json!({
        "impl": format!("rnn-{}-{}", env!("CARGO_PKG_VERSION"), context.device_name),
        "workload": name,
        "iters": args.iters,
        "median_ms": at(0.5),
        "min_ms": sorted[0],
        "p90_ms": at(0.9),
        "step_memory_mb": run.memory_mb,
        "check": run.check,
        "threads": threads,
        "device": context.device_name,
    }))
}

/// The weights and the batch of a workload.
struct Inputs<'a> {
    tensors: StateDict,
    path: PathBuf,
    context: &'a Context,
    iters: usize,
}

/// The measurements of a workload.
struct Run {
    /// Of each measured iteration.
    milliseconds: Vec<f64>,
    memory_mb: f64,
    check: Option<f64>,
}

impl Inputs<'_> {
    fn data(&self, name: &str) -> anyhow::Result<&TensorData> {
        let data = self.tensors.get(name);
        data.with_context(|| format!("{}: no tensor {name}", self.path.display()))
    }

    fn float<const D: usize>(&self, name: &str) -> anyhow::Result<Tensor<D>> {
        let data = self.data(name)?;
        self.check_rank(name, data, D)?;
        Ok(Tensor::from_data(data.clone(), &self.context.device))
    }

    fn int<const D: usize>(&self, name: &str) -> anyhow::Result<Tensor<D, Int>> {
        let data = self.data(name)?;
        self.check_rank(name, data, D)?;
        Ok(Tensor::from_data(data.clone(), &self.context.device))
    }

    fn check_rank(&self, name: &str, data: &TensorData, rank: usize) -> anyhow::Result<()> {
        ensure!(
            data.shape().len() == rank,
            "{}: expected {name} with {rank} axes, found {:?}",
            self.path.display(),
            data.shape().to_vec()
        );
        Ok(())
    }

    /// Loads the file's weights into `model`.
    fn load<M: Module>(&self, model: M) -> anyhow::Result<M> {
        let mut weights = self.tensors.clone();
        for batch in ["x", "y", "lengths"] {
            weights.remove(batch);
        }
        let loaded = weights.load_into(model);
        loaded.with_context(|| self.path.display().to_string())
    }

    fn train_images(&self, rnn: impl RecurrentModuleConfig) -> anyhow::Result<Run> {
        let device = self.context.device.clone().autodiff();
        let model = self.load(ClassifierConfig::new(rnn, 10).init(&device))?;
        let (images, labels) = (self.float::<3>("x")?, self.int::<1>("y")?);
        self.train(model, || ImageBatch {
            images: images.clone().autodiff(),
            labels: labels.clone().autodiff(),
        })
    }

    fn infer_images(&self, rnn: impl RecurrentModuleConfig) -> anyhow::Result<Run> {
        let model = ClassifierConfig::new(rnn, 10).init(&self.context.device);
        let model = self.load(model)?;
        let images = self.float::<3>("x")?;
        self.infer(|| model.forward(images.clone()))
    }

    fn read_characters(&self) -> anyhow::Result<Run> {
        let model = self.character_model(&self.context.device)?;
        let characters = self.int::<2>("x")?;
        self.infer(|| model.forward(characters.clone(), None).0)
    }

    /// Times forward passes; the check is the sum of the outputs' absolute values.
    fn infer<const D: usize>(&self, forward: impl Fn() -> Tensor<D>) -> anyhow::Result<Run> {
        let mut last = None;
        let mut run = self.measure(|| {
            let output = forward();
            self.context.device.sync()?;
            last = Some(output);
            Ok(())
        })?;
        run.check = match last {
            Some(output) => Some(output.abs().sum().try_into_scalar()?),
            None => None,
        };
        Ok(run)
    }

    fn train_hihello(&self) -> anyhow::Result<Run> {
        let device = self.context.device.clone().autodiff();
        let model = self.load(CharRnnConfig::new(5, 3, 5).init(&device))?;
        let (input, targets) = (self.float::<3>("x")?, self.int::<1>("y")?);
        let [rows, time, _] = input.dims();
        self.train(model, || CharBatch {
            input: input.clone().autodiff(),
            lengths: vec![time; rows],
            targets: targets.clone().autodiff(),
            starts: vec![false; rows],
        })
    }

    fn train_tagger(&self) -> anyhow::Result<Run> {
        let device = self.context.device.clone().autodiff();
        let lstm = LstmConfig::new(100, 128).with_bidirectional(true);
        let config = LstmTaggerConfig::over(lstm, 10_000, 17);
        let model = self.load(config.init(&device))?;
        let ids = |name: &str| -> anyhow::Result<Vec<usize>> {
            Ok(self
                .data(name)?
                .iter::<i64>()
                .map(|id| id as usize)
                .collect())
        };
        let (words, tags, lengths) = (ids("x")?, ids("y")?, ids("lengths")?);
        let time = words.len() / lengths.len().max(1);
        let rows = lengths.iter().enumerate().map(|(row, &length)| {
            let of = |all: &[usize]| all[row * time..][..length.min(time)].to_vec();
            TaggedItem {
                sentence: of(&words).into(),
                tags: of(&tags),
            }
        });
        let items: Vec<TaggedItem> = rows.collect();
        let batch = TaggedBatcher.batch(items, &device);
        self.train(model, || batch.clone())
    }

    /// The language model: a tagger whose tag for each character is the next character.
    fn character_model(&self, device: &Device) -> anyhow::Result<LstmTagger> {
        let lstm = LstmConfig::new(128, 512).with_num_layers(2);
        let config = LstmTaggerConfig::over(lstm, 65, 65);
        self.load(config.init(device))
    }

    fn train_characters(&self) -> anyhow::Result<Run> {
        let model = self.character_model(&self.context.device.clone().autodiff())?;
        let (x, y) = (
            self.int::<2>("x")?.autodiff(),
            self.int::<2>("y")?.autodiff(),
        );
        self.train_by(model, |model| {
            let (logits, _) = model.forward(x.clone(), None);
            BatchLoss::cross_entropy(logits.flatten(0, 1), y.clone().flatten(0, 1))
        })
    }

    fn generate(&self) -> anyhow::Result<Run> {
        let device = &self.context.device;
        let model = self.character_model(device)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.context.seed);
        let (mut token, mut state) = (0, None);
        self.measure(|| {
            let input = Tensor::from_data(TensorData::new(vec![token], [1, 1]), device);
            let (logits, next) = model.forward(input, state.take());
            state = Some(next);
            let scores: Vec<f32> = logits.try_into_data()?.iter().collect();
            let weights = temperature_weights(&scores, 0.85)?;
            token = multinomial(&weights, 1, &mut rng)?[0] as i64;
            Ok(())
        })
    }

    fn train<M: Objective>(&self, model: M, batch: impl Fn() -> M::Batch) -> anyhow::Result<Run> {
        self.train_by(model, |model| model.score(batch(), None).0)
    }

    /// Times optimiser steps on the same batch; the check is the last loss.
    fn train_by<M: Module>(
        &self,
        model: M,
        score: impl Fn(&M) -> BatchLoss,
    ) -> anyhow::Result<Run> {
        let mut adam = Adam::default().init();
        let mut model = Some(model);
        let mut last = None;
        let mut run = self.measure(|| {
            let Some(before) = model.take() else {
                unreachable!("put back below")
            };
            let loss = score(&before).loss;
            let grads = GradientsParams::from_grads(loss.backward(), &before);
            model = Some(adam.step(LEARNING_RATE, before, grads));
            last = Some(loss.try_into_scalar()?);
            Ok(())
        })?;
        run.check = last;
        Ok(run)
    }

    /// Times `iteration` after a warm-up.
    fn measure(&self, mut iteration: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Run> {
        let before = peak_memory_mb();
        for _ in 0..(self.iters / 10).max(5) {
            iteration()?;
        }
        let mut milliseconds = Vec::with_capacity(self.iters);
        for _ in 0..self.iters {
            let start = Instant::now();
            iteration()?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        Ok(Run {
            milliseconds,
            memory_mb: peak_memory_mb() - before,
            check: None,
        })
    }
}

/// The peak resident memory of this process in MB; 0 where the system does not report it.
fn peak_memory_mb() -> f64 {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.map_or(0.0, |kilobytes: f64| kilobytes / 1024.0)
}
